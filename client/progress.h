/* How jobs come along, for people: on a terminal a table that is redrawn in place, elsewhere one
 * line for each change that can be seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "client/options.h"
#include "common/memory.h"

/* One import that is followed. Owned by who follows it. */
typedef struct ProgressRow {
    char *import_id;  /* NULL: not known before its job is */
    json_object *job; /* what is known last; NULL: nothing yet */
    bool ended;
} ProgressRow;

typedef struct Progress Progress;

/* The options are borrowed. */
int progress_new(const Options *options, struct event_base *base, Progress **ret);
void progress_free(Progress *progress);
DEFINE_CLEANUP(Progress, progress_free)

/* The rows of the table on a terminal; borrowed, and as many as there will be. Without rows every
 * change is a line of its own also there. */
void progress_set_rows(Progress *progress, const ProgressRow *rows, size_t n_rows);

/* Something is new about this job. 0 or -ENOMEM. */
int progress_change(Progress *progress, json_object *job);

/* Takes the table off the terminal so that something else can be printed. It comes back by itself.
 */
void progress_clear(Progress *progress);

/* In place of what was live, a table of all rows and their statistics. 0 or -ENOMEM. */
int progress_finish(Progress *progress);
