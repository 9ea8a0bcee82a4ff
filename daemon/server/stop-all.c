/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/stop-all.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/jobs/inspection.h"
#include "daemon/jobs/query.h"
#include "daemon/server/methods.h"
#include "daemon/server/target-failures.h"

#define CALLS_ALONE_MAX 32U

typedef struct StopAll StopAll;

/* One target's imports of one status. */
typedef struct Listing {
    StopAll *stop_all;
    char *target; /* its name: the target may be gone when the answer comes */
    Query *query;
    json_object *ids; /* found, to be looked at */
    Inspection *inspection;
    unsigned n_calls_alone; /* made after the client had gone */
} Listing;

struct StopAll {
    Follower follower; /* first, see jobs_saved(): of the jobs until they are on disk */
    Call *call;
    Listing *listings;
    size_t n_listings;
    size_t n_open;        /* not through yet */
    json_object *targets; /* of the jobs made: job id → name */
    json_object *jobs;    /* once all are made, those of targets up to: */
    const struct lh_entry *next_job;
    json_object *imports; /* found, and meant by the filter */
    json_object *seen;    /* import id → true: targets of one account find the same ones */
    TargetFailures failures;
    int error; /* negative errno: there will be no reply */
};

static void stop_all_free(void *state)
{
    StopAll *stop_all = state;

    follower_remove(&stop_all->follower);
    for (size_t i = 0; i < stop_all->n_listings; i++) {
        query_free(stop_all->listings[i].query);
        inspection_free(stop_all->listings[i].inspection);
        json_object_put(stop_all->listings[i].ids);
        free(stop_all->listings[i].target);
    }
    free(stop_all->listings);
    json_object_put(stop_all->targets);
    json_object_put(stop_all->jobs);
    json_object_put(stop_all->imports);
    json_object_put(stop_all->seen);
    target_failures_clear(&stop_all->failures);
    free(stop_all);
}

static bool is_asked(const StopAll *stop_all, const Target *target)
{
    for (size_t i = 0; i < stop_all->n_listings; i++)
        if (strcmp(stop_all->listings[i].target, target->name) == 0)
            return true;
    return false;
}

/* Of the targets asked, the one that follows the import already, as another one of its account may
 * have found it before, else the one that found it now; NULL: that is gone. */
static Target *choose_target(const StopAll *stop_all, const char *found_by, const JobKey *key)
{
    const Service *service = stop_all->call->service;
    const TargetSet *targets = service->targets;
    const Job *job = registry_find_key(service->registry, NULL, key);

    if (job && is_asked(stop_all, job->target))
        return job->target;
    for (size_t i = 0; job && i < target_set_size(targets); i++) {
        Target *target = target_set_get(targets, i);

        if (registry_find_key(service->registry, target, key) && is_asked(stop_all, target))
            return target;
    }
    return target_set_find(targets, found_by);
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
    char id[JOB_ID_SIZE];
    int r;

    if (!request.target)
        return target_failures_add_local(&stop_all->failures, name, CALL_ERROR_TARGET_REMOVED,
                                         "the configuration does not name this target any more");
    r = registry_request(call->service->registry, &request, id);
    if (r == -EDQUOT)
        return target_failures_add_local(
            &stop_all->failures, name, "QueueFull",
            "max-jobs jobs are under way; imports of this target were left "
            "out, try again later");
    return r < 0 ? r : json_add_string(stop_all->targets, id, request.target->name);
}

/* One that is meant. */
static int take_import(const Listing *listing, const char *import_id, json_object *import)
{
    StopAll *stop_all = listing->stop_all;
    int r = json_append(stop_all->imports, json_object_get(import));

    return r < 0 || stop_all->call->parameters.dry_run
               ? r
               : request_job(stop_all, listing->target, import_id);
}

/* A list leaves out most of what a filter asks for, and what a rehearsal is to show. */
static bool wants_looks(const StopAll *stop_all)
{
    const Parameters *parameters = &stop_all->call->parameters;

    return parameters->dry_run || import_filter_is_given(&parameters->filter);
}

