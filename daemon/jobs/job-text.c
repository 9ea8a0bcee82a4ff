/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <search.h>

#include "common/json-write.h"
#include "daemon/jobs/job-import.h"

#define SIZE_MAX_TOGETHER ((size_t)256 * 1024)

struct JobTexts {
    TAILQ_HEAD(TextList, JobText) list; /* in the order of their changes */
    void *by_id;                        /* tsearch(3) tree of JobText.id */
    size_t size;                        /* of all of them */
    uint64_t covered;                   /* everything that changed after this is here */
    JobText *made;                      /* the last one that was shown and is not in the list */
};

/* An attempt of its call is under way. */
static bool job_is_calling(const Job *job)
{
    return job && job->call && aws_call_next_usec(job->call) == 0;
}

static size_t text_size(const JobText *text)
{
    return sizeof(*text) + text->size;
}

/* What the error of Stop or Wait needs besides the job. */
static int add_cause(JobText *text, const CallError *error)
{
    JsonWriter writer = {0};
    size_t size;

    call_error_write(error, &writer, NULL);
    text->cause = json_writer_take(&writer, &size);
    text->code = strdup(error->code);
    return text->cause && text->code ? 0 : -ENOMEM;
}

/* When the job calls next, on the wall clock; 0: it is calling. */
static uint64_t job_next_call_usec(const Job *job)
{
    const Timers *timers = job->context->timers;
    uint64_t at_usec = 0;

    if (job->call)
        at_usec = aws_call_next_usec(job->call);
    else if (job->call_usec > 0)
        at_usec = job->call_usec;
    else if (job->outage_wait.place == OUTAGE_WAITING)
        at_usec = outage_next_usec(job->target->outage);
    if (at_usec == 0)
        return 0;
    return timers_realtime_usec(timers) + at_usec - timers_boottime_usec(timers);
}

JobOutlook job_outlook(const Job *job)
{
    JobOutlook outlook = {0};

    if (!job)
        return outlook;
    outlook.next_call_usec = job_next_call_usec(job);
    if (job->outage_wait.place != OUTAGE_APART) /* it waits for its target, or probes it */
        outlook.held_up_by = outage_error(job->target->outage);
    if (job->call)
        (void)aws_call_place(job->call, &outlook.place);
    return outlook;
}

int job_text_new(const JobRecord *record, const Job *job, JobText **ret)
{
    CLEANUP(job_text_freep) JobText *text = calloc(1, sizeof(*text));
    JobOutlook outlook = job_outlook(job);
    JsonWriter writer = {0};

    if (!text)
        return -ENOMEM;
    job_record_write(record, &outlook, &writer);
    text->text = json_writer_take(&writer, &text->size);
    if (!text->text)
        return -ENOMEM;
    strcpy(text->id, record->id);
    text->change = record->change;
    text->calling = job_is_calling(job);
    text->kind = record->kind;
    text->state = record->state;
    if (record->state == JOB_REFUSED && record->last_error.code &&
        add_cause(text, &record->last_error) < 0)
        return -ENOMEM;
    *ret = TAKE(text);
    return 0;
}

void job_text_free(JobText *text)
{
    if (!text)
        return;
    free(text->text);
    free(text->cause);
    free(text->code);
    free(text);
}

int job_text_make(Store *store, const char *id, const Job *job, JobText **ret)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    JobRecord record;
    int r;

    if (job && !job_import_is_away(job))
        return job_text_new(&job->record, job, ret);
    r = store_get(store, id, &record);
    if (r < 0)
        return r;
    r = job_record_read_import(&record, &import); /* whether it is one */
    if (r >= 0)
        r = job_text_new(&record, job, ret);
    job_record_clear(&record);
    return r;
}

int job_texts_new(uint64_t last_change, JobTexts **ret)
{
    JobTexts *texts = malloc(sizeof(*texts));

    if (!texts)
        return -ENOMEM;
    *texts = (JobTexts){.covered = last_change};
    TAILQ_INIT(&texts->list);
    *ret = texts;
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void texts_remove(JobTexts *texts, JobText *text)
{
    assert(texts->size >= text_size(text));
    tdelete(text->id, &texts->by_id, compare_ids);
    TAILQ_REMOVE(&texts->list, text, entry);
    texts->size -= text_size(text);
    job_text_free(text);
}

void job_texts_free(JobTexts *texts)
{
    JobText *text;

    if (!texts)
        return;
    while ((text = TAILQ_FIRST(&texts->list)))
        texts_remove(texts, text);
    job_text_free(texts->made);
    free(texts);
}

static JobText *texts_find(const JobTexts *texts, const char *id)
{
    char **node = tfind(id, &texts->by_id, compare_ids);

    return node ? (JobText *)(*node - offsetof(JobText, id)) : NULL;
}

void job_texts_add(JobTexts *texts, const char *id, uint64_t change, JobText *text)
{
    JobText *oldest, *former = texts_find(texts, id);

    assert(!text || text->change == change);
    assert(TAILQ_EMPTY(&texts->list) || TAILQ_LAST(&texts->list, TextList)->change < change);
    if (former)
        texts_remove(texts, former);
    if (!text || !tsearch(text->id, &texts->by_id, compare_ids)) {
        job_text_free(text);
        texts->covered = change;
        return;
    }
    TAILQ_INSERT_TAIL(&texts->list, text, entry);
    texts->size += text_size(text);
    while (texts->size > SIZE_MAX_TOGETHER && (oldest = TAILQ_FIRST(&texts->list)) != text) {
        if (texts->covered < oldest->change)
            texts->covered = oldest->change;
        texts_remove(texts, oldest);
    }
}

bool job_texts_cover(const JobTexts *texts, uint64_t change)
{
    return change >= texts->covered;
}

/* Most ask for the latest ones: hence from the end. */
const JobText *job_texts_after(const JobTexts *texts, uint64_t change)
{
    const JobText *text, *first = NULL;

    TAILQ_FOREACH_REVERSE (text, &texts->list, TextList, entry) {
        if (text->change <= change)
            break;
        first = text;
    }
    return first;
}

/* That it calls, and its place in the queue, are not changes that are saved, so the text at hand
 * may not have them. */
static bool text_is_current(const JobText *text, const Job *job)
{
    PacerPlace place;

    return text->change == job->record.change && text->calling == job_is_calling(job) &&
           !(job->call && aws_call_place(job->call, &place));
}

int job_texts_show(JobTexts *texts, Store *store, const char *id, const Job *job,
                   const JobText **ret)
{
    const JobText *text = texts_find(texts, id);
    int r;

    if (!text || (job && !text_is_current(text, job))) {
        job_text_free(TAKE(texts->made));
        r = job_text_make(store, id, job, &texts->made);
        if (r < 0)
            return r;
        text = texts->made;
    }
    *ret = text;
    return 1;
}
