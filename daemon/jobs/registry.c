/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/registry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/stats.h"
#include "daemon/jobs/job-changes.h"
#include "daemon/jobs/job-import.h"
#include "daemon/jobs/job-index.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/jobs/user-counts.h"

TAILQ_HEAD(JobList, Job);

struct Registry {
    JobContext context; /* of all jobs */
    Store *store;
    struct JobList jobs; /* all of them */
    JobIndex index;
    unsigned n_jobs, max_jobs;
    unsigned n_in_state[N_JOB_STATES];
    UserCounts waits; /* of each user */
    JobChanges changes;
    bool settled_observed; /* what is settled among the changes is to be logged */
    uint64_t last_number;
    FollowerList followers; /* of all jobs */
    JobTexts *texts;
};

Job *registry_find(Registry *registry, const char *id)
{
    return job_index_find(&registry->index, id);
}

Job *registry_find_key(const Registry *registry, const Target *target, const JobKey *key)
{
    return job_index_find_key(&registry->index, target, key);
}

static int registry_insert(Registry *registry, Job *job)
{
    int r = job->record.kind == JOB_WAIT
                ? user_counts_add(&registry->waits, job->record.requester.uid)
                : 0;

    if (r < 0)
        return r;
    job_index_add(&registry->index, job);
    TAILQ_INSERT_TAIL(&registry->jobs, job, registered.entry);
    registry->n_jobs++;
    job->registered.counted_as = job->record.state;
    registry->n_in_state[job->record.state]++;
    if (job->target)
        job_counts_add(&job->target->counts, job->record.state);
    return 0;
}

/* Makes a job of the record, which is taken over also on failure. */
static int registry_add(Registry *registry, Target *target, JobRecord *record, Job **ret)
{
    Job *job;
    int r = job_new(&registry->context, target, record, &job);

    if (r < 0)
        return r;
    r = registry_insert(registry, job);
    if (r < 0) {
        job_free(job);
        return r;
    }
    *ret = job;
    return 0;
}

static void registry_remove(Registry *registry, Job *job)
{
    assert(registry->n_jobs > 0 && registry->n_in_state[job->registered.counted_as] > 0);
    followers_release(&job->registered.followers);
    job_index_remove(&registry->index, job);
    if (job->record.kind == JOB_WAIT)
        user_counts_remove(&registry->waits, job->record.requester.uid);
    job_changes_remove(&registry->changes, job);
    TAILQ_REMOVE(&registry->jobs, job, registered.entry);
    registry->n_jobs--;
    registry->n_in_state[job->registered.counted_as]--;
    if (job->target && !job_state_is_final(job->registered.counted_as)) /* else it may be gone */
        job_counts_remove(&job->target->counts, job->registered.counted_as);
    job_free(job);
}

static void registry_job_changed(Job *job, void *userdata)
{
    Registry *registry = userdata;

    if (job->target && !job_state_is_final(job->registered.counted_as))
        job_counts_move(&job->target->counts, job->registered.counted_as, &job->record);
    assert(!job_state_is_final(job->registered.counted_as) ||
           job->registered.counted_as == job->record.state);
    assert(registry->n_in_state[job->registered.counted_as] > 0);
    registry->n_in_state[job->registered.counted_as]--;
    registry->n_in_state[job->record.state]++;
    job->registered.counted_as = job->record.state;
    if (job_state_is_final(job->record.state)) {
        job_index_close_to_joins(&registry->index, job);
        (void)job_import_load(job,
                              registry->store); /* else its end is logged and sent without it */
    }
    job_changes_add(&registry->changes, job);
}

/* A stop and a wait of one import share their polls. */
static void registry_job_observed(Job *job, const AwsResult *result, void *userdata)
{
    const Registry *registry = userdata;
    JobKey key = job_record_key(&job->record);
    Job *other;

    if (!job->registered.joinable)
        return;
    key.kind = key.kind == JOB_STOP ? JOB_WAIT : JOB_STOP;
    other = registry_find_key(registry, job->target, &key);
    if (other)
        job_share(other, result);
}

