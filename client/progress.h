/* SPDX-License-Identifier: Apache-2.0 */
/* How jobs come along, for people: on a terminal a table that is redrawn in place while the program
 * is in its foreground, elsewhere one line for each visible change. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "client/followed.h"
#include "client/options.h"
#include "common/memory.h"

typedef struct Progress Progress;

/* The options and the list are borrowed. all_jobs: jobs come to the list and leave it. 0 or
 * -ENOMEM.
 */
int progress_new(const Options *options, struct event_base *base, const FollowedList *list,
                 bool all_jobs, Progress **ret);
void progress_free(Progress *progress);
DEFINE_CLEANUP(Progress, progress_free)

/* Something is new about this job. 0 or -ENOMEM. */
int progress_change(Progress *progress, json_object *job);

/* The job ends and leaves the list: that is a line. 0 or -ENOMEM. */
int progress_end(Progress *progress, json_object *job);

/* Takes the table off the terminal so that something else can be printed. It comes back by itself.
 */
void progress_clear(Progress *progress);

/* In place of what was live, a table of the list with all statistics. 0 or -ENOMEM. */
int progress_finish(Progress *progress);
