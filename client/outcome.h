/* SPDX-License-Identifier: Apache-2.0 */
/* What a command ends with: the exit status, and the sentence on standard error that says why. */
#pragma once

#include "client/connection.h"
#include "client/job-view.h"
#include "client/options.h"

enum {
    OUTCOME_OK = 0, /* stopped, or accepted where nobody waits for more */
    OUTCOME_FAILURE = 1,
    OUTCOME_USAGE = 2,
    OUTCOME_COMPLETED = 3,
    OUTCOME_NOT_FOUND = 4,
    OUTCOME_NOT_PERMITTED = 5,
    OUTCOME_EXPIRED = 6,
    OUTCOME_UNREACHABLE = 7,
    OUTCOME_IMPORT_FAILED = 8,
    OUTCOME_STOPPED = 9, /* of a wait */
    OUTCOME_INTERRUPTED = 130,
};

/* Of a job that is final. */
int outcome_of_job(const JobView *job);
void outcome_complain_job(const JobView *job);

/* "trailstopctl failures -t TARGET ID": what shows the entries of its import that failed. 0 or
 * -ENOMEM. */
int outcome_format_failures_command(const JobView *job, char **ret);

/* Of an error reply. The subject, for example an import id, begins the sentence; NULL: none. */
int outcome_of_error(const Reply *reply);
void outcome_complain_error(const Reply *reply, const char *subject);

/* Of a negative errno of connection_open() or connection_run(); says so and returns the exit
 * status. */
int outcome_complain(const Options *options, int error);

/* Of CallError, as a TargetFailure has it. */
int outcome_of_cause(json_object *cause);
