/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/restart.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/string.h"
#include "daemon/aws/import-operations.h"
#include "daemon/jobs/job-journal.h"

#define STARTS_MAX 2U

struct Restart {
    const ImportOperations *operations;
    ImportService service;
    AwsClient *client; /* both are of the target, which may be gone before the answer */
    Outage *outage;
    char *target, *import_id, *reason;
    Requester requester;
    RestartDone done;
    void *userdata;
    AwsCall *call;     /* under way */
    unsigned n_starts; /* calls of StartImport */
    bool sent;         /* an attempt of StartImport, so that it may have had its effect */
    CallError error;   /* of the last StartImport */
};

static int restart_start(Restart *restart);

static void log_restarted(const Restart *restart, json_object *import)
{
    const char *status = import_status_name(restart->operations, import);
    JournalEntry entry;

    journal_begin(&entry, EVENT_IMPORT_RESTARTED);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", restart->target);
    journal_add(&entry, "TRAILSTOP_SERVICE", "%s", import_service_name(restart->service));
    journal_add(&entry, "TRAILSTOP_IMPORT_ID", "%s", restart->import_id);
    if (status)
        journal_add(&entry, "TRAILSTOP_IMPORT_STATUS", "%s", status);
    job_journal_add_requester(&entry, &restart->requester, restart->reason);
    journal_send(&entry, "Import %s of target %s was restarted, for uid %u%s%s", restart->import_id,
                 restart->target, restart->requester.uid, restart->reason ? ": " : "",
                 restart->reason ? restart->reason : "");
}

static void restart_fail(Restart *restart, const CallError *error)
{
    restart->done(NULL, error->code ? error : &call_error_no_memory, restart->userdata);
}

static void restart_succeed(Restart *restart, json_object *import)
{
    log_restarted(restart, import);
    if (import_set_id(restart->operations, import, restart->import_id) < 0)
        restart_fail(restart, &call_error_no_memory);
    else
        restart->done(import, NULL, restart->userdata);
}

/* An answer is a sign of life of the target, whatever it was about. */
static void restart_end_call(Restart *restart, const AwsResult *result)
{
    restart->call = NULL;
    if (result->outcome != AWS_UNAVAILABLE)
        outage_end(restart->outage);
}

static void on_looked(const AwsResult *result, void *userdata)
{
    Restart *restart = userdata;
    ImportStatus status = IMPORT_STATUS_UNKNOWN;

    restart_end_call(restart, result);
    if (result->outcome == AWS_OK)
        status = import_status(restart->operations, result->body);
    if (status == IMPORT_STATUS_INITIALIZING || status == IMPORT_STATUS_IN_PROGRESS)
        restart_succeed(restart, result->body);
    else if ((status != IMPORT_STATUS_STOPPED && status != IMPORT_STATUS_FAILED) ||
             restart->n_starts == STARTS_MAX)
        restart_fail(restart, &restart->error);
    else if (restart_start(restart) < 0)
        restart_fail(restart, &call_error_no_memory);
}

static int restart_look(Restart *restart)
{
    static const AwsCallHooks hooks = {.of_client = true, .done = on_looked};
    const AwsCaller caller = {.hooks = &hooks, .userdata = restart};

    return import_call_get(restart->client, restart->operations, restart->import_id, &caller,
                           &restart->call);
}

static void start_attempt(unsigned number, void *userdata)
{
    Restart *restart = userdata;

    (void)number;
    restart->sent = true;
}

/* The first StartImport's "no" is the answer. The second one's may come of the first, whose effect
 * was not seen yet. */
static void on_started(const AwsResult *result, void *userdata)
{
    Restart *restart = userdata;
    bool settled = result->outcome == AWS_REFUSED && restart->n_starts == 1;

    restart_end_call(restart, result);
    if (result->outcome == AWS_OK)
        restart_succeed(restart, result->body);
    else if (settled || !restart->sent)
        restart_fail(restart, result->error);
    else if (call_error_copy(&restart->error, result->error) < 0 || restart_look(restart) < 0)
        restart_fail(restart, &call_error_no_memory);
}

static int restart_start(Restart *restart)
{
    static const AwsCallHooks hooks = {
        .attempt = start_attempt, .of_client = true, .done = on_started};
    const AwsCaller caller = {.hooks = &hooks, .userdata = restart};

    assert(!restart->call && restart->n_starts < STARTS_MAX);
    restart->n_starts++;
    return import_call_start(restart->client, restart->operations, restart->import_id, &caller,
                             &restart->call);
}

int restart_new(const RestartRequest *request, RestartDone done, void *userdata, Restart **ret)
{
    CLEANUP(restart_freep) Restart *restart = malloc(sizeof(*restart));
    int r;

    if (!restart)
        return -ENOMEM;
    *restart = (Restart){
        .operations = import_operations(request->service),
        .service = request->service,
        .client = aws_client_ref(request->target->clients[request->service]),
        .outage = outage_ref(request->target->outage),
        .requester = request->requester,
        .done = done,
        .userdata = userdata,
    };
    if ((r = string_copy(request->target->name, &restart->target)) < 0 ||
        (r = string_copy(request->import_id, &restart->import_id)) < 0 ||
        (r = string_copy(request->reason, &restart->reason)) < 0 ||
        (r = restart_start(restart)) < 0)
        return r;
    *ret = TAKE(restart);
    return 0;
}

void restart_free(Restart *restart)
{
    if (!restart)
        return;
    aws_call_cancel(restart->call);
    aws_client_unref(restart->client);
    outage_unref(restart->outage);
    call_error_clear(&restart->error);
    free(restart->target);
    free(restart->import_id);
    free(restart->reason);
    free(restart);
}
