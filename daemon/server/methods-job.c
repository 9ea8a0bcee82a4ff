/* SPDX-License-Identifier: Apache-2.0 */
/* Methods that make, follow and end jobs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/server/methods.h"
#include "daemon/server/stop-all.h"
#include "daemon/server/watch.h"

/* Of ListJobs; also what a page holds at most where all are asked for. */
#define LIST_LIMIT_DEFAULT 1000
#define LIST_LIMIT_MAX                                                                             \
    10000                  /* jobs of one reply, so that a client that asks for all has an end     \
                            */
#define LIST_STEP 8        /* jobs read at a time */
#define LIST_STEP_ROWS 128 /* rows looked at for them */
#define LIST_STEP_WORK 4   /* units, besides the jobs found: see caller_spend() */

static int reply_job_not_found(Call *call, const char *id)
{
    return call_reply_error(call, TRAILSTOP_INTERFACE ".JobNotFound",
                            methods_object("id", json_object_new_string(id)));
}

static int reply_not_stored(Call *call)
{
    CLEANUP(call_error_clear) CallError error = {0};

    if (call_error_set(&error, CALL_ERROR_STORE_FAILED, MESSAGE_STORE_FAILED, 0, NULL) < 0)
        return -ENOMEM;
    return methods_reply_failure(call, &error);
}

static int reply_queue_full(Call *call, unsigned limit)
{
    return call_reply_error(call, TRAILSTOP_INTERFACE ".QueueFull",
                            methods_object("limit", json_object_new_int64(limit)));
}

static int request_job(Call *call, JobKind kind)
{
    const Service *service = call->service;
    const Parameters *parameters = &call->parameters;
    JobRequest request = {
        .target = target_set_find(service->targets, parameters->target),
        .key = {.kind = kind, .service = parameters->service, .import_id = parameters->import_id},
        .reason = parameters->reason,
        .requester = call->caller->peer.process,
        .timeout_usec = methods_timeout_usec(call),
    };
    int r;

    if (kind == JOB_WAIT && !methods_is_operator(call, methods_target_name(call)))
        request.max_waits = service->config->max_clients_per_user;
    if (!request.target)
        return methods_reply_target_not_found(call, parameters->target);
    r = registry_request(service->registry, &request, call->job_id);
    if (r == -EDQUOT)
        return reply_queue_full(call, service->config->max_jobs);
    if (r == -EUSERS)
        return reply_queue_full(call, request.max_waits);
    if (r < 0)
        return r;
    return watch_start_job(call, call->more ? WATCH_END : WATCH_ONCE, call->job_id);
}

static int stop_start(Call *call)
{
    return request_job(call, JOB_STOP);
}

static int wait_start(Call *call)
{
    return request_job(call, JOB_WAIT);
}

static int request_pump(Call *call, CallProgress *ret)
{
    int r = watch_pump(call, ret);

    if (r != -ENOENT)
        return r;
    *ret = CALL_DONE;
    return reply_not_stored(call);
}

static int watch_method_start(Call *call)
{
    json_object *ids = call->parameters.ids;
    const char *id;
    int r = ids ? watch_start_jobs(call, ids, &id) : watch_start_all(call);

    return r == -ENOENT ? reply_job_not_found(call, id) : r;
}

static int watch_method_pump(Call *call, CallProgress *ret)
{
    int r = watch_pump(call, ret);

    if (r != -ENOENT)
        return r;
    *ret = CALL_DONE;
    return reply_job_not_found(call, call->job_id);
}

/* As it is on disk, at once: what changed since may have to wait until there is room for it. */
static int get_job(Call *call)
{
    const Service *service = call->service;
    CLEANUP(freep) char *shown = NULL;
    JobRecord record;
    int r = store_get(service->store, call->parameters.id, &record);

    if (r == -ENOENT)
        return reply_job_not_found(call, call->parameters.id);
    if (r < 0)
        return r;
    r = registry_describe(service->registry, &record, &shown);
    job_record_clear(&record);
    return r < 0 ? r : call_send_job(call, shown, NULL, NULL, false);
}

static bool is_own_wait(const Call *call, const JobRecord *record)
{
    uid_t uid = call->caller->peer.process.uid;

    return record->kind == JOB_WAIT && record->requester.uid == uid && operators_know(uid);
}

static bool may_cancel_record(const Call *call, const JobRecord *record)
{
    return methods_is_operator(call, record->target) || is_own_wait(call, record);
}

/* Whether the caller may cancel the job: an operator of its target, or whoever asked for a wait.
 * Where there is no such job, only operators learn that. 1, 0, -EIO or -ENOMEM. */
static int may_cancel(Call *call, const Job *job)
{
    JobRecord record;
    int r;

    if (job)
        return may_cancel_record(call, &job->record);
    r = store_get(call->service->store, call->parameters.id, &record);
    caller_spend(call->caller, 1);
    if (r < 0)
        return r == -ENOENT ? operators_include_any(call->service->operators, &call->caller->peer)
                            : r;
    r = may_cancel_record(call, &record);
    job_record_clear(&record);
    return r;
}

