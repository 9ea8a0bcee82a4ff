/* SPDX-License-Identifier: Apache-2.0 */
/* The id of a job from what people have: the id of its import, or the beginning of its own. */
#pragma once

#include "client/options.h"

#define JOB_ID_TEXT_SIZE 33U /* of the ids that the daemon makes */

/* An import's id stands for its job that is not final, else for its latest one. What is neither a
 * beginning nor an import's id, or stands for no job, is left as it is, for the daemon to say so.
 * *ret is owned. Returns the exit status, after any message; OUTCOME_OK: *ret is there. */
int job_id_resolve(const Options *options, const char *text, char **ret);
