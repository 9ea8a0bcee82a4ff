/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for jobs: the stream of Watch, those of Stop and Wait with `more`, and single replies
 * that come once a job is on disk.
 *
 * A watch follows its jobs in the registry and remembers which of them have news, nothing else: a
 * client that does not read costs no memory, and gets the latest state of each job when it reads
 * again. It comes with a method's start() and goes with its call. */
#pragma once

#include "daemon/server/call.h"

typedef enum WatchKind {
    WATCH_ONCE, /* one reply: the job as it is on disk */
    WATCH_END,  /* each change, ended as Stop and Wait are: with the error of the job's state */
    WATCH_JOBS, /* each change, until all of them are final */
} WatchKind;

/* Of one job. 0; -ENOENT: there cannot be one of that id; -ENOMEM. */
int watch_start_job(Call *call, WatchKind kind, const char *id);

/* Of these jobs. As above, *ret_id is the one that cannot be. */
int watch_start_jobs(Call *call, json_object *ids, const char **ret_id);

/* Of every job, for ever. */
int watch_start_all(Call *call);

/* Sends what changed. -ENOENT with call->job_id a job that is unknown, or gone before it was on
 * disk. */
int watch_pump(Call *call, CallProgress *ret);
