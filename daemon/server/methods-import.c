/* SPDX-License-Identifier: Apache-2.0 */
/* Methods that ask AWS directly, and make no job. */
#include <errno.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/jobs/query.h"
#include "daemon/jobs/restart.h"
#include "daemon/server/methods.h"

#define ELEMENT_SIZE 64U /* bytes, besides its text */

/* A call that waits for its query or its restart. */
typedef struct Asking {
    Call *call;
    const char *member; /* of the reply */
    Elements elements;  /* of a list, as far as it is there */
    ReplyList list;
    bool listed; /* all of it is there */
    Query *query;
    Restart *restart;
    int error; /* negative errno: there will be no reply */
} Asking;

static void asking_free(void *state)
{
    Asking *asking = state;

    elements_clear(&asking->elements);
    query_free(asking->query);
    restart_free(asking->restart);
    free(asking);
}

static int take_listed(json_object *item, void *userdata)
{
    Asking *asking = userdata;
    size_t size;
    const char *text = json_text(item, &size);
    int r = text ? call_charge(asking->call, ELEMENT_SIZE + size) : -ENOMEM;

    return r < 0 ? r : elements_add(&asking->elements, text);
}

/* The query is freed with its call: it may be at it still. */
static void on_listed(json_object *none, const CallError *error, void *userdata)
{
    Asking *asking = userdata;
    Call *call = asking->call;

    (void)none; /* taken */
    if (error)
        asking->error = methods_reply_failure(call, error);
    asking->listed = !error;
    call_wake(call);
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
    Asking *asking = call->state;
    int r;

    *ret = CALL_WAITS;
    if (asking->error < 0 || !asking->listed)
        return asking->error;
    r = call_list_elements(call, &asking->list, &asking->elements);
    *ret = r > 0 ? CALL_DONE : CALL_GOES_ON;
    return r > 0 ? call_list_end(call, &asking->list, false) : r;
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

/* 1: *ret waits for the target's answer; 0: there is no such target, which is the reply. */
static int asking_new(Call *call, const char *member, const Target **ret_target, Asking **ret)
{
    const char *name = call->parameters.target;
    const Target *target = target_set_find(call->service->targets, name);
    Asking *asking;

    if (!target)
        return methods_reply_target_not_found(call, name);
    asking = malloc(sizeof(*asking));
    if (!asking)
        return -ENOMEM;
    *asking = (Asking){.call = call, .member = member, .list = {.member = member}};
    call->state = asking;
    call->free_state = asking_free;
    *ret_target = target;
    *ret = asking;
    return 1;
}

static int ask(Call *call, QueryKind kind)
{
    const Parameters *parameters = &call->parameters;
    const char *member = reply_member(import_operations(parameters->service), kind);
    const Target *target;
    Asking *asking;
    int r = asking_new(call, member, &target, &asking);

    if (r <= 0)
        return r;
    return query_new(&(QueryRequest){.kind = kind,
                                     .target = target,
                                     .service = parameters->service,
                                     .import_id = parameters->import_id,
                                     .destination = parameters->destination,
                                     .status = parameters->status,
                                     .is_wanted = is_wanted,
                                     .take = take_listed},
                     kind == QUERY_IMPORT ? on_answer : on_listed, asking, &asking->query);
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

static int restart_import(Call *call)
{
    const Parameters *parameters = &call->parameters;
    const char *member = import_operations(parameters->service)->shown_as;
    const Target *target;
    Asking *asking;
    int r = asking_new(call, member, &target, &asking);

    if (r <= 0)
        return r;
    return restart_new(&(RestartRequest){.target = target,
                                         .service = parameters->service,
                                         .import_id = parameters->import_id,
                                         .reason = parameters->reason,
                                         .requester = call->caller->peer.process},
                       on_answer, asking, &asking->restart);
}

static const ParameterSpec import_parameters[] = {
    {"importId", parameter_read_import_id, .required = true},
    {"target", parameter_read_target},
    {"service", parameter_read_service},
    {0}};
/* Without a service: it is cloudtrail. */
static const ParameterSpec restart_parameters[] = {
    {"importId", parameter_read_import_id, .required = true},
    {"target", parameter_read_target},
    {"reason", parameter_read_reason},
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
    {TRAILSTOP_INTERFACE ".Restart", restart_parameters, restart_import, ask_pump,
     .operators_only = true, .acts = true},
    {0}};
