/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/base/text-set.h"
#include "daemon/server/methods.h"

#define PAGE_SIZE 8 /* jobs read from the store at a time */

typedef struct Watch Watch;

typedef struct WatchedJob {
    Follower follower; /* first, see job_has_news() */
    Watch *watch;
    TAILQ_ENTRY(WatchedJob) news_entry;
    uint64_t change; /* sent last */
    char id[JOB_ID_SIZE];
    bool has_news; /* it is among the news */
    bool final;    /* and its end has been sent */
} WatchedJob;

struct Watch {
    Call *call;
    WatchKind kind;
    TAILQ_HEAD(NewsList, WatchedJob) news;
    size_t n_jobs;
    size_t n_checked; /* they exist, and are followed where they run */
    size_t n_left;    /* not final, as far as has been sent */
    TextSet *seen;    /* ids, until all are checked; NULL: there are no others */
    bool all;         /* every job: */
    Follower follower;
    uint64_t change; /* sent last */
    WatchedJob jobs[];
};

static void watch_free(void *state)
{
    Watch *watch = state;

    for (size_t i = 0; i < watch->n_jobs; i++)
        follower_remove(&watch->jobs[i].follower);
    follower_remove(&watch->follower);
    text_set_free(watch->seen);
    free(watch);
}

static int watch_new(Call *call, WatchKind kind, size_t n_jobs, Watch **ret)
{
    size_t size = sizeof(Watch) + n_jobs * sizeof(WatchedJob);
    Watch *watch = calloc(1, size);

    if (!watch)
        return -ENOMEM;
    watch->call = call;
    watch->kind = kind;
    TAILQ_INIT(&watch->news);
    call->state = watch;
    call->free_state = watch_free;
    call_hold(call, size);
    *ret = watch;
    return 0;
}

static void watch_add_news(WatchedJob *watched)
{
    if (!watched->has_news)
        TAILQ_INSERT_TAIL(&watched->watch->news, watched, news_entry);
    watched->has_news = true;
}

static void job_has_news(Follower *follower)
{
    WatchedJob *watched = (WatchedJob *)follower;

    watch_add_news(watched);
    call_wake(watched->watch->call);
}

static int watch_add(Watch *watch, const char *id)
{
    WatchedJob *watched = &watch->jobs[watch->n_jobs];

    if (strlen(id) >= sizeof(watched->id))
        return -ENOENT;
    strcpy(watched->id, id);
    watched->watch = watch;
    watched->follower.news = job_has_news;
    watch->n_jobs++;
    watch->n_left++;
    return 0;
}

int watch_start_job(Call *call, WatchKind kind, const char *id)
{
    Watch *watch;
    int r = watch_new(call, kind, 1, &watch);

    return r < 0 ? r : watch_add(watch, id);
}

int watch_start_jobs(Call *call, json_object *ids, const char **ret_id)
{
    size_t n = json_object_array_length(ids);
    Watch *watch;
    int r = watch_new(call, WATCH_JOBS, n, &watch);

    if (r >= 0)
        r = text_set_new(&watch->seen);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        *ret_id = json_object_get_string(json_object_array_get_idx(ids, i));
        r = watch_add(watch, *ret_id);
    }
    return r;
}

static void any_has_news(Follower *follower)
{
    call_wake(((Watch *)((char *)follower - offsetof(Watch, follower)))->call);
}

int watch_start_all(Call *call)
{
    Watch *watch;
    int r = watch_new(call, WATCH_JOBS, 0, &watch);

    if (r < 0)
        return r;
    watch->all = true;
    watch->follower.news = any_has_news;
    registry_follow_all(call->service->registry, &watch->follower);
    return 0;
}

/* The error that stands for how a job ended, other than as it was asked for. */
static const char *error_of_end(JobKind kind, JobState state, const char *code)
{
    static const char no_error[] = TRAILSTOP_INTERFACE ".";
    static const char *const names[][N_JOB_KINDS] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, status, said, sentence, wait_error, \
                        ...)                                                                       \
    {[JOB_STOP] = TRAILSTOP_INTERFACE "." error, [JOB_WAIT] = TRAILSTOP_INTERFACE "." wait_error},
#include "common/job-states.def"
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_JOB_STATES - N_ACTIVE_JOB_STATES,
                   "an error for each end");
    const char *name = names[state - N_ACTIVE_JOB_STATES][kind];

    return strcmp(name, no_error) == 0 ? methods_failure_name(code) : name;
}

static int send_end(Call *call, const JobText *job)
{
    const char *error;

    if (job_ended_well(job->kind, job->state))
        return call_send_job(call, job->text, NULL, NULL, false);
    error = error_of_end(job->kind, job->state, job->code ? job->code : "");
    return call_send_job(call, job->text, job->cause, error, false);
}