static int take_listed(json_object *import, void *userdata)
{
    const Listing *listing = userdata;
    StopAll *stop_all = listing->stop_all;
    ImportService service = stop_all->call->parameters.service;
    char import_id[IMPORT_ID_SIZE];
    const char *text = "", *key;
    int r;

    key = json_get_string(import, import_operations(service)->id_member, &text) > 0
              ? text
              : listing->target;
    if (json_object_object_get(stop_all->seen, key))
        return 0;
    if (import_id_parse(service, text, strlen(text), import_id) < 0) {
        r = json_add_bool(stop_all->seen, key, true);
        return r < 0 ? r : target_failures_add_nameless(&stop_all->failures, listing->target, text);
    }
    if (json_object_object_get(stop_all->seen, import_id))
        return 0;
    r = json_add_bool(stop_all->seen, import_id, true);
    if (r < 0)
        return r;
    return wants_looks(stop_all) ? json_append(listing->ids, json_object_new_string(import_id))
                                 : take_import(listing, import_id, import);
}

/* Whether it still runs, as far as is known, and is meant. */
static bool is_meant(const StopAll *stop_all, json_object *import)
{
    const Parameters *parameters = &stop_all->call->parameters;

    return !import_is_over(import_operations(parameters->service), import) &&
           import_filter_matches(&parameters->filter, parameters->service, import,
                                 time_now_realtime());
}

static void on_looked(const char *import_id, json_object *import, const CallError *error,
                      void *userdata)
{
    const Listing *listing = userdata;
    StopAll *stop_all = listing->stop_all;
    int r = 0;

    if (error)
        r = target_failures_add_unseen(&stop_all->failures, listing->target, import_id, error);
    else if (is_meant(stop_all, import))
        r = take_import(listing, import_id, import);
    if (r < 0)
        stop_all->error = r;
}

static void listing_end(Listing *listing, const CallError *error)
{
    StopAll *stop_all = listing->stop_all;

    if (error && target_failures_add(&stop_all->failures, listing->target, error) < 0)
        stop_all->error = -ENOMEM;
    assert(stop_all->n_open > 0);
    if (--stop_all->n_open == 0)
        stop_all->next_job = json_object_get_object(stop_all->targets)->head;
    call_wake(stop_all->call);
}

static void on_inspected(const CallError *error, void *userdata)
{
    Listing *listing = userdata;

    listing_end(listing, error);
    inspection_free(TAKE(listing->inspection));
}

/* What an operator asked for stands when the client has gone, as far as a few calls find it. */
static bool is_wanted(void *userdata)
{
    Listing *listing = userdata;
    const Call *call = listing->stop_all->call;

    return !output_is_closed(call->caller->output) ||
           (!call->parameters.dry_run && listing->n_calls_alone++ < CALLS_ALONE_MAX);
}

static int begin_looks(Listing *listing)
{
    const Call *call = listing->stop_all->call;
    int r = inspection_new(&(InspectionRequest){.targets = call->service->targets,
                                                .target = listing->target,
                                                .service = call->parameters.service,
                                                .ids = listing->ids,
                                                .is_wanted = is_wanted,
                                                .looked = on_looked,
                                                .done = on_inspected,
                                                .userdata = listing},
                           &listing->inspection);

    if (r >= 0)
        inspection_start(listing->inspection);
    return r;
}

static void on_listed(json_object *imports, const CallError *error, void *userdata)
{
    Listing *listing = userdata;
    int r = 0;

    (void)imports; /* taken */
    query_free(TAKE(listing->query));
    if (!error && json_object_array_length(listing->ids) > 0 && (r = begin_looks(listing)) >= 0)
        return;
    if (r < 0)
        listing->stop_all->error = r;
    listing_end(listing, error);
}

static int add_listing(StopAll *stop_all, const Target *target, ImportStatus status)
{
    ImportService service = stop_all->call->parameters.service;
    const char *name = import_operations(service)->statuses[status];
    Listing *listing = &stop_all->listings[stop_all->n_listings];
    int r;

    if (!name)
        return 0;
    *listing = (Listing){
        .stop_all = stop_all, .target = strdup(target->name), .ids = json_object_new_array()};
    stop_all->n_listings++;
    if (!listing->target || !listing->ids)
        return -ENOMEM;
    r = query_new(&(QueryRequest){.kind = QUERY_IMPORTS,
                                  .nameless = true,
                                  .target = target,
                                  .service = service,
                                  .destination = stop_all->call->parameters.destination,
                                  .status = name,
                                  .is_wanted = is_wanted,
                                  .take = take_listed},
                  on_listed, listing, &listing->query);
    if (r >= 0)
        stop_all->n_open++;
    return r;
}

