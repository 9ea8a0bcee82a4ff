/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/server/methods.h"

#define PAGE_SIZE 64 /* jobs read from the store at a time */

typedef struct WatchedJob {
    char id[JOB_ID_SIZE];
    uint64_t change; /* sent last */
    bool final;      /* and that was its end */
} WatchedJob;

typedef struct Watch {
    bool stop;       /* the call is Stop, not Watch */
    bool all;        /* every job, for ever */
    uint64_t change; /* with all: sent last */
    size_t n_jobs, n_left;
    WatchedJob jobs[];
} Watch;

static int watch_new(Call *call, size_t n_jobs, Watch **ret)
{
    Watch *watch = calloc(1, sizeof(*watch) + n_jobs * sizeof(watch->jobs[0]));

    if (!watch)
        return -ENOMEM;
    call->state = watch;
    call->free_state = free;
    *ret = watch;
    return 0;
}

static void watch_add(Watch *watch, const char *id)
{
    strcpy(watch->jobs[watch->n_jobs].id, id);
    watch->n_jobs++;
    watch->n_left++;
}

int watch_start_stop(Call *call, const char *id)
{
    Watch *watch;
    int r = watch_new(call, 1, &watch);

    if (r < 0)
        return r;
    watch->stop = true;
    watch_add(watch, id);
    return 0;
}

static int check_job(Call *call, const char *id)
{
    CLEANUP(json_object_putp) json_object *job = NULL;
    JobState state;
    uint64_t change;

    return registry_get(call->service->registry, id, &job, &state, &change);
}

int watch_start(Call *call, json_object *ids, const char **ret_id)
{
    CLEANUP(json_object_putp) json_object *seen = json_object_new_object(); /* a set of ids */
    size_t n = ids ? json_object_array_length(ids) : 0;
    Watch *watch;
    int r = seen ? watch_new(call, n, &watch) : -ENOMEM;

    if (r < 0)
        return r;
    watch->all = !ids;
    for (size_t i = 0; i < n; i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));

        if (json_object_object_get_ex(seen, id, NULL))
            continue;
        r = check_job(call, id);
        if (r >= 0)
            r = json_add_bool(seen, id, true);
        if (r < 0) {
            *ret_id = id;
            return r;
        }
        watch_add(watch, id);
    }
    return 0;
}

/* The error that stands for how a job ended, other than as stopped. */
static const char *error_of_end(JobState state, const char *code)
{
    static const char no_error[] = TRAILSTOP_INTERFACE ".";
    static const char *const names[] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, ...) TRAILSTOP_INTERFACE "." error,
#include "common/job-states.def"
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_JOB_STATES - N_ACTIVE_JOB_STATES,
                   "an error for each end");
    const char *name = names[state - N_ACTIVE_JOB_STATES];

    return strcmp(name, no_error) == 0 ? methods_failure_name(code) : name;
}

/* The last reply of Stop; takes the job. */
static int reply_end(Call *call, JobState state, json_object *job)
{
    json_object *error = NULL, *parameters = methods_object("job", job);
    const char *code = "";

    if (state == JOB_STOPPED)
        return call_reply(call, parameters);
    if (parameters && state == JOB_REFUSED && json_get_object(job, "lastError", &error) > 0) {
        (void)json_get_string(error, "code", &code);
        if (json_add(parameters, "cause", json_object_get(error)) < 0) {
            json_object_put(parameters);
            return -ENOMEM;
        }
    }
    return call_reply_error(call, error_of_end(state, code), parameters);
}

/* Sends the job's state where it changed since the last time. */
static int pump_one(Call *call, Watch *watch, WatchedJob *watched)
{
    uint64_t change = 0;
    json_object *job;
    JobState state;
    int r;

    if (watched->final || !registry_has_news(call->service->registry, watched->id, watched->change))
        return 0;
    r = registry_get(call->service->registry, watched->id, &job, &state, &change);
    if (r == -ENOENT)
        strcpy(call->job_id, watched->id);
    if (r <= 0)
        return r;
    watched->change = change;
    watched->final = job_state_is_final(state);
    watch->n_left -= watched->final;
    if (watch->n_left > 0)
        return call_reply_continues(call, methods_object("job", job));
    return watch->stop ? reply_end(call, state, job) : call_reply(call, methods_object("job", job));
}

static int send_changed(JobRecord *record, void *userdata)
{
    Call *call = userdata;
    Watch *watch = call->state;
    json_object *job;
    int r = 0;

    if (output_has_room(call->caller->output)) {
        r = registry_describe(call->service->registry, record, &job);
        if (r >= 0)
            r = call_reply_continues(call, methods_object("job", job));
        watch->change = record->change;
    }
    job_record_clear(record);
    return r;
}

static int pump_all(Call *call, Watch *watch)
{
    uint64_t before = UINT64_MAX;
    int r = 0;

    while (r >= 0 && output_has_room(call->caller->output) && watch->change != before) {
        before = watch->change;
        r = store_each_changed(call->service->store, before, PAGE_SIZE, send_changed, call);
    }
    return r;
}

int watch_pump(Call *call, CallProgress *ret)
{
    Watch *watch = call->state;
    int r = 0;

    if (watch->all) {
        r = watch->change < registry_last_change(call->service->registry) ? pump_all(call, watch)
                                                                          : 0;
        *ret = CALL_WAITS;
        return r;
    }
    for (size_t i = 0; r >= 0 && i < watch->n_jobs && output_has_room(call->caller->output); i++)
        r = pump_one(call, watch, &watch->jobs[i]);
    *ret = watch->n_left > 0 ? CALL_WAITS : CALL_DONE;
    return r;
}
