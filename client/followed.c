/* SPDX-License-Identifier: Apache-2.0 */
#include "client/followed.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "client/outcome.h"
#include "common/string.h"

static int compare_ids(const void *one, const void *other)
{
    return strcmp(((const Followed *)one)->job_id, ((const Followed *)other)->job_id);
}

static int set_job_id(FollowedList *list, Followed *followed, const char *job_id)
{
    if (string_copy(job_id, &followed->job_id) < 0)
        return -ENOMEM;
    return !job_id || tsearch(followed, &list->by_id, compare_ids) ? 0 : -ENOMEM;
}

int followed_add(FollowedList *list, const char *import_id, const char *job_id)
{
    Followed *added;

    if (list->n == list->n_allocated) {
        size_t n = list->n_allocated ? 2 * list->n_allocated : 16;
        Followed **all = reallocarray(list->all, n, sizeof(*all));

        if (!all)
            return -ENOMEM;
        list->all = all;
        list->n_allocated = n;
    }
    added = calloc(1, sizeof(*added));
    if (!added)
        return -ENOMEM;
    list->all[list->n++] = added;
    return string_copy(import_id, &added->import_id) < 0 ? -ENOMEM
                                                         : set_job_id(list, added, job_id);
}

int followed_add_job(FollowedList *list, json_object *json, const JobView *job)
{
    int r = followed_add(list, job->import_id, NULL);

    return r < 0 ? r : followed_update(list, list->all[list->n - 1], json, job);
}

static void followed_free(Followed *followed)
{
    free(followed->import_id);
    free(followed->job_id);
    json_object_put(followed->job);
    free(followed);
}

void followed_remove(FollowedList *list, Followed *followed)
{
    size_t i = 0;

    while (list->all[i] != followed)
        i++;
    memmove(&list->all[i], &list->all[i + 1], (list->n - i - 1) * sizeof(list->all[0]));
    list->n--;
    if (followed->job_id)
        tdelete(followed, &list->by_id, compare_ids);
    followed_free(followed);
}

static void keep(void *node)
{
    (void)node;
}

void followed_clear(FollowedList *list)
{
    tdestroy(list->by_id, keep);
    for (size_t i = 0; i < list->n; i++)
        followed_free(list->all[i]);
    free(list->all);
    *list = (FollowedList){0};
}

int followed_update(FollowedList *list, Followed *followed, json_object *json, const JobView *job)
{
    assert(!followed->job_id || strcmp(followed->job_id, job->id) == 0);
    if (!followed->job_id && set_job_id(list, followed, job->id) < 0)
        return -ENOMEM;
    json_object_put(followed->job);
    followed->job = json_object_get(json);
    followed->state = job_state_find(job->state);
    return 0;
}

Followed *followed_find(const FollowedList *list, const char *job_id)
{
    const Followed key = {.job_id = (char *)job_id};
    Followed **node = tfind(&key, &list->by_id, compare_ids);

    return node ? *node : NULL;
}

Followed *followed_first_unanswered(const FollowedList *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!list->all[i]->job_id && !list->all[i]->ended)
            return list->all[i];
    return NULL;
}

size_t followed_count_ended(const FollowedList *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->all[i]->ended;
    return n;
}

int followed_outcome(const FollowedList *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->all[i]->outcome != OUTCOME_OK)
            return list->all[i]->outcome;
    return OUTCOME_OK;
}