static int add_target(StopAll *stop_all, const Target *target)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < N_RUNNING_STATUSES; i++)
        r = add_listing(stop_all, target, import_running_statuses[i]);
    return r;
}

static int add_all_targets(StopAll *stop_all)
{
    const TargetSet *targets = stop_all->call->service->targets;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < target_set_size(targets); i++)
        r = add_target(stop_all, target_set_get(targets, i));
    return r;
}

/* Each of them exists; one may be named twice. */
static int add_named_targets(StopAll *stop_all, json_object *names)
{
    const TargetSet *targets = stop_all->call->service->targets;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < json_object_array_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        const Target *target = target_set_find(targets, name);

        if (!is_asked(stop_all, target))
            r = add_target(stop_all, target);
    }
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
    stop_all->follower.news = jobs_saved;
    registry_follow_all(call->service->registry, &stop_all->follower);
    stop_all->listings = calloc(n_listings, sizeof(stop_all->listings[0]));
    stop_all->targets = json_object_new_object();
    stop_all->jobs = json_object_new_array();
    stop_all->imports = json_object_new_array();
    stop_all->seen = json_object_new_object();
    if (!stop_all->listings || !stop_all->targets || !stop_all->jobs || !stop_all->imports ||
        !stop_all->seen || target_failures_init(&stop_all->failures) < 0)
        return -ENOMEM;
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

    r = stop_all_new(call, target_set_size(targets) * N_RUNNING_STATUSES, &stop_all);
    if (r < 0)
        return r;
    if (all)
        return add_all_targets(stop_all);
    if (!names)
        return add_target(stop_all, target_set_find(targets, NULL));
    return add_named_targets(stop_all, names);
}

/* 1: the job, or what became of it, was added; 0: it is not on disk yet. */
static int collect_job(StopAll *stop_all, const char *id, const char *target)
{
    const JobText *job;
    int r = registry_show(stop_all->call->service->registry, id, &job);

    if (r == 0)
        return 0;
    if (r == -ENOENT)
        r = target_failures_add_local(&stop_all->failures, target, CALL_ERROR_STORE_FAILED,
                                      MESSAGE_STORE_FAILED);
    else if (r > 0)
        r = json_append(stop_all->jobs, json_new_raw(job->text));
    return r < 0 ? r : 1;
}

/* Once all are made: goes on with what became of each. */
static int collect_jobs(StopAll *stop_all, CallProgress *ret)
{
    Call *call = stop_all->call;

    while (stop_all->next_job && call_may_go_on(call)) {
        const struct lh_entry *entry = stop_all->next_job;
        int r = collect_job(stop_all, lh_entry_k(entry), json_object_get_string(lh_entry_v(entry)));

        if (r <= 0)
            return r;
        stop_all->next_job = lh_entry_next(entry);
        caller_spend(call->caller, 1);
    }
    *ret = stop_all->next_job ? CALL_GOES_ON : CALL_DONE;
    return 0;
}

/* What was found is listed under its service; the lists of the others are empty. */
static int add_found(const StopAll *stop_all, json_object *reply)
{
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
        json_object *found = service == stop_all->call->parameters.service
                                 ? json_object_get(stop_all->imports)
                                 : json_object_new_array();
        int r = json_add(reply, import_operations(service)->listed_as, found);

        if (r < 0)
            return r;
    }
    return 0;
}

int stop_all_pump(Call *call, CallProgress *ret)
{
    CLEANUP(json_object_putp) json_object *reply = NULL;
    StopAll *stop_all = call->state;
    int r;

    *ret = CALL_WAITS;
    if (stop_all->error < 0 || stop_all->n_open > 0)
        return stop_all->error;
    r = collect_jobs(stop_all, ret);
    if (r < 0 || *ret != CALL_DONE)
        return r;
    reply = methods_object("jobs", TAKE(stop_all->jobs));
    if (!reply || add_found(stop_all, reply) < 0 ||
        json_add(reply, "failures", json_object_get(stop_all->failures.list)) < 0)
        return -ENOMEM;
    return call_reply(call, TAKE(reply));
}
