/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-record.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/json.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/aws/import-operations.h"

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

#define BIT(state) (1U << JOB_##state)

/* Any state that lasts: they are the last ones. */
#define ENDS (~0U << N_ACTIVE_JOB_STATES)

/* Which states may follow each that a job passes through; none follows an end. A job goes back only
 * from a StopImport that was withheld. */
static const unsigned successors[] = {
    [JOB_QUEUED] = BIT(QUEUED) | BIT(STOPPING) | BIT(POLLING) | ENDS, /* a wait polls at once */
    [JOB_STOPPING] = BIT(QUEUED) | BIT(STOPPING) | BIT(POLLING) | ENDS,
    [JOB_POLLING] = BIT(POLLING) | ENDS,
};
_Static_assert(sizeof(successors) / sizeof(successors[0]) == N_ACTIVE_JOB_STATES,
               "successors of each state that does not last");
_Static_assert(N_JOB_STATES <= 32, "a bit for each state");

bool job_state_may_follow(JobState from, JobState to)
{
    return !job_state_is_final(from) && successors[from] & 1U << to;
}

JobKey job_record_key(const JobRecord *record)
{
    return (JobKey){
        .kind = record->kind,
        .service = record->service,
        .import_id = record->import_id,
    };
}

uint64_t job_record_elapsed_usec(const JobRecord *record)
{
    return time_since(record->requested_usec, record->finished_usec);
}

static const char *const kind_names[] = {[JOB_STOP] = "stop", [JOB_WAIT] = "wait"};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == N_JOB_KINDS, "a name each");

const char *job_kind_name(JobKind kind)
{
    assert(kind < N_JOB_KINDS);
    return kind_names[kind];
}

int job_kind_parse(const char *name, JobKind *ret)
{
    for (JobKind kind = 0; kind < N_JOB_KINDS; kind++)
        if (strcmp(name, kind_names[kind]) == 0) {
            *ret = kind;
            return 0;
        }
    return -EINVAL;
}

bool job_ended_well(JobKind kind, JobState state)
{
    static const JobState goals[] = {[JOB_STOP] = JOB_STOPPED, [JOB_WAIT] = JOB_COMPLETED};

    _Static_assert(sizeof(goals) / sizeof(goals[0]) == N_JOB_KINDS, "a goal each");
    assert(kind < N_JOB_KINDS);
    return state == goals[kind];
}

int job_message_copy(JobMessage *ret, const JobMessage *message)
{
    JobMessage copy = {.receives = message->receives};

    if (string_copy(message->queue, &copy.queue) < 0 || string_copy(message->id, &copy.id) < 0 ||
        string_copy(message->sender, &copy.sender) < 0) {
        job_message_clear(&copy);
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

void job_message_clear(JobMessage *message)
{
    free(message->queue);
    free(message->id);
    free(message->sender);
    *message = (JobMessage){0};
}

bool job_message_may_repeat(const JobMessage *message)
{
    return message->queue && message->receives != 1;
}

/* Those that never change. */
static const size_t texts[] = {
    offsetof(JobRecord, import_id),
    offsetof(JobRecord, target),
    offsetof(JobRecord, reason),
    offsetof(JobRecord, guard),
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static char **text_of(JobRecord *record, size_t i)
{
    return (char **)((char *)record + texts[i]);
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t job_record_texts_size(JobRecord *record)
{
    size_t size = 0;

    for (size_t i = 0; i < N_TEXTS; i++)
        size += text_size(*text_of(record, i));
    return size;
}

void job_record_move_texts(JobRecord *record, char *memory)
{
    assert(!record->texts_lent);
    for (size_t i = 0; i < N_TEXTS; i++) {
        char **text = text_of(record, i);
        size_t size = text_size(*text);

        if (size == 0)
            continue;
        memcpy(memory, *text, size);
        free(*text);
        *text = memory;
        memory += size;
    }
    record->texts_lent = true;
}

void job_record_clear(JobRecord *record)
{
    for (size_t i = 0; !record->texts_lent && i < N_TEXTS; i++)
        free(*text_of(record, i));
    job_message_clear(&record->message);
    free(record->import);
    call_error_clear(&record->last_error);
    call_error_clear(&record->refusal);
    *record = (JobRecord){0};
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

static void write_time(JsonWriter *writer, const char *key, uint64_t realtime_usec)
{
    char text[RFC3339_SIZE];

    if (realtime_usec > 0)
        json_write_string(writer, key, time_format_rfc3339(realtime_usec, text));
}

static void write_requester(JsonWriter *writer, const Requester *requester)
{
    json_write_begin(writer, "requester", '{');
    json_write_int64(writer, "uid", requester->uid);
    json_write_int64(writer, "gid", requester->gid);
    json_write_int64(writer, "pid", requester->pid);
    json_write_end(writer, '}');
}

static void write_message(JsonWriter *writer, const JobMessage *message)
{
    json_write_begin(writer, "message", '{');
    json_write_string(writer, "queue", message->queue);
    json_write_string(writer, "messageId", message->id);
    json_write_string(writer, "senderId", message->sender);
    json_write_int64(writer, "receives", message->receives);
    json_write_end(writer, '}');
}

static void write_place(JsonWriter *writer, const PacerPlace *place)
{
    if (place->before == 0)
        return;
    json_write_begin(writer, "place", '{');
    json_write_int64(writer, "before", (int64_t)place->before);
    json_write_int64(writer, "intervalUsec", (int64_t)place->interval_usec);
    json_write_end(writer, '}');
}

void job_record_write(const JobRecord *record, const JobOutlook *outlook, JsonWriter *writer)
{
    const JobOutlook expected = outlook ? *outlook : (JobOutlook){0};
    const CallError *error = record->last_error.code ? &record->last_error : expected.held_up_by;

    json_write_begin(writer, NULL, '{');
    json_write_string(writer, "id", record->id);
    json_write_string(writer, "kind", job_kind_name(record->kind));
    json_write_string(writer, "target", record->target);
    json_write_string(writer, "service", import_service_name(record->service));
    json_write_string(writer, "importId", record->import_id);
    json_write_string(writer, "state", job_state_name(record->state));
    json_write_bool(writer, "alreadyStopped", record->already_stopped);
    write_requester(writer, &record->requester);
    json_write_string(writer, "reason", record->reason);
    json_write_string(writer, "guard", record->guard);
    if (record->message.queue)
        write_message(writer, &record->message);
    write_time(writer, "requestedAt", record->requested_usec);
    write_time(writer, "updatedAt", record->updated_usec);
    write_time(writer, "finishedAt", record->finished_usec);
    write_time(writer, "deadline", record->deadline_usec);
    json_write_int64(writer, "attempts", record->attempts);
    json_write_int64(writer, "polls", record->polls);
    write_time(writer, "nextCallAt", expected.next_call_usec);
    write_place(writer, &expected.place);
    if (error && error->code)
        call_error_write(error, writer, "lastError");
    json_write_raw(writer, import_operations(record->service)->shown_as, record->import);
    json_write_end(writer, '}');
}

int job_record_to_text(const JobRecord *record, const JobOutlook *outlook, char **ret,
                       size_t *ret_size)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    JsonWriter writer = {0};
    char *text;
    int r = job_record_read_import(record, &import); /* whether it is one */

    if (r < 0)
        return r;
    job_record_write(record, outlook, &writer);
    text = json_writer_take(&writer, ret_size);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}
