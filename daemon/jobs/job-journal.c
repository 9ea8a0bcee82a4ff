/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-journal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/time.h"
#include "common/utf8.h"
#include "daemon/aws/import-operations.h"

/* For an entry that is not written nothing is read. */
static json_object *read_import(const JournalEntry *entry, const JobRecord *record)
{
    json_object *import = NULL;

    if (entry->wanted)
        (void)job_record_read_import(record, &import); /* without memory, less is logged */
    return import;
}

static void add_import_status(JournalEntry *entry, const JobRecord *record, json_object *import)
{
    const char *status =
        import ? import_status_name(import_operations(record->service), import) : NULL;

    if (status)
        journal_add(entry, "TRAILSTOP_IMPORT_STATUS", "%s", status);
}

static void add_identity(JournalEntry *entry, const JobRecord *record)
{
    journal_add(entry, "TRAILSTOP_JOB", "%s", record->id);
    journal_add(entry, "TRAILSTOP_TARGET", "%s", record->target);
    journal_add(entry, "TRAILSTOP_KIND", "%s", job_kind_name(record->kind));
    journal_add(entry, "TRAILSTOP_SERVICE", "%s", import_service_name(record->service));
    journal_add(entry, "TRAILSTOP_IMPORT_ID", "%s", record->import_id);
    journal_add(entry, "TRAILSTOP_STATE", "%s", job_state_name(record->state));
    if (record->guard)
        journal_add(entry, "TRAILSTOP_GUARD", "%s", record->guard);
}

static void add_message(JournalEntry *entry, const JobMessage *message)
{
    if (!message->queue)
        return;
    journal_add(entry, "TRAILSTOP_QUEUE", "%s", message->queue);
    journal_add(entry, "TRAILSTOP_MESSAGE_ID", "%s", message->id);
    if (message->sender)
        journal_add(entry, "TRAILSTOP_SENDER_ID", "%s", message->sender);
}

void job_journal_add_names(JournalEntry *entry, const JobRecord *record)
{
    add_identity(entry, record);
    add_message(entry, &record->message);
}

static void add_job(JournalEntry *entry, const JobRecord *record)
{
    CLEANUP(json_object_putp) json_object *import = read_import(entry, record);

    job_journal_add_names(entry, record);
    add_import_status(entry, record, import);
}

void job_journal_add_requester(JournalEntry *entry, const Requester *requester, const char *reason)
{
    journal_add(entry, "TRAILSTOP_REQUESTER_UID", "%u", requester->uid);
    journal_add(entry, "TRAILSTOP_REQUESTER_GID", "%u", requester->gid);
    journal_add(entry, "TRAILSTOP_REQUESTER_PID", "%d", requester->pid);
    if (reason)
        journal_add(entry, "TRAILSTOP_REASON", "%s", reason);
}

static const char *const verbs[] = {[JOB_STOP] = "stop", [JOB_WAIT] = "wait for"};
_Static_assert(sizeof(verbs) / sizeof(verbs[0]) == N_JOB_KINDS, "a verb each");

#define REQUESTER_SIZE 80U

/* Whichever there is: a guard, a message of a queue, or a user. */
static int describe_requester(const char *guard, const JobMessage *message,
                              const Requester *requester, char ret[static REQUESTER_SIZE])
{
    if (guard)
        return snprintf(ret, REQUESTER_SIZE, "guard %.64s", guard);
    if (message && message->queue)
        return snprintf(ret, REQUESTER_SIZE, "queue %.64s", message->queue);
    return snprintf(ret, REQUESTER_SIZE, "uid %u", requester->uid);
}

void job_journal_accepted(const JobRecord *record)
{
    char requester[REQUESTER_SIZE];
    JournalEntry entry;

    journal_begin(&entry, EVENT_REQUEST_ACCEPTED);
    add_job(&entry, record);
    job_journal_add_requester(&entry, &record->requester, record->reason);
    describe_requester(record->guard, &record->message, &record->requester, requester);
    journal_send(&entry, "Accepted: %s import %s of target %s, for %s (job %s)",
                 verbs[record->kind], record->import_id, record->target, requester, record->id);
}

