/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-index.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Treaps (Seidel and Aragon, 1996): each is a search tree, and a heap by a random number that each
 * job has anyway, which keeps it shallow whatever clients ask for and in whatever order. */
typedef struct Tree {
    /* As strcmp(), of what is looked for and a job of the tree. */
    int (*compare)(const void *wanted, const Job *job);
    size_t links; /* where a job has its JobLinks of this tree */
} Tree;

static JobLinks *links_of(const Tree *tree, Job *job)
{
    return (JobLinks *)((char *)job + tree->links);
}

/* Half of a random id, of which the other half is enough to order jobs by id. */
static const char *priority(const Job *job)
{
    return job->record.id + (JOB_ID_SIZE - 1) / 2;
}

/* The leftmost, where several are what is looked for. */
static Job *tree_find(const Tree *tree, Job *job, const void *wanted)
{
    Job *found = NULL;

    while (job) {
        int order = tree->compare(wanted, job);

        if (order == 0)
            found = job;
        job = order <= 0 ? links_of(tree, job)->left : links_of(tree, job)->right;
    }
    return found;
}

/* The leftmost to the right of what is looked for. */
static Job *tree_find_next(const Tree *tree, Job *job, const void *wanted)
{
    Job *next = NULL;

    while (job) {
        bool is_right = tree->compare(wanted, job) < 0;

        if (is_right)
            next = job;
        job = is_right ? links_of(tree, job)->left : links_of(tree, job)->right;
    }
    return next;
}

/* Goes down as far as priorities allow, and splits what is below it into its two sides. wanted: the
 * job, as compare() takes it. */
static void tree_add(const Tree *tree, Job **at, Job *job, const void *wanted)
{
    Job **left = &links_of(tree, job)->left, **right = &links_of(tree, job)->right, *rest;

    while (*at && strcmp(priority(*at), priority(job)) <= 0)
        at = tree->compare(wanted, *at) < 0 ? &links_of(tree, *at)->left
                                            : &links_of(tree, *at)->right;
    rest = *at;
    *at = job;
    while (rest) {
        if (tree->compare(wanted, rest) < 0) {
            *right = rest;
            right = &links_of(tree, rest)->left;
            rest = *right;
        } else {
            *left = rest;
            left = &links_of(tree, rest)->right;
            rest = *left;
        }
    }
    *left = *right = NULL;
}

/* Its two sides, joined by priority, take its place. */
static void tree_remove(const Tree *tree, Job **at, Job *job, const void *wanted)
{
    Job *left = links_of(tree, job)->left, *right = links_of(tree, job)->right;

    while (*at != job) {
        assert(*at);
        at = tree->compare(wanted, *at) < 0 ? &links_of(tree, *at)->left
                                            : &links_of(tree, *at)->right;
    }
    while (left && right)
        if (strcmp(priority(left), priority(right)) <= 0) {
            *at = left;
            at = &links_of(tree, left)->right;
            left = *at;
        } else {
            *at = right;
            at = &links_of(tree, right)->left;
            right = *at;
        }
    *at = left ? left : right;
}

static int compare_ids(const void *wanted, const Job *job)
{
    return strcmp(wanted, job->record.id);
}

typedef struct Wanted {
    JobKey key;
    const Target *target; /* NULL: any */
} Wanted;

/* One import's jobs stand side by side, whatever their targets. */
static int compare_keys(const void *data, const Job *job)
{
    const Wanted *wanted = data;
    const JobKey *key = &wanted->key;
    int r;

    if (key->kind != job->record.kind)
        return key->kind < job->record.kind ? -1 : 1;
    if (key->service != job->record.service)
        return key->service < job->record.service ? -1 : 1;
    r = strcmp(key->import_id, job->record.import_id);
    if (r != 0 || !wanted->target || wanted->target == job->target)
        return r;
    return (uintptr_t)wanted->target < (uintptr_t)job->target ? -1 : 1;
}

static const Tree by_id = {compare_ids, offsetof(Job, registered.by_id)};
static const Tree by_key = {compare_keys, offsetof(Job, registered.by_key)};

Job *job_index_find(const JobIndex *index, const char *id)
{
    return tree_find(&by_id, index->by_id, id);
}

Job *job_index_find_key(const JobIndex *index, const Target *target, const JobKey *key)
{
    return tree_find(&by_key, index->by_key, &(Wanted){*key, target});
}

static Wanted wanted_of(const Job *job)
{
    return (Wanted){job_record_key(&job->record), job->target};
}

Job *job_index_next_of_key(const JobIndex *index, const Job *job)
{
    Wanted wanted = wanted_of(job);
    Job *next = tree_find_next(&by_key, index->by_key, &wanted);

    wanted.target = NULL;
    return next && compare_keys(&wanted, next) == 0 ? next : NULL;
}

void job_index_close_to_joins(JobIndex *index, Job *job)
{
    Wanted wanted = wanted_of(job);

    if (job->registered.joinable)
        tree_remove(&by_key, &index->by_key, job, &wanted);
    job->registered.joinable = false;
}

void job_index_remove(JobIndex *index, Job *job)
{
    tree_remove(&by_id, &index->by_id, job, job->record.id);
    job_index_close_to_joins(index, job);
}

/* A job without target is found by its id alone, and so is one that has ended, or that a store has
 * twice which somebody else wrote to. */
void job_index_add(JobIndex *index, Job *job)
{
    Wanted wanted = wanted_of(job);

    tree_add(&by_id, &index->by_id, job, job->record.id);
    job->registered.joinable = job->target && !tree_find(&by_key, index->by_key, &wanted);
    if (job->registered.joinable)
        tree_add(&by_key, &index->by_key, job, &wanted);
}
