/* SPDX-License-Identifier: Apache-2.0 */
#include "client/job-view.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/time.h"

const char *const job_statistic_labels[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) [IMPORT_##symbol] = label,
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
};

static int read_strings(json_object *json, JobView *job)
{
    const struct {
        const char *key;
        const char **value;
    } members[] = {
        {"id", &job->id},
        {"kind", &job->kind},
        {"target", &job->target},
        {"service", &job->service},
        {"importId", &job->import_id},
        {"state", &job->state},
        {"reason", &job->reason},
        {"guard", &job->guard},
        {"requestedAt", &job->requested_at},
        {"updatedAt", &job->updated_at},
        {"finishedAt", &job->finished_at},
        {"deadline", &job->deadline},
        {"nextCallAt", &job->next_call_at},
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_string(json, members[i].key, members[i].value) < 0)
            return -EBADMSG;
    return job->id && job->import_id && job->state ? 0 : -EBADMSG;
}

static int read_error(json_object *json, JobView *job)
{
    json_object *error = NULL;

    if (json_get_object(json, "lastError", &error) < 0 ||
        json_get_string(error, "code", &job->error_code) < 0 ||
        json_get_string(error, "message", &job->error_message) < 0 ||
        json_get_string(error, "requestId", &job->error_request_id) < 0 ||
        json_get_int64(error, "httpStatus", &job->error_http_status) < 0)
        return -EBADMSG;
    return 0;
}

static int read_message(json_object *json, JobView *job)
{
    json_object *message = NULL;

    if (json_get_object(json, "message", &message) < 0 ||
        json_get_string(message, "queue", &job->queue) < 0 ||
        json_get_string(message, "messageId", &job->message_id) < 0 ||
        json_get_string(message, "senderId", &job->sender_id) < 0 ||
        json_get_int64(message, "receives", &job->receives) < 0)
        return -EBADMSG;
    return 0;
}

static int read_place(json_object *json, JobView *job)
{
    json_object *place = NULL;

    return json_get_object(json, "place", &place) < 0 ||
                   json_get_int64(place, "before", &job->calls_before) < 0 ||
                   json_get_int64(place, "intervalUsec", &job->interval_usec) < 0
               ? -EBADMSG
               : 0;
}

static int read_import(json_object *json, JobView *job)
{
    static const char *const members[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) [IMPORT_##symbol] = member,
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    };
    json_object *statistics = NULL, *task = NULL;

    if (json_get_object(json, "import", &job->import) < 0 ||
        json_get_string(job->import, "ImportStatus", &job->status) < 0 ||
        json_get_object(job->import, "ImportStatistics", &statistics) < 0 ||
        json_get_object(json, "task", &task) < 0)
        return -EBADMSG;
    if (task) {
        job->import = task;
        if (json_get_string(task, "importStatus", &job->status) < 0 ||
            json_get_object(task, "importStatistics", &statistics) < 0)
            return -EBADMSG;
    }
    for (ImportStatistic i = 0; i < N_IMPORT_STATISTICS; i++) {
        job->statistics[i] = -1;
        if (json_get_int64(statistics, members[i], &job->statistics[i]) < 0)
            return -EBADMSG;
    }
    return 0;
}

int job_view_read(json_object *json, JobView *ret)
{
    JobView job = {
        .uid = -1,
        .pid = -1,
        .attempts = -1,
        .polls = -1,
        .error_http_status = -1,
        .receives = -1,
    };
    json_object *requester = NULL;

    if (read_strings(json, &job) < 0 || read_error(json, &job) < 0 || read_import(json, &job) < 0 ||
        read_place(json, &job) < 0 || read_message(json, &job) < 0 ||
        json_get_bool(json, "alreadyStopped", &job.already_stopped) < 0 ||
        json_get_int64(json, "attempts", &job.attempts) < 0 ||
        json_get_int64(json, "polls", &job.polls) < 0 ||
        json_get_object(json, "requester", &requester) < 0 ||
        json_get_int64(requester, "uid", &job.uid) < 0 ||
        json_get_int64(requester, "pid", &job.pid) < 0)
        return -EBADMSG;
    *ret = job;
    return 0;
}

JobView job_view_again(json_object *json)
{
    JobView job;
    int r = job_view_read(json, &job);

    assert(r == 0);
    return job;
}

