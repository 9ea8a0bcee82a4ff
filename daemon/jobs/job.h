/* SPDX-License-Identifier: Apache-2.0 */
/* One job on its way: queued → stopping → polling → an end; a wait is never stopping. It makes the
 * calls, waits with its target when that is unreachable, and keeps its deadline.
 *
 * job_set_state() is the one place where its state changes, and every change goes through
 * JobContext.changed: so whatever happens to a job is saved at the end of the turn, and is logged
 * and shown only then. A StopImport is counted before it is on the wire, so that after a crash it
 * is known that CloudTrail may have been asked. A GetImport is counted with the next change, which
 * is its answer as a rule: asking twice does no harm. A job has at most one call and one wait at a
 * time. */
#pragma once

#include <sys/queue.h>

#include "daemon/jobs/follower.h"
#include "daemon/jobs/job-record.h"
#include "daemon/jobs/outage.h"
#include "daemon/jobs/schedule.h"
#include "daemon/jobs/target.h"

typedef struct Job Job;

/* What all jobs share; outlives them. */
typedef struct JobContext {
    Timers *timers;
    const Random *random;
    PollingRules polling;
    /* The record differs from what is on disk. A job that has ended is freed by the owner that is
       notified here, but not before this returns. */
    void (*changed)(Job *job, void *userdata);
    /* GetImport answered: another job of the same import has the answer as well. */
    void (*observed)(Job *job, const AwsResult *result, void *userdata);
    void *userdata;
} JobContext;

/* A job in one of the registry's two trees, see job-index.c. */
typedef struct JobLinks {
    Job *left, *right;
} JobLinks;

/* The registry's own members of a job. */
typedef struct JobRegistration {
    TAILQ_ENTRY(Job) entry;        /* of all jobs */
    TAILQ_ENTRY(Job) change_entry; /* of those to save */
    FollowerList followers;        /* of this job */
    JobLinks by_id, by_key;
    JobState counted_as;
    bool changed;       /* among those to save */
    bool stored;        /* the store has a row of it */
    bool joinable;      /* a request for its import joins it */
    bool import_stored; /* the row has an observation, see job-import.h */
} JobRegistration;

struct Job {
    JobRecord record;
    const JobContext *context;
    Target *target; /* borrowed; NULL or gone for a job that ended when its target was removed */
    Timer timer;    /* see job-due.h */
    uint64_t call_usec; /* when the next call is due, CLOCK_BOOTTIME; 0: none is */
    OutageWait outage_wait;
    AwsCall *call;            /* under way; NULL: none */
    unsigned polls_done;      /* GetImport calls since the stop was accepted */
    unsigned polls_uncounted; /* GetImport attempts that are not in the record yet */
    bool asks_first;          /* before StopImport, which may have been sent already */
    bool attempt_unsaved;     /* of StopImport, which is not on the wire before it is on disk */
    bool accepted_now;        /* StopImport was, and that is not logged yet */
    Requester canceller;      /* of a job that was cancelled */
    JobRegistration registered;
};

/* Takes over what is in the record, also on failure; nothing happens before job_start(). */
int job_new(const JobContext *context, Target *target, JobRecord *record, Job **ret);
void job_free(Job *job); /* gives up a call under way; takes NULL */

/* Goes on from where the record stands: a new job, or one of before a restart. */
void job_start(Job *job);
void job_cancel(Job *job, const Requester *canceller);

/* Its message is another host's from now on: nothing more is called. cause: what made it so; NULL:
 * this host lets go of it. */
void job_release(Job *job, const CallError *cause);

/* Another host may have asked to stop its import: before StopImport goes out, GetImport is asked
 * whether that is still to be done. */
void job_ask_first(Job *job);

/* What another job of the same import asked for: as if the answer were its own, where it would ask
 * the same next. A job that asks what became of its StopImport takes nothing of it but an end. */
void job_share(Job *job, const AwsResult *result);

/* The target's client was replaced: a call that is not on the wire begins again with the new one.
 */
void job_renew_call(Job *job);

/* The configuration does not name the job's target any more: refused, or left to another host where
 * a message made it. */
void job_remove_target(Job *job);

/* Logs what happened; for when it is on disk. */
void job_log(Job *job);

/* What changed could not be saved: a StopImport that was to go out in the next turn does not. */
void job_withhold(Job *job);

/* For each turn of a shutdown: gives up what can be taken up again. True: a StopImport is on the
 * wire and its outcome will still be written down. */
bool job_finish(Job *job);

/* The attempts of GetImport that are not in the record yet are put there. */
void job_count_polls(Job *job);
