/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: the way of changes to disk, and then to those that follow them. */
#include <assert.h>

#include "daemon/base/stats.h"
#include "daemon/jobs/job-import.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/jobs/registry-private.h"

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
    registry->failing = r < 0;
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

bool registry_has_changes(const Registry *registry)
{
    return job_changes_of_jobs(&registry->changes);
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