void job_journal_joined(const JobRecord *record, const JobRequest *request)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    char requester[REQUESTER_SIZE];
    JournalEntry entry;

    journal_begin(&entry, EVENT_REQUEST_JOINED);
    import = read_import(&entry, record);
    add_identity(&entry, record);
    add_message(&entry, request->message ? request->message : &record->message);
    add_import_status(&entry, record, import);
    job_journal_add_requester(&entry, &request->requester, request->reason);
    describe_requester(request->guard, request->message, &request->requester, requester);
    journal_send(&entry, "Joined: %s asks to %s import %s of target %s too (job %s)", requester,
                 verbs[record->kind], record->import_id, record->target, record->id);
}

void job_journal_stop_accepted(const JobRecord *record)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_STOP_ACCEPTED);
    add_job(&entry, record);
    journal_add(&entry, "TRAILSTOP_ATTEMPTS", "%u", record->attempts);
    journal_send(&entry, "%s accepted the request to stop import %s of target %s",
                 import_service_title(record->service), record->import_id, record->target);
}

static void add_statistics(JournalEntry *entry, const JobRecord *record, json_object *import)
{
    static const struct {
        const char *member, *field;
    } members[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) {member, field},
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    };
    json_object *statistics;
    int64_t value;

    if (!import || json_get_object(import, import_operations(record->service)->statistics_member,
                                   &statistics) <= 0)
        return;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_int64(statistics, members[i].member, &value) > 0)
            journal_add(entry, members[i].field, "%lld", (long long)value);
}

#define STATISTICS_SIZE 256U
#define REQUEST_SIZE 256U

/* From 10,000 on in groups of three digits. */
static void format_count(int64_t value, char buffer[static 32])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)value), n = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && length > 4 && (length - i) % 3 == 0)
            buffer[n++] = ',';
        buffer[n++] = digits[i];
    }
    buffer[n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void append(char buffer[static STATISTICS_SIZE],
                                                         const char *format, ...)
{
    size_t length = strlen(buffer);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(buffer + length, STATISTICS_SIZE - length, format, arguments);
    va_end(arguments);
}

/* "1 file", "2 files", "1 failed entry". */
static void append_count(char buffer[static STATISTICS_SIZE], int64_t value, const char *units)
{
    static const char entries[] = "entries";
    size_t length = strlen(units);
    bool irregular =
        length >= strlen(entries) && strcmp(units + length - strlen(entries), entries) == 0;
    const char *ending = "";
    char count[32];

    if (value == 1) {
        length -= irregular ? strlen("ies") : strlen("s");
        ending = irregular ? "y" : "";
    }
    format_count(value, count);
    append(buffer, "%s%s %.*s%s", *buffer ? ", " : "", count, (int)length, units, ending);
}

/* "37 of 48 prefixes, 4170 files, 31,196,400 events, 2 failed entries", or "" where nothing is
 * known. */
static void describe_statistics(const JobRecord *record, json_object *import,
                                char ret[static STATISTICS_SIZE])
{
    static const struct {
        const char *member, *units;
    } members[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) {member, unit},
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    };
    json_object *statistics;
    int64_t found, completed = 0, value;
    char count[32];

    *ret = '\0';
    if (!import || json_get_object(import, import_operations(record->service)->statistics_member,
                                   &statistics) <= 0)
        return;
    if (json_get_int64(statistics, "PrefixesFound", &found) > 0) {
        (void)json_get_int64(statistics, "PrefixesCompleted", &completed);
        format_count(completed, count);
        append(ret, "%s of ", count);
        format_count(found, count);
        append(ret, "%s prefixes", count);
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (members[i].units && json_get_int64(statistics, members[i].member, &value) > 0)
            append_count(ret, value, members[i].units);
}

/* "root: wrong bucket", "guard runaway: 3h old", "queue requests". Names of other users are not
 * looked up: what knows them may not answer. A long reason is cut here and whole in its field. */
static void describe_request(const JobRecord *record, char ret[static REQUEST_SIZE])
{
    const char *reason = record->reason ? record->reason : "";
    size_t room, length = 0, size = strlen(reason), step;
    bool root = record->requester.uid == 0 && !record->guard && !record->message.queue;
    int n = root ? snprintf(ret, REQUEST_SIZE, "root")
                 : describe_requester(record->guard, &record->message, &record->requester, ret);

    if (size == 0)
        return;
    room = REQUEST_SIZE - (size_t)n - sizeof(": ...");
    while (length < size && (step = utf8_character_size(reason + length, size - length)) > 0 &&
           length + step <= room)
        length += step;
    snprintf(ret + n, REQUEST_SIZE - (size_t)n, ": %.*s%s", (int)length, reason,
             length < size ? "..." : "");
}

static const struct {
    JournalEvent event;
    const char *said[N_JOB_KINDS];
} ends[] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, status, said, sentence, wait_error, \
                        wait_status, wait_said, wait_sentence)                                     \
    {EVENT_##event, {[JOB_STOP] = said, [JOB_WAIT] = wait_said}},
#include "common/job-states.def"
};
_Static_assert(sizeof(ends) / sizeof(ends[0]) == N_JOB_STATES - N_ACTIVE_JOB_STATES,
               "an event for each end");

