/* SPDX-License-Identifier: Apache-2.0 */
/* All jobs that are not final, by id and by import, and the way of their changes: first to disk,
 * then to the calls that follow them. A change is neither shown nor logged before it is on disk,
 * and the calls of a new job begin after it is.
 *
 * The registry owns its jobs, and frees one in two places: in registry_commit(), when its end is on
 * disk or when it is new and could not be saved, and in registry_free(). So a job that ends within
 * a callback is still there when that returns, and a pointer from registry_find() holds until the
 * next commit. Jobs that have ended live in the store alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/jobs/companion.h"
#include "daemon/jobs/job-request.h"
#include "daemon/jobs/job-text.h"
#include "daemon/jobs/job.h"
#include "daemon/jobs/store.h"

typedef struct Registry Registry;

int registry_new(const JobContext *rules, Store *store, Registry **ret);
void registry_free(Registry *registry); /* frees the jobs, not the store; takes NULL */

/* Rules of polling for calls to come, and the cap on jobs that are not final. */
void registry_configure(Registry *registry, const PollingRules *polling, unsigned max_jobs);

/* Takes up the jobs of the store; find gives the target of a name, or NULL. */
int registry_load(Registry *registry, Target *(*find)(const char *name, void *userdata),
                  void *userdata);

/* A new job, or the one that is under way for this import already. It is durable after
 * registry_commit(). 0; -EDQUOT: max-jobs are under way; -EUSERS: request->max_waits of its user
 * are; -ENOMEM. */
int registry_request(Registry *registry, const JobRequest *request,
                     char ret_id[static JOB_ID_SIZE]);

/* The job of this target, or, target NULL, one of any, that is under way for this import, so that a
 * request would join it. NULL: none is. */
Job *registry_find_key(const Registry *registry, const Target *target, const JobKey *key);
/* Another target's job of the same import, which a request would join; NULL: there is none left. */
Job *registry_next_of_key(const Registry *registry, const Job *job);

Job *registry_find(Registry *registry, const char *id); /* NULL: unknown, or final */
unsigned registry_count_jobs(const Registry *registry);
void registry_count_states(const Registry *registry, unsigned ret_counts[static N_JOB_STATES]);

/* When the oldest of them was requested, CLOCK_REALTIME; 0: there are none. */
uint64_t registry_oldest_usec(const Registry *registry);

/* A job that has ended, with what was seen of its import since; observed: to be logged. Takes over
 * what is in the record, which goes to disk with the next commit. One at a time. */
void registry_settle(Registry *registry, const JobRecord *record, bool observed);
bool registry_is_settling(const Registry *registry); /* there is one that is not on disk yet */

/* To be saved with the jobs from now on; borrowed. */
void registry_add_companion(Registry *registry, RegistryCompanion *companion);

/* Saves what changed since the last call, in one transaction; job calls begin, ended jobs are
 * freed. 0: all saved; -ENOSPC or -ENOMEM: not yet, new jobs were dropped, changes of others are
 * tried again by the next call; -EIO: the daemon must end. *ret_changed: whether anything was
 * saved. */
int registry_commit(Registry *registry, bool *ret_changed);

/* Whether the next commit has jobs to save. */
bool registry_has_changes(const Registry *registry);

/* Whether the next commit has as much to save as is good for one turn of the loop. */
bool registry_has_many_changes(const Registry *registry);

/* JobRecord.change of the latest change that may be shown. */
uint64_t registry_last_change(const Registry *registry);

/* The job as it is on disk, from here or from the store; *ret is good until the next call. 1; 0:
 * its latest change is not on disk yet; -ENOENT; -EUCLEAN: the store has something in it that no
 * daemon wrote; -ENOMEM; -EIO. */
int registry_show(Registry *registry, const char *id, const JobText **ret);

/* A record from the store as text that the caller frees: what runs here says more about itself.
 * Errors likewise. */
int registry_describe(Registry *registry, const JobRecord *record, char **ret);

/* The changes after this one, as far as they are at hand: false, they are not. *ret is the first,
 * or NULL, the next ones are behind it; good until the next call. */
bool registry_show_changes(const Registry *registry, uint64_t change, const JobText **ret);

/* follower->news() runs once for each commit in which the job changed, the last time where it has
 * ended or was dropped. False: it does not run. */
bool registry_follow(Registry *registry, const char *id, Follower *follower);
void registry_follow_all(Registry *registry, Follower *follower); /* once for each commit */

/* After a reload each job is looked at once, so many in a turn, the oldest first. It ends where its
 * target was removed; else what it has not sent yet goes out by the new client of its target. True:
 * some are left for a later turn, or until what they changed is on disk. */
void registry_begin_review(Registry *registry);
bool registry_review(Registry *registry);

typedef enum RegistryRest {
    REGISTRY_DONE,
    REGISTRY_WAITS,   /* for a StopImport that is on the wire */
    REGISTRY_GOES_ON, /* not all jobs have been looked at since the last change, or saved */
} RegistryRest;

/* For each turn of a shutdown: of so many jobs, the oldest first, gives up what can be taken up
 * again, and adds polls that are not in the records yet to the next commit. A store that fails is
 * not waited for. */
RegistryRest registry_finish(Registry *registry);
