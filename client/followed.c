/* SPDX-License-Identifier: Apache-2.0 */
#include "client/followed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/outcome.h"
#include "common/string.h"

int followed_add(FollowedList *list, const char *import_id, const char *job_id, json_object *job)
{
    Followed *all = reallocarray(list->all, list->n + 1, sizeof(*all));
    Followed *added;
    int r;

    if (!all)
        return -ENOMEM;
    list->all = all;
    added = &all[list->n++];
    *added = (Followed){.job = json_object_get(job)};
    r = string_copy(import_id, &added->import_id);
    return r < 0 ? r : string_copy(job_id, &added->job_id);
}

void followed_clear(FollowedList *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->all[i].import_id);
        free(list->all[i].job_id);
        json_object_put(list->all[i].job);
    }
    free(list->all);
    *list = (FollowedList){0};
}

int followed_update(Followed *followed, json_object *json, const JobView *job)
{
    assert(!followed->job_id || strcmp(followed->job_id, job->id) == 0);
    if (!followed->job_id && string_copy(job->id, &followed->job_id) < 0)
        return -ENOMEM;
    json_object_put(followed->job);
    followed->job = json_object_get(json);
    return 0;
}

Followed *followed_find(const FollowedList *list, const char *job_id)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->all[i].job_id && strcmp(list->all[i].job_id, job_id) == 0)
            return &list->all[i];
    return NULL;
}

Followed *followed_first_unanswered(const FollowedList *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!list->all[i].job_id && !list->all[i].ended)
            return &list->all[i];
    return NULL;
}

size_t followed_count_ended(const FollowedList *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->all[i].ended;
    return n;
}

int followed_outcome(const FollowedList *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->all[i].outcome != OUTCOME_OK)
            return list->all[i].outcome;
    return OUTCOME_OK;
}
