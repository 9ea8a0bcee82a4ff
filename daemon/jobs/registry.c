/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/loop.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/job-import.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/jobs/registry-private.h"

Job *registry_find(Registry *registry, const char *id)
{
    return job_index_find(&registry->index, id);
}

Job *registry_find_key(const Registry *registry, const Target *target, const JobKey *key)
{
    return job_index_find_key(&registry->index, target, key);
}

Job *registry_next_of_key(const Registry *registry, const Job *job)
{
    return job_index_next_of_key(&registry->index, job);
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

void registry_remove(Registry *registry, Job *job)
{
    assert(registry->n_jobs > 0 && registry->n_in_state[job->registered.counted_as] > 0);
    followers_release(&job->registered.followers);
    job_index_remove(&registry->index, job);
    if (job->record.kind == JOB_WAIT)
        user_counts_remove(&registry->waits, job->record.requester.uid);
    job_changes_remove(&registry->changes, job);
    if (registry->reviewed_next == job)
        registry->reviewed_next = TAILQ_NEXT(job, registered.entry);
    if (registry->finishing.next == job)
        registry->finishing.next = TAILQ_NEXT(job, registered.entry);
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
    registry->n_changes++;
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

void registry_begin_review(Registry *registry)
{
    registry->reviewed_next = TAILQ_FIRST(&registry->jobs);
}

bool registry_review(Registry *registry)
{
    Job *job;

    for (unsigned n = 0; n < LOOP_SHARE_MAX && (job = registry->reviewed_next); n++) {
        if (!job_state_is_final(job->record.state) && job->target->removed) {
            if (registry_has_many_changes(registry))
                break;
            job_remove_target(job);
        } else {
            job_renew_call(job);
        }
        registry->reviewed_next = TAILQ_NEXT(job, registered.entry);
    }
    return registry->reviewed_next != NULL;
}

/* Nothing has changed since it began, so what it found still holds. */
static bool round_holds(const Registry *registry)
{
    return registry->finishing.begun && registry->finishing.n_changes == registry->n_changes;
}

/* False: the next commit has no room for its polls. */
static bool finish_job(Registry *registry, Job *job)
{
    RegistryRound *round = &registry->finishing;

    if (job_finish(job)) {
        round->waits = true;
        return true;
    }
    if (job->polls_uncounted == 0)
        return true;
    if (registry_has_many_changes(registry))
        return registry->failing; /* there will be none: it goes on without these */
    job_count_polls(job);
    round->n_changes++;
    return true;
}

RegistryRest registry_finish(Registry *registry)
{
    RegistryRound *round = &registry->finishing;
    Job *job;

    if (!round->next && !round_holds(registry))
        *round = (RegistryRound){
            .next = TAILQ_FIRST(&registry->jobs),
            .begun = true,
            .n_changes = registry->n_changes,
        };
    for (unsigned n = 0; n < LOOP_SHARE_MAX && (job = round->next); n++) {
        if (!finish_job(registry, job))
            break;
        round->next = TAILQ_NEXT(job, registered.entry);
    }
    if (round->next || !round_holds(registry))
        return REGISTRY_GOES_ON;
    if (round->waits)
        return REGISTRY_WAITS;
    return registry_has_changes(registry) && !registry->failing ? REGISTRY_GOES_ON : REGISTRY_DONE;
}
