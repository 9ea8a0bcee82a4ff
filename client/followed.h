/* SPDX-License-Identifier: Apache-2.0 */
/* What one command follows, in the order of its arguments: imports, and the jobs that stop them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "client/job-view.h"

/* All owned. */
typedef struct Followed {
    char *import_id;  /* NULL: not known before its job is */
    char *job_id;     /* NULL: the daemon has not answered yet */
    json_object *job; /* as it was heard of last; NULL: nothing yet */
    JobState state;   /* of the job */
    bool ended;
    bool waits;  /* and why was printed */
    int outcome; /* once it ended: the exit status it stands for */
} Followed;

typedef struct FollowedList {
    Followed **all;
    size_t n, n_allocated;
    void *by_id; /* tsearch(3) tree of those that have a job_id */
} FollowedList;

/* What is not known is NULL. A job comes with its view. 0 or -ENOMEM. */
int followed_add(FollowedList *list, const char *import_id, const char *job_id);
int followed_add_job(FollowedList *list, json_object *json, const JobView *job);
void followed_remove(FollowedList *list, Followed *followed);
void followed_clear(FollowedList *list);

/* Keeps the latest of its job. 0 or -ENOMEM. */
int followed_update(FollowedList *list, Followed *followed, json_object *json, const JobView *job);

Followed *followed_find(const FollowedList *list, const char *job_id); /* NULL: none */

/* The first that the daemon has not answered about, or NULL. */
Followed *followed_first_unanswered(const FollowedList *list);

size_t followed_count_ended(const FollowedList *list);

/* The exit status: of the first that did not end with OUTCOME_OK. */
int followed_outcome(const FollowedList *list);