/* Follows the job where it runs, and makes sure that it exists. */
static int watch_follow(Watch *watch, WatchedJob *watched)
{
    Registry *registry = watch->call->service->registry;
    const JobText *job;
    int r = 0;

    if (!registry_follow(registry, watched->id, &watched->follower))
        r = registry_show(registry, watched->id, &job);
    if (r == -ENOENT)
        strcpy(watch->call->job_id, watched->id);
    return r;
}

/* The next one in line, unless it was named before. */
static int watch_check(Watch *watch)
{
    WatchedJob *watched = &watch->jobs[watch->n_checked];
    int r = watch->seen ? text_set_add(watch->seen, watched->id) : 1;

    watched->final = r == 0;
    watch->n_left -= watched->final;
    if (r > 0 && (r = watch_follow(watch, watched)) >= 0)
        watch_add_news(watched);
    if (r < 0)
        return r;
    watch->n_checked++;
    if (watch->n_checked == watch->n_jobs)
        text_set_free(TAKE(watch->seen));
    caller_spend(watch->call->caller, 1);
    return 0;
}

static int watch_send(Watch *watch, WatchedJob *watched, const JobText *job)
{
    Call *call = watch->call;

    watched->change = job->change;
    watched->final = job_state_is_final(job->state) || watch->kind == WATCH_ONCE;
    assert(watch->n_left > 0);
    watch->n_left -= watched->final;
    if (watch->n_left == 0 && watch->kind == WATCH_END)
        return send_end(call, job);
    return call_send_job(call, job->text, NULL, NULL, watch->n_left > 0);
}

/* Sends the oldest news, where there is a state on disk that was not sent before. */
static int watch_send_news(Watch *watch)
{
    WatchedJob *watched = TAILQ_FIRST(&watch->news);
    const JobText *job;
    int r;

    TAILQ_REMOVE(&watch->news, watched, news_entry);
    watched->has_news = false;
    caller_spend(watch->call->caller, 1);
    if (watched->final)
        return 0;
    r = registry_show(watch->call->service->registry, watched->id, &job);
    if (r == -ENOENT)
        strcpy(watch->call->job_id, watched->id);
    if (r <= 0) /* 0: there will be news of it when it is on disk */
        return r;
    return job->change == watched->change ? 0 : watch_send(watch, watched, job);
}

static int watch_pump_jobs(Watch *watch, CallProgress *ret)
{
    Call *call = watch->call;
    int r = 0;

    while (r >= 0 && watch->n_checked < watch->n_jobs && call_may_go_on(call))
        r = watch_check(watch);
    while (r >= 0 && watch->n_checked == watch->n_jobs && !TAILQ_EMPTY(&watch->news) &&
           call_may_go_on(call))
        r = watch_send_news(watch);
    if (watch->n_left == 0)
        *ret = CALL_DONE;
    else if (watch->n_checked < watch->n_jobs || !TAILQ_EMPTY(&watch->news))
        *ret = CALL_GOES_ON;
    else
        *ret = CALL_WAITS;
    return r;
}

static int send_stored(JobRecord *record, void *userdata)
{
    Watch *watch = userdata;
    CLEANUP(freep) char *text = NULL;
    int r = registry_describe(watch->call->service->registry, record, &text);

    if (r >= 0)
        r = call_send_job(watch->call, text, NULL, NULL, true);
    watch->change = record->change;
    caller_spend(watch->call->caller, 1);
    job_record_clear(record);
    return r;
}

/* Sends some of what changed since, from the store where it is not at hand any more. */
static int watch_send_changes(Watch *watch)
{
    const Service *service = watch->call->service;
    uint64_t before = watch->change;
    const JobText *job;
    int r = 0;

    if (registry_show_changes(service->registry, watch->change, &job))
        for (; r >= 0 && job && call_may_go_on(watch->call); job = TAILQ_NEXT(job, entry)) {
            r = call_send_job(watch->call, job->text, NULL, NULL, true);
            watch->change = job->change;
            caller_spend(watch->call->caller, 1);
        }
    else
        r = store_each_changed(service->store, watch->change, PAGE_SIZE, send_stored, watch);
    if (watch->change == before) /* the rest came to nothing: it could not be saved */
        watch->change = registry_last_change(service->registry);
    return r;
}

static int watch_pump_all(Watch *watch, CallProgress *ret)
{
    const Registry *registry = watch->call->service->registry;
    int r = 0;

    while (r >= 0 && watch->change < registry_last_change(registry) && call_may_go_on(watch->call))
        r = watch_send_changes(watch);
    *ret = watch->change < registry_last_change(registry) ? CALL_GOES_ON : CALL_WAITS;
    return r;
}

int watch_pump(Call *call, CallProgress *ret)
{
    Watch *watch = call->state;

    return watch->all ? watch_pump_all(watch, ret) : watch_pump_jobs(watch, ret);
}
