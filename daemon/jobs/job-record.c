/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/time.h"

/* Import > ImportSource > S3, see CloudTrail's GetImport. */
#define IMPORT_DEPTH_MAX 4U

static const char *const state_names[] = {
#define JOB_STATE_ACTIVE(symbol, name, ...) name,
#define JOB_STATE_FINAL(symbol, name, ...) name,
#include "common/job-states.def"
};
_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == N_JOB_STATES, "a name each");

const char *job_state_name(JobState state)
{
    assert(state < N_JOB_STATES);
    return state_names[state];
}

int job_state_parse(const char *name, JobState *ret)
{
    for (JobState state = 0; state < N_JOB_STATES; state++)
        if (strcmp(name, state_names[state]) == 0) {
            *ret = state;
            return 0;
        }
    return -EINVAL;
}

void job_record_clear(JobRecord *record)
{
    free(record->target);
    free(record->reason);
    free(record->import);
    call_error_clear(&record->last_error);
    call_error_clear(&record->refusal);
    *record = (JobRecord){0};
}

static int add_time(json_object *object, const char *key, uint64_t realtime_usec)
{
    char text[RFC3339_SIZE];

    if (realtime_usec == 0)
        return 0;
    return json_add_string(object, key, time_format_rfc3339(realtime_usec, text));
}

static json_object *requester_to_json(const Requester *requester)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_int64(object, "uid", requester->uid) < 0 ||
        json_add_int64(object, "gid", requester->gid) < 0 ||
        json_add_int64(object, "pid", requester->pid) < 0)
        return NULL;
    return TAKE(object);
}

int job_record_read_import(const JobRecord *record, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    int r = 0;

    if (record->import)
        r = json_read(record->import, strlen(record->import), IMPORT_DEPTH_MAX, &import);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || (record->import && !json_object_is_type(import, json_type_object)))
        return -EUCLEAN;
    *ret = TAKE(import);
    return 0;
}

int job_record_to_json(const JobRecord *record, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *job = json_object_new_object();
    json_object *import = NULL;
    int r;

    if (!job || json_add_string(job, "id", record->id) < 0 ||
        json_add_string(job, "target", record->target) < 0 ||
        json_add_string(job, "importId", record->import_id) < 0 ||
        json_add_string(job, "state", job_state_name(record->state)) < 0 ||
        json_add_bool(job, "alreadyStopped", record->already_stopped) < 0 ||
        json_add(job, "requester", requester_to_json(&record->requester)) < 0 ||
        json_add_string(job, "reason", record->reason) < 0 ||
        add_time(job, "requestedAt", record->requested_usec) < 0 ||
        add_time(job, "updatedAt", record->updated_usec) < 0 ||
        add_time(job, "finishedAt", record->finished_usec) < 0 ||
        add_time(job, "deadline", record->deadline_usec) < 0 ||
        json_add_int64(job, "attempts", record->attempts) < 0 ||
        json_add_int64(job, "polls", record->polls) < 0)
        return -ENOMEM;
    if (record->last_error.code &&
        json_add(job, "lastError", call_error_to_json(&record->last_error)) < 0)
        return -ENOMEM;
    r = job_record_read_import(record, &import);
    if (r < 0)
        return r;
    if (import && json_add(job, "import", import) < 0)
        return -ENOMEM;
    *ret = TAKE(job);
    return 0;
}
