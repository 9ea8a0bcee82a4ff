/* SPDX-License-Identifier: Apache-2.0 */
/* Methods about the targets: what is known of them, and a test that asks. */
#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/jobs/target-test.h"
#include "daemon/server/methods.h"

static int list_targets_start(Call *call)
{
    return methods_list_start(call, "targets");
}

static size_t count_targets(const Service *service)
{
    return target_set_size(service->targets);
}

static const char *name_target(const Service *service, size_t i)
{
    return target_set_get(service->targets, i)->name;
}

static json_object *show_target(const Service *service, size_t i)
{
    return target_to_json(target_set_get(service->targets, i));
}

static int list_targets_pump(Call *call, CallProgress *ret)
{
    static const ListedKind targets = {count_targets, name_target, show_target};

    return methods_list_pump(call, &targets, ret);
}

/* A TestTarget that waits for its answer. */
typedef struct Testing {
    Call *call;
    TargetTest *test;
    int error; /* negative errno: the reply cannot be made */
} Testing;

static void testing_free(void *state)
{
    Testing *testing = state;

    target_test_free(testing->test);
    free(testing);
}

static int reply_identity(Call *call, const char *account, const char *arn)
{
    CLEANUP(json_object_putp) json_object *reply = json_object_new_object();

    if (!reply || json_add_string(reply, "account", account) < 0 ||
        json_add_string(reply, "arn", arn) < 0)
        return -ENOMEM;
    return call_reply(call, TAKE(reply));
}

static void on_tested(const char *account, const char *arn, const CallError *error, void *userdata)
{
    Testing *testing = userdata;
    Call *call = testing->call;

    testing->error =
        error ? methods_reply_failure(call, error) : reply_identity(call, account, arn);
    call_wake(call);
}

static int test_target(Call *call)
{
    const char *name = call->parameters.target;
    const Target *target = target_set_find(call->service->targets, name);
    Testing *testing;

    if (!target)
        return methods_reply_target_not_found(call, name);
    testing = malloc(sizeof(*testing));
    if (!testing)
        return -ENOMEM;
    *testing = (Testing){.call = call};
    call->state = testing;
    call->free_state = testing_free;
    return target_test_new(target, on_tested, testing, &testing->test);
}

static int test_target_pump(Call *call, CallProgress *ret)
{
    const Testing *testing = call->state;

    *ret = CALL_WAITS;
    return testing->error;
}

static const ParameterSpec no_parameters[] = {{0}};
static const ParameterSpec target_parameter[] = {{"target", parameter_read_target}, {0}};

const Method methods_target[] = {
    {TRAILSTOP_INTERFACE ".ListTargets", no_parameters, list_targets_start, list_targets_pump},
    {TRAILSTOP_INTERFACE ".TestTarget", target_parameter, test_target, test_target_pump},
    {0}};