/* A job that has ended already is left as it is, and shown. */
static int cancel_start(Call *call)
{
    const char *id = call->parameters.id;
    Job *job = registry_find(call->service->registry, id);
    int r = may_cancel(call, job);

    if (r <= 0)
        return r < 0 ? r : methods_reply_denied(call);
    if (job && !job_state_is_final(job->record.state))
        job_cancel(job, &call->caller->peer.process);
    r = watch_start_job(call, WATCH_ONCE, id);
    return r == -ENOENT ? reply_job_not_found(call, id) : r;
}

/* ListJobs under way. */
typedef struct Listing {
    Call *call;
    ReplyList list;
    size_t limit; /* jobs of one reply */
    uint64_t before;
} Listing;

static int list_jobs_start(Call *call)
{
    const Parameters *parameters = &call->parameters;
    int64_t limit = parameters->has_limit ? parameters->limit : LIST_LIMIT_DEFAULT;
    int64_t most = call->more ? LIST_LIMIT_DEFAULT : LIST_LIMIT_MAX;
    Listing *listing = malloc(sizeof(*listing));

    if (!listing)
        return -ENOMEM;
    *listing = (Listing){
        .call = call,
        .list = {.member = "jobs"},
        .limit = (size_t)(limit < most ? limit : most),
        .before = UINT64_MAX,
    };
    call->state = listing;
    call->free_state = free;
    return 0;
}

static int list_job(JobRecord *record, void *userdata)
{
    Listing *listing = userdata;
    Call *call = listing->call;
    CLEANUP(freep) char *job = NULL;
    int r = registry_describe(call->service->registry, record, &job);

    if (r >= 0)
        r = call_list(call, &listing->list, job);
    caller_spend(call->caller, 1);
    job_record_clear(record);
    return r;
}

/* Reads the next jobs; *ret_end: there are no more. */
static int list_jobs_step(Call *call, Listing *listing, bool *ret_end)
{
    const Parameters *parameters = &call->parameters;
    const StoreFilter filter = {
        .state = parameters->has_state ? &parameters->state : NULL,
        .target = parameters->target,
        .active = parameters->active,
        .service = parameters->has_service ? &parameters->service : NULL,
        .import_id = *parameters->import_id ? parameters->import_id : NULL,
        .id_prefix = parameters->id_prefix,
        .since_usec = parameters->since_usec,
    };
    size_t left = listing->limit - listing->list.n;
    StorePage page = {
        .limit = left < LIST_STEP ? left : LIST_STEP,
        .max_rows = LIST_STEP_ROWS,
        .before = listing->before,
    };
    int r = store_each(call->service->store, &filter, &page, list_job, listing);

    listing->before = page.before;
    caller_spend(call->caller, LIST_STEP_WORK);
    *ret_end = page.end;
    return r;
}

static int list_jobs_pump(Call *call, CallProgress *ret)
{
    Listing *listing = call->state;

    *ret = CALL_GOES_ON;
    while (call_may_go_on(call)) {
        bool end, full;
        int r = list_jobs_step(call, listing, &end);

        if (r < 0)
            return r;
        full = listing->list.n == listing->limit;
        if (end || (full && !call->more)) {
            *ret = CALL_DONE;
            return call_list_end(call, &listing->list, false);
        }
        if (full && (r = call_list_end(call, &listing->list, true)) < 0)
            return r;
    }
    return 0;
}

static const ParameterSpec stop_all_parameters[] = {
    {"targets", parameter_read_targets},
    {"service", parameter_read_service},
    {"destination", parameter_read_destination},
    {"olderThan", parameter_read_older_than},
    {"minFailedEntries", parameter_read_min_failed_entries},
    {"minEvents", parameter_read_min_events},
    {"minBytes", parameter_read_min_bytes},
    {"source", parameter_read_source},
    {"reason", parameter_read_reason},
    {"timeout", parameter_read_timeout},
    {"dryRun", parameter_read_dry_run},
    {0}};
static const ParameterSpec watch_parameters[] = {{"ids", parameter_read_ids}, {0}};
static const ParameterSpec id_parameter[] = {{"id", parameter_read_id, .required = true}, {0}};
static const ParameterSpec list_parameters[] = {{"state", parameter_read_state},
                                                {"active", parameter_read_active},
                                                {"target", parameter_read_target},
                                                {"importId", parameter_read_import_id},
                                                {"idPrefix", parameter_read_id_prefix},
                                                {"since", parameter_read_since},
                                                {"limit", parameter_read_limit},
                                                {"service", parameter_read_service},
                                                {0}};

const Method methods_job[] = {
    {TRAILSTOP_INTERFACE ".Stop", request_parameters, stop_start, request_pump,
     .operators_only = true, .acts = true, .streams = true},
    {TRAILSTOP_INTERFACE ".Wait", request_parameters, wait_start, request_pump, .acts = true,
     .streams = true},
    {TRAILSTOP_INTERFACE ".Watch", watch_parameters, watch_method_start, watch_method_pump,
     .streams = true, .more_only = true},
    {TRAILSTOP_INTERFACE ".GetJob", id_parameter, .answer = get_job},
    {TRAILSTOP_INTERFACE ".ListJobs", list_parameters, list_jobs_start, list_jobs_pump,
     .streams = true},
    {TRAILSTOP_INTERFACE ".Cancel", id_parameter, cancel_start, watch_method_pump, .acts = true},
    {TRAILSTOP_INTERFACE ".StopAll", stop_all_parameters, stop_all_start, stop_all_pump,
     .operators_only = true, .acts = true},
    {0},
};
