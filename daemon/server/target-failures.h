/* SPDX-License-Identifier: Apache-2.0 */
/* What of StopAll failed beside what was done. */
#pragma once

#include "daemon/base/call-error.h"
#include "daemon/base/text-set.h"
#include "daemon/server/elements.h"

typedef struct LeftOut LeftOut;

typedef struct TargetFailures {
    Elements elements;  /* of type TargetFailure */
    TextSet *own;       /* targets and codes that are among them for the target's own sake */
    TextSet *full;      /* targets with imports that there was no room for... */
    LeftOut **left_out; /* ...and which these are, for each of them */
} TargetFailures;

/* 0 or -ENOMEM, as all that follow; what was begun is cleared by the caller. */
int target_failures_init(TargetFailures *failures);
void target_failures_clear(TargetFailures *failures); /* takes an empty one */

/* A target's own failure is there once for each code, however much of it fails. */
int target_failures_add(TargetFailures *failures, const char *target, const CallError *error);
int target_failures_add_local(TargetFailures *failures, const char *target, const char *code,
                              const char *message);

/* One more job for an import of the target would be one too many. Once all are known, the target
 * has one failure for these imports, which names them. */
int target_failures_leave_out(TargetFailures *failures, const char *target, const char *import_id);
int target_failures_end_left_out(TargetFailures *failures);

/* The configuration does not name the target any more. */
int target_failures_add_removed(TargetFailures *failures, const char *target);

/* Of an import that was listed and could not be looked at: the message names it. */
int target_failures_add_unseen(TargetFailures *failures, const char *target, const char *import_id,
                               const CallError *error);

/* Of one that nobody can name, so that nobody can stop it; the id is shown cut. */
int target_failures_add_nameless(TargetFailures *failures, const char *target, const char *id);
