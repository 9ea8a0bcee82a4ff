/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/stop-all.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/server/methods.h"
#include "daemon/server/stop-all-private.h"

#define WORK_A_TURN 32U                         /* lists begun, imports taken, jobs passed over */
#define N_MEMBERS (1U + N_IMPORT_SERVICES + 1U) /* of the reply: jobs, found imports, failures */

static void stop_all_free(void *state)
{
    StopAll *stop_all = state;

    follower_remove(&stop_all->follower);
    timer_clear(&stop_all->timer);
    for (size_t i = 0; i < stop_all->n_listings; i++)
        stop_all_listing_clear(&stop_all->listings[i]);
    free(stop_all->listings);
    text_set_free(stop_all->asked);
    text_set_free(stop_all->seen);
    free(stop_all->made);
    elements_clear(&stop_all->imports);
    target_failures_clear(&stop_all->failures);
    free(stop_all);
}

/* ---- jobs ---- */

static bool is_asked(const StopAll *stop_all, const Target *target)
{
    return text_set_has(stop_all->asked, target->name);
}

/* Of the targets asked, the one that follows the import already, as another one of its account may
 * have found it before, else the one that found it now; NULL: that is gone. */
static Target *choose_target(StopAll *stop_all, const char *found_by, const JobKey *key)
{
    const Service *service = stop_all->call->service;
    const Registry *registry = service->registry;

    for (const Job *job = registry_find_key(registry, NULL, key); job;
         job = registry_next_of_key(registry, job)) {
        if (is_asked(stop_all, job->target))
            return job->target;
        stop_all->work++;
    }
    return target_set_find(service->targets, found_by);
}

/* The place of one more; NULL: no memory. */
static MadeJob *add_made(StopAll *stop_all)
{
    if (stop_all->n_made == stop_all->made_room) {
        size_t room = stop_all->made_room > 0 ? 2 * stop_all->made_room : 16;
        MadeJob *made = realloc(stop_all->made, room * sizeof(made[0]));

        if (!made)
            return NULL;
        stop_all->made = made;
        stop_all->made_room = room;
    }
    return &stop_all->made[stop_all->n_made];
}

static int request_job(StopAll *stop_all, const char *name, const char *import_id)
{
    Call *call = stop_all->call;
    const JobKey key = {
        .kind = JOB_STOP, .service = call->parameters.service, .import_id = import_id};
    JobRequest request = {
        .target = choose_target(stop_all, name, &key),
        .key = key,
        .reason = call->parameters.reason,
        .requester = call->caller->peer.process,
        .timeout_usec = methods_timeout_usec(call),
    };
    MadeJob *made = add_made(stop_all);
    int r;

    if (!made)
        return -ENOMEM;
    if (!request.target)
        return target_failures_add_removed(&stop_all->failures, name);
    r = registry_request(call->service->registry, &request, made->id);
    if (r == -EDQUOT)
        return target_failures_leave_out(&stop_all->failures, name, import_id);
    if (r < 0)
        return r;
    made->target = name;
    stop_all->n_made++;
    return 0;
}

int stop_all_take(StopAll *stop_all, const char *target, const char *import_id, const char *import)
{
    int r = elements_add(&stop_all->imports, import);

    return r < 0 || stop_all->call->parameters.dry_run ? r
                                                       : request_job(stop_all, target, import_id);
}

/* ---- its way: lists, what they found, the reply ---- */

static void step_soon(StopAll *stop_all)
{
    if (!stop_all->timer.set)
        timer_set(&stop_all->timer, timers_boottime_usec(stop_all->timer.timers));
}

void stop_all_listed(Listing *listing)
{
    TAILQ_INSERT_TAIL(&listing->stop_all->listed, listing, entry);
    step_soon(listing->stop_all);
}

void stop_all_listing_ended(StopAll *stop_all)
{
    assert(stop_all->n_open > 0);
    stop_all->n_open--;
    call_wake(stop_all->call);
}