static const struct {
    const char *name;
    bool final;
} states[] = {
#define JOB_STATE_ACTIVE(symbol, name, ...) {name, false},
#define JOB_STATE_FINAL(symbol, name, ...) {name, true},
#include "common/job-states.def"
    {"unknown", false},
};
_Static_assert(sizeof(states) / sizeof(states[0]) == N_JOB_STATES + 1, "a row each");

JobState job_state_find(const char *name)
{
    JobState state = 0;

    while (state < N_JOB_STATES && strcmp(name, states[state].name) != 0)
        state++;
    return state;
}

const char *job_state_name(JobState state)
{
    return states[state].name;
}

bool job_state_is_final(JobState state)
{
    return states[state].final;
}

const char *job_state_names(char buffer[static JOB_STATE_NAMES_SIZE])
{
    static const char list[] =
#define JOB_STATE_ACTIVE(symbol, name, ...) ", " name
#define JOB_STATE_FINAL(symbol, name, ...) ", " name
#include "common/job-states.def"
        ;
    const char *last = strrchr(list, ',');

    _Static_assert(sizeof(list) + sizeof(" or") <= JOB_STATE_NAMES_SIZE, "room for all");
    snprintf(buffer, JOB_STATE_NAMES_SIZE, "%.*s or%s", (int)(last - list) - 2, list + 2, last + 1);
    return buffer;
}

bool job_view_is_final(const JobView *job)
{
    return job_state_is_final(job_state_find(job->state));
}

uint64_t job_view_elapsed_usec(const JobView *job)
{
    uint64_t from, to;

    if (!job->requested_at || time_parse_rfc3339(job->requested_at, &from) < 0)
        return 0;
    if (!job->finished_at || time_parse_rfc3339(job->finished_at, &to) < 0)
        to = time_now_realtime();
    return time_since(from, to);
}

const char *job_view_format_prefixes(const JobView *job, char buffer[static JOB_VIEW_PREFIXES_SIZE])
{
    int64_t found = job->statistics[IMPORT_PREFIXES_FOUND];
    int64_t completed = job->statistics[IMPORT_PREFIXES_COMPLETED];

    if (found >= 0)
        snprintf(buffer, JOB_VIEW_PREFIXES_SIZE, "%" PRId64 "/%" PRId64,
                 completed < 0 ? 0 : completed, found);
    else if (completed >= 0)
        snprintf(buffer, JOB_VIEW_PREFIXES_SIZE, "%" PRId64, completed);
    else
        buffer[0] = '\0';
    return buffer;
}

/* The place was sent once; how much of the queue is left follows from the time of the call. */
static int64_t calls_before(const JobView *job)
{
    uint64_t at_usec, now_usec = time_now_realtime(), left;

    if (job->calls_before <= 0 || job->interval_usec <= 0 || !job->next_call_at ||
        time_parse_rfc3339(job->next_call_at, &at_usec) < 0 || at_usec <= now_usec)
        return 0;
    left = (at_usec - now_usec) / (uint64_t)job->interval_usec;
    return left < (uint64_t)job->calls_before ? (int64_t)left : job->calls_before;
}

const char *job_view_format_place(const JobView *job, char buffer[static JOB_VIEW_PLACE_SIZE])
{
    char interval[TIMESPAN_SIZE];
    int64_t before = calls_before(job);

    if (before == 0)
        return NULL;
    if (job->interval_usec <= (int64_t)USEC_PER_SEC)
        snprintf(buffer, JOB_VIEW_PLACE_SIZE, "%" PRId64 " before it, %.4g a second", before,
                 (double)USEC_PER_SEC / (double)job->interval_usec);
    else
        snprintf(buffer, JOB_VIEW_PLACE_SIZE, "%" PRId64 " before it, 1 every %s", before,
                 timespan_format((uint64_t)job->interval_usec, interval));
    return buffer;
}

const char *job_view_note(const JobView *job, char buffer[static JOB_VIEW_PLACE_SIZE])
{
    const char *place = job->error_code ? NULL : job_view_format_place(job, buffer);

    return job->error_code        ? job->error_code
           : place                ? place
           : job->already_stopped ? "was stopped already"
                                  : NULL;
}