int registry_new(const JobContext *rules, Store *store, Registry **ret)
{
    Registry *registry = malloc(sizeof(*registry));
    int r;

    if (!registry)
        return -ENOMEM;
    *registry =
        (Registry){.context = *rules, .store = store, .last_number = store_last_number(store)};
    registry->context.changed = registry_job_changed;
    registry->context.observed = registry_job_observed;
    registry->context.userdata = registry;
    TAILQ_INIT(&registry->jobs);
    job_changes_init(&registry->changes, store_last_change(store));
    r = job_texts_new(registry->changes.last_change, &registry->texts);
    if (r < 0) {
        free(registry);
        return r;
    }
    *ret = registry;
    return 0;
}

void registry_free(Registry *registry)
{
    Job *job;

    if (!registry)
        return;
    while ((job = TAILQ_FIRST(&registry->jobs)))
        registry_remove(registry, job);
    job_texts_free(registry->texts);
    job_changes_clear(&registry->changes);
    free(registry);
}

void registry_configure(Registry *registry, const PollingRules *polling, unsigned max_jobs)
{
    registry->context.polling = *polling;
    registry->max_jobs = max_jobs;
}

void registry_add_companion(Registry *registry, RegistryCompanion *companion)
{
    TAILQ_INSERT_TAIL(&registry->changes.companions, companion, entry);
}

uint64_t registry_oldest_usec(const Registry *registry)
{
    const Job *oldest = TAILQ_FIRST(&registry->jobs);

    return oldest ? oldest->record.requested_usec : 0;
}

unsigned registry_count_jobs(const Registry *registry)
{
    return registry->n_jobs;
}

void registry_count_states(const Registry *registry, unsigned ret_counts[static N_JOB_STATES])
{
    memcpy(ret_counts, registry->n_in_state, sizeof(registry->n_in_state));
}

typedef struct Loading {
    Registry *registry;
    Target *(*find)(const char *name, void *userdata);
    void *userdata;
} Loading;

static int load_job(JobRecord *record, void *userdata)
{
    Loading *loading = userdata;
    Registry *registry = loading->registry;
    Target *target = loading->find(record->target, loading->userdata);
    Job *job;
    int r = registry_add(registry, target, record, &job);

    if (r < 0)
        return r;
    job->registered.stored = true;
    if (target)
        job_start(job);
    else
        job_remove_target(job);
    job_import_drop(job);
    return 0;
}

int registry_load(Registry *registry, Target *(*find)(const char *name, void *userdata),
                  void *userdata)
{
    Loading loading = {.registry = registry, .find = find, .userdata = userdata};

    return store_each_active(registry->store, load_job, &loading);
}

static int registry_accept(Registry *registry, const JobRequest *request, Job **ret)
{
    JobRecord record;
    Job *job;
    int r;

    if (registry->n_jobs >= registry->max_jobs)
        return -EDQUOT;
    if (request->max_waits > 0 &&
        user_counts_get(&registry->waits, request->requester.uid) >= request->max_waits)
        return -EUSERS;
    r = job_request_make_record(request, registry->context.timers, registry->last_number + 1,
                                &record);
    if (r < 0)
        return r;
    r = registry_add(registry, request->target, &record, &job);
    if (r < 0)
        return r;
    registry->last_number++;
    registry_job_changed(job, registry);
    *ret = job;
    return 0;
}

int registry_request(Registry *registry, const JobRequest *request, char ret_id[static JOB_ID_SIZE])
{
    Job *job = registry_find_key(registry, request->target, &request->key);

    if (job) {
        stats_add(STAT_REQUESTS_JOINED, 1);
        if (request->message && job_message_may_repeat(request->message))
            job_ask_first(job);
        (void)job_import_load(job, registry->store); /* without it, less is logged */
        job_journal_joined(&job->record, request);
        job_import_drop(job);
    } else {
        int r = registry_accept(registry, request, &job);

        if (r < 0)
            return r;
    }
    strcpy(ret_id, job->record.id);
    return 0;
}

void registry_renew_calls(Registry *registry)
{
    Job *job;

    TAILQ_FOREACH (job, &registry->jobs, registered.entry)
        job_renew_call(job);
}

void registry_remove_targets(Registry *registry)
{
    Job *job, *next;

    for (job = TAILQ_FIRST(&registry->jobs); job; job = next) {
        next = TAILQ_NEXT(job, registered.entry);
        if (!job_state_is_final(job->record.state) && job->target->removed)
            job_remove_target(job);
    }
}

unsigned registry_finish(Registry *registry)
{
    unsigned n_on_the_wire = 0;
    Job *job;

    TAILQ_FOREACH (job, &registry->jobs, registered.entry)
        n_on_the_wire += job_finish(job);
    return n_on_the_wire;
}