/* 1: something was done; 0: there is nothing to do. */
static int stop_all_step(StopAll *stop_all)
{
    Listing *listing = TAILQ_FIRST(&stop_all->listed);
    int r;

    if (stop_all->n_begun < stop_all->n_listings) {
        r = stop_all_listing_begin(&stop_all->listings[stop_all->n_begun++]);
        return r < 0 ? r : 1;
    }
    if (!listing)
        return 0;
    r = stop_all_listing_step(listing);
    if (r == 0)
        TAILQ_REMOVE(&stop_all->listed, listing, entry);
    return r < 0 ? r : 1;
}

/* Some in each turn of the loop. */
static void stop_all_work(void *userdata)
{
    StopAll *stop_all = userdata;
    int r = 1;

    for (stop_all->work = 0; r > 0 && stop_all->work < WORK_A_TURN; stop_all->work++)
        r = stop_all_step(stop_all);
    if (r > 0)
        step_soon(stop_all);
    if (r < 0) {
        stop_all->error = r;
        call_wake(stop_all->call);
    }
}

/* ---- start ---- */

static int add_target(StopAll *stop_all, const char *name)
{
    const ImportOperations *operations = import_operations(stop_all->call->parameters.service);
    int r = text_set_add(stop_all->asked, name);

    if (r <= 0) /* it was named twice */
        return r;
    for (size_t i = 0; r >= 0 && i < N_RUNNING_STATUSES; i++) {
        const char *status = operations->statuses[import_running_statuses[i]];

        if (status)
            r = stop_all_listing_init(&stop_all->listings[stop_all->n_listings++], stop_all, name,
                                      status);
    }
    return r;
}

static int add_targets(StopAll *stop_all, json_object *names)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < json_object_array_length(names); i++)
        r = add_target(stop_all, json_object_get_string(json_object_array_get_idx(names, i)));
    return r;
}

static int add_all_targets(StopAll *stop_all)
{
    const TargetSet *targets = stop_all->call->service->targets;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < target_set_size(targets); i++)
        r = add_target(stop_all, target_set_get(targets, i)->name);
    return r;
}

/* The name that stands for no target, or NULL. */
static const char *find_unknown(const TargetSet *targets, json_object *names)
{
    for (size_t i = 0; i < json_object_array_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));

        if (!target_set_find(targets, name))
            return name;
    }
    return NULL;
}

static bool names_all(json_object *names)
{
    return json_object_array_length(names) == 1 &&
           strcmp(json_object_get_string(json_object_array_get_idx(names, 0)), "*") == 0;
}

bool stop_all_is_allowed(const Call *call)
{
    const TargetSet *targets = call->service->targets;
    json_object *names = call->parameters.targets;
    bool all = names_all(names);
    size_t n = all ? target_set_size(targets) : json_object_array_length(names);

    for (size_t i = 0; i < n; i++) {
        const char *name = all ? target_set_get(targets, i)->name
                               : json_object_get_string(json_object_array_get_idx(names, i));

        if (!methods_is_operator(call, name))
            return false;
    }
    return true;
}

static void jobs_saved(Follower *follower)
{
    call_wake(((StopAll *)follower)->call);
}

static int stop_all_new(Call *call, size_t n_listings, StopAll **ret)
{
    StopAll *stop_all = calloc(1, sizeof(*stop_all));

    if (!stop_all)
        return -ENOMEM;
    call->state = stop_all;
    call->free_state = stop_all_free;
    stop_all->call = call;
    stop_all->reply.member = "jobs";
    stop_all->follower.news = jobs_saved;
    registry_follow_all(call->service->registry, &stop_all->follower);
    timer_init(&stop_all->timer, call->service->timers, stop_all_work, stop_all);
    TAILQ_INIT(&stop_all->listed);
    stop_all->listings = calloc(n_listings, sizeof(stop_all->listings[0]));
    if (!stop_all->listings || text_set_new(&stop_all->asked) < 0 ||
        text_set_new(&stop_all->seen) < 0 || target_failures_init(&stop_all->failures) < 0)
        return -ENOMEM;
    call_hold(call, sizeof(*stop_all) + n_listings * sizeof(stop_all->listings[0]));
    *ret = stop_all;
    return 0;
}

