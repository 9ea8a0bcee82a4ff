/* SPDX-License-Identifier: Apache-2.0 */
/* Methods that ask CloudTrail directly, and make no job. */
#include <errno.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/jobs/query.h"
#include "daemon/server/methods.h"

/* A call that waits for its query. */
typedef struct Asking {
    Call *call;
    const char *member; /* of the reply */
    Query *query;
    int error; /* negative errno: there is no reply to be had */
} Asking;

static void asking_free(void *state)
{
    Asking *asking = state;

    query_free(asking->query);
    free(asking);
}

static void on_answer(json_object *result, const CallError *error, void *userdata)
{
    Asking *asking = userdata;
    Call *call = asking->call;

    asking->error = error
                        ? methods_reply_failure(call, error)
                        : call_reply(call, methods_object(asking->member, json_object_get(result)));
    call_wake(call);
}

static bool is_wanted(void *userdata)
{
    const Asking *asking = userdata;

    return !output_is_closed(asking->call->caller->output);
}

static int ask_pump(Call *call, CallProgress *ret)
{
    const Asking *asking = call->state;

    *ret = CALL_WAITS;
    return asking->error;
}

/* What the reply to each kind of question is called. */
static const char *reply_member(const ImportOperations *operations, QueryKind kind)
{
    switch (kind) {
    case QUERY_IMPORT:
        return operations->shown_as;
    case QUERY_IMPORTS:
        return operations->listed_as;
    case QUERY_FAILURES:
        break;
    }
    return operations->failures_as;
}

static int ask(Call *call, QueryKind kind)
{
    const Parameters *parameters = &call->parameters;
    const Target *target = target_set_find(call->service->targets, parameters->target);
    Asking *asking;

    if (!target)
        return methods_reply_target_not_found(call, parameters->target);
    asking = malloc(sizeof(*asking));
    if (!asking)
        return -ENOMEM;
    *asking = (Asking){
        .call = call,
        .member = reply_member(import_operations(parameters->service), kind),
    };
    call->state = asking;
    call->free_state = asking_free;
    return query_new(&(QueryRequest){.kind = kind,
                                     .target = target,
                                     .service = parameters->service,
                                     .import_id = parameters->import_id,
                                     .destination = parameters->destination,
                                     .status = parameters->status,
                                     .is_wanted = is_wanted},
                     on_answer, asking, &asking->query);
}

static int get_import(Call *call)
{
    return ask(call, QUERY_IMPORT);
}

static int list_imports(Call *call)
{
    return ask(call, QUERY_IMPORTS);
}

static int list_import_failures(Call *call)
{
    return ask(call, QUERY_FAILURES);
}

static const ParameterSpec import_parameters[] = {
    {"importId", parameter_read_import_id, .required = true},
    {"target", parameter_read_target},
    {"service", parameter_read_service},
    {0}};
static const ParameterSpec list_parameters[] = {{"target", parameter_read_target},
                                                {"service", parameter_read_service},
                                                {"destination", parameter_read_destination},
                                                {"status", parameter_read_status},
                                                {0}};

const Method methods_import[] = {
    {TRAILSTOP_INTERFACE ".GetImport", import_parameters, get_import, ask_pump},
    {TRAILSTOP_INTERFACE ".ListImports", list_parameters, list_imports, ask_pump},
    {TRAILSTOP_INTERFACE ".ListImportFailures", import_parameters, list_import_failures, ask_pump},
    {0}};