/* What could not be saved has not begun. */
static void registry_take_back(Registry *registry)
{
    Job *job, *next;

    for (job = TAILQ_FIRST(&registry->changes.jobs); job; job = next) {
        next = TAILQ_NEXT(job, registered.change_entry);
        if (job->registered.stored)
            job_withhold(job);
        else
            registry_remove(registry, job);
    }
}

/* To those that follow the job. Without memory they make the text themselves. */
static void registry_announce(Registry *registry, Job *job)
{
    const JobRecord *record = &job->record;
    JobText *text = NULL;

    if (!LIST_EMPTY(&registry->followers) || !LIST_EMPTY(&job->registered.followers))
        (void)job_text_make(registry->store, record->id, job, &text);
    job_texts_add(registry->texts, record->id, record->change, text);
    followers_notify(&job->registered.followers);
}

/* The job is on disk as it is now. */
static void registry_job_saved(Registry *registry, Job *job)
{
    bool is_new = !job->registered.stored;

    assert(job->registered.changed);
    job_changes_remove(&registry->changes, job);
    job->registered.stored = true;
    if (is_new) {
        stats_add(STAT_REQUESTS_ACCEPTED, 1);
        job_journal_accepted(&job->record);
    }
    job_log(job);
    if (is_new && !job_state_is_final(job->record.state))
        job_start(job);
    registry_announce(registry, job);
    job_import_drop(job);
    if (job_state_is_final(job->record.state))
        registry_remove(registry, job);
}

void registry_settle(Registry *registry, const JobRecord *record, bool observed)
{
    assert(job_state_is_final(record->state) && !registry_is_settling(registry));
    registry->changes.settled = *record;
    registry->settled_observed = observed;
}

bool registry_is_settling(const Registry *registry)
{
    return registry->changes.settled.import_id != NULL;
}

static void registry_settled_saved(Registry *registry)
{
    JobRecord *settled = &registry->changes.settled;

    if (registry->settled_observed)
        job_journal_settled(settled);
    job_texts_add(registry->texts, settled->id, settled->change, NULL);
    job_record_clear(settled);
}

static void registry_saved(Registry *registry)
{
    Job *job, *next;

    for (job = TAILQ_FIRST(&registry->changes.jobs); job; job = next) {
        next = TAILQ_NEXT(job, registered.change_entry);
        registry_job_saved(registry, job);
    }
    if (registry_is_settling(registry))
        registry_settled_saved(registry);
    followers_notify(&registry->followers);
}

int registry_commit(Registry *registry, bool *ret_changed)
{
    int r;

    *ret_changed = false;
    if (!job_changes_of_any(&registry->changes))
        return 0;
    r = job_changes_save(&registry->changes, registry->store);
    if (r < 0) {
        registry_take_back(registry);
    } else {
        stats_add(STAT_STORE_COMMITS, 1);
        *ret_changed = true;
        if (job_changes_of_jobs(&registry->changes))
            registry_saved(registry);
    }
    job_changes_notify_companions(&registry->changes, r);
    return r;
}

bool registry_has_many_changes(const Registry *registry)
{
    return job_changes_are_many(&registry->changes);
}

uint64_t registry_last_change(const Registry *registry)
{
    return registry->changes.last_change;
}

int registry_show(Registry *registry, const char *id, const JobText **ret)
{
    const Job *job = registry_find(registry, id);

    if (job && job->registered.changed)
        return 0;
    return job_texts_show(registry->texts, registry->store, id, job, ret);
}

int registry_describe(Registry *registry, const JobRecord *record, char **ret)
{
    const Job *job = registry_find(registry, record->id);
    JobOutlook outlook = job_outlook(job && !job->registered.changed ? job : NULL);
    size_t size;

    return job_record_to_text(record, &outlook, ret, &size);
}

bool registry_show_changes(const Registry *registry, uint64_t change, const JobText **ret)
{
    if (!job_texts_cover(registry->texts, change))
        return false;
    *ret = job_texts_after(registry->texts, change);
    return true;
}

bool registry_follow(Registry *registry, const char *id, Follower *follower)
{
    Job *job = registry_find(registry, id);

    if (job)
        follower_add(&job->registered.followers, follower);
    return job != NULL;
}

void registry_follow_all(Registry *registry, Follower *follower)
{
    follower_add(&registry->followers, follower);
}