int stop_all_start(Call *call)
{
    const TargetSet *targets = call->service->targets;
    json_object *names = call->parameters.targets;
    bool all = names && names_all(names);
    const char *unknown = NULL;
    StopAll *stop_all;
    int r;

    if (!names && !target_set_find(targets, NULL))
        unknown = CONFIG_DEFAULT_TARGET;
    else if (names && !all)
        unknown = find_unknown(targets, names);
    if (unknown)
        return methods_reply_target_not_found(call, unknown);

    r = stop_all_new(call, (names ? target_set_size(targets) : 1) * N_RUNNING_STATUSES, &stop_all);
    if (r < 0)
        return r;
    if (all)
        r = add_all_targets(stop_all);
    else
        r = names ? add_targets(stop_all, names) : add_target(stop_all, CONFIG_DEFAULT_TARGET);
    stop_all->n_open = stop_all->n_listings;
    step_soon(stop_all);
    return r;
}

/* ---- the reply ---- */

/* 1: the job, or what became of it, was added; 0: it is not on disk yet. */
static int show_job(StopAll *stop_all, const MadeJob *made)
{
    const JobText *job;
    int r = registry_show(stop_all->call->service->registry, made->id, &job);

    if (r == 0)
        return 0;
    if (r == -ENOENT)
        r = target_failures_add_local(&stop_all->failures, made->target, CALL_ERROR_STORE_FAILED,
                                      MESSAGE_STORE_FAILED);
    else if (r > 0)
        r = call_list(stop_all->call, &stop_all->reply, job->text);
    return r < 0 ? r : 1;
}

/* 1: all jobs are shown; 0: as far as it goes now. */
static int show_jobs(StopAll *stop_all, CallProgress *ret)
{
    Call *call = stop_all->call;

    *ret = CALL_GOES_ON;
    while (stop_all->n_shown < stop_all->n_made) {
        int r;

        if (!call_may_go_on(call))
            return 0;
        r = show_job(stop_all, &stop_all->made[stop_all->n_shown]);
        if (r <= 0) {
            *ret = CALL_WAITS;
            return r;
        }
        stop_all->n_shown++;
        caller_spend(call->caller, 1);
    }
    return 1;
}

/* What was found is listed under its service; the lists of the others are empty. */
static int show_found(StopAll *stop_all, ImportService service)
{
    Elements none = {0};

    return call_list_elements(stop_all->call, &stop_all->reply,
                              service == stop_all->call->parameters.service ? &stop_all->imports
                                                                            : &none);
}

/* A member after the other. 1: all of it is there; 0: as far as it goes now. */
static int show_member(StopAll *stop_all, CallProgress *ret)
{
    unsigned member = stop_all->n_members;

    if (member == 0)
        return show_jobs(stop_all, ret);
    *ret = CALL_GOES_ON;
    return member <= N_IMPORT_SERVICES
               ? show_found(stop_all, member - 1)
               : call_list_elements(stop_all->call, &stop_all->reply, &stop_all->failures.elements);
}

int stop_all_pump(Call *call, CallProgress *ret)
{
    StopAll *stop_all = call->state;
    int r;

    *ret = CALL_WAITS;
    if (stop_all->error < 0 || stop_all->n_open > 0)
        return stop_all->error;
    r = target_failures_end_left_out(&stop_all->failures);
    if (r < 0)
        return r;
    for (;;) {
        r = show_member(stop_all, ret);
        if (r <= 0)
            return r;
        if (++stop_all->n_members == N_MEMBERS)
            break;
        r = call_list_next(call, &stop_all->reply,
                           stop_all->n_members <= N_IMPORT_SERVICES
                               ? import_operations(stop_all->n_members - 1)->listed_as
                               : "failures");
        if (r < 0)
            return r;
    }
    *ret = CALL_DONE;
    return call_list_end(call, &stop_all->reply, false);
}