void job_journal_end(const JobRecord *record, const Requester *canceller)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    uint64_t elapsed_usec = job_record_elapsed_usec(record);
    const CallError *error = &record->last_error;
    char elapsed[TIMESPAN_SIZE], statistics[STATISTICS_SIZE], request[REQUEST_SIZE];
    JournalEntry entry;

    assert(job_state_is_final(record->state));
    journal_begin(&entry, ends[record->state - N_ACTIVE_JOB_STATES].event);
    import = read_import(&entry, record);
    job_journal_add_names(&entry, record);
    add_import_status(&entry, record, import);
    job_journal_add_requester(&entry, &record->requester, record->reason);
    if (record->state == JOB_CANCELLED) {
        journal_add(&entry, "TRAILSTOP_CANCELLER_UID", "%u", canceller->uid);
        journal_add(&entry, "TRAILSTOP_CANCELLER_GID", "%u", canceller->gid);
        journal_add(&entry, "TRAILSTOP_CANCELLER_PID", "%d", canceller->pid);
    }
    add_statistics(&entry, record, import);
    journal_add(&entry, "TRAILSTOP_ATTEMPTS", "%u", record->attempts);
    journal_add(&entry, "TRAILSTOP_POLLS", "%u", record->polls);
    journal_add(&entry, "TRAILSTOP_ELAPSED_USEC", "%llu", (unsigned long long)elapsed_usec);
    journal_add_error(&entry, error);
    describe_statistics(record, import, statistics);
    describe_request(record, request);
    journal_send(&entry, "Import %s of target %s %s%s after %s%s%s (asked for by %s)%s%s%s%s",
                 record->import_id, record->target,
                 ends[record->state - N_ACTIVE_JOB_STATES].said[record->kind],
                 job_ended_well(record->kind, record->state) ? "" : ",",
                 timespan_format(elapsed_usec, elapsed), *statistics ? ": " : "", statistics,
                 request, error->code ? ": " : "", error->code ? error->code : "",
                 error->code && error->message ? ": " : "",
                 error->code && error->message ? error->message : "");
}

void job_journal_settled(const JobRecord *record)
{
    CLEANUP(json_object_putp) json_object *import = NULL;
    char statistics[STATISTICS_SIZE];
    JournalEntry entry;

    journal_begin(&entry, EVENT_STATISTICS_SETTLED);
    import = read_import(&entry, record);
    job_journal_add_names(&entry, record);
    add_import_status(&entry, record, import);
    add_statistics(&entry, record, import);
    describe_statistics(record, import, statistics);
    journal_send(&entry, "Final statistics of import %s of target %s%s%s", record->import_id,
                 record->target, *statistics ? ": " : "", statistics);
}
