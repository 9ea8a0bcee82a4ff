/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-journal.h"

#include <assert.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/aws/cloudtrail.h"

static json_object *read_import(const JobRecord *record)
{
    json_object *import = NULL;

    (void)job_record_read_import(record, &import); /* without memory, less is told */
    return import;
}

static void add_import_status(JournalEntry *entry, json_object *import)
{
    const char *status = import ? cloudtrail_import_status_name(import) : NULL;

    if (status)
        journal_add(entry, "TRAILSTOP_IMPORT_STATUS", "%s", status);
}

void job_journal_add_names(JournalEntry *entry, const JobRecord *record)
{
    journal_add(entry, "TRAILSTOP_JOB", "%s", record->id);
    journal_add(entry, "TRAILSTOP_TARGET", "%s", record->target);
    journal_add(entry, "TRAILSTOP_IMPORT_ID", "%s", record->import_id);
    journal_add(entry, "TRAILSTOP_STATE", "%s", job_state_name(record->state));
}

static void add_job(JournalEntry *entry, const JobRecord *record)
{
    CLEANUP(json_object_putp) json_object *import = read_import(record);

    job_journal_add_names(entry, record);
    add_import_status(entry, import);
}

void job_journal_add_requester(JournalEntry *entry, const Requester *requester, const char *reason)
{
    journal_add(entry, "TRAILSTOP_REQUESTER_UID", "%u", requester->uid);
    journal_add(entry, "TRAILSTOP_REQUESTER_GID", "%u", requester->gid);
    journal_add(entry, "TRAILSTOP_REQUESTER_PID", "%d", requester->pid);
    if (reason)
        journal_add(entry, "TRAILSTOP_REASON", "%s", reason);
}

void job_journal_accepted(const JobRecord *record)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_REQUEST_ACCEPTED);
    add_job(&entry, record);
    job_journal_add_requester(&entry, &record->requester, record->reason);
    journal_send(&entry, "Accepted: stop import %s of target %s, for uid %u (job %s)",
                 record->import_id, record->target, record->requester.uid, record->id);
}

void job_journal_joined(const JobRecord *record, const Requester *requester, const char *reason)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_REQUEST_JOINED);
    add_job(&entry, record);
    job_journal_add_requester(&entry, requester, reason);
    journal_send(&entry, "Joined: uid %u asks to stop import %s of target %s too (job %s)",
                 requester->uid, record->import_id, record->target, record->id);
}

void job_journal_stop_accepted(const JobRecord *record)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_STOP_ACCEPTED);
    add_job(&entry, record);
    journal_add(&entry, "TRAILSTOP_ATTEMPTS", "%u", record->attempts);
    journal_send(&entry, "CloudTrail accepted to stop import %s of target %s", record->import_id,
                 record->target);
}

static void add_statistics(JournalEntry *entry, json_object *import)
{
    static const struct {
        const char *member, *field;
    } members[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) {member, field},
#include "common/import-members.def"
#undef IMPORT_STATISTIC
    };
    json_object *statistics;
    int64_t value;

    if (!import || json_get_object(import, "ImportStatistics", &statistics) <= 0)
        return;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_int64(statistics, members[i].member, &value) > 0)
            journal_add(entry, members[i].field, "%lld", (long long)value);
}

static const struct {
    JournalEvent event;
    const char *said;
} ends[] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, status, said, sentence)             \
    {EVENT_##event, said},
#include "common/job-states.def"
};
_Static_assert(sizeof(ends) / sizeof(ends[0]) == N_JOB_STATES - N_ACTIVE_JOB_STATES,
               "an event for each end");

void job_journal_end(const JobRecord *record, const Requester *canceller)
{
    CLEANUP(json_object_putp) json_object *import = read_import(record);
    uint64_t elapsed_usec = job_record_elapsed_usec(record);
    const CallError *error = &record->last_error;
    char elapsed[TIMESPAN_SIZE];
    JournalEntry entry;

    assert(job_state_is_final(record->state));
    journal_begin(&entry, ends[record->state - N_ACTIVE_JOB_STATES].event);
    job_journal_add_names(&entry, record);
    add_import_status(&entry, import);
    job_journal_add_requester(&entry, &record->requester, record->reason);
    if (record->state == JOB_CANCELLED) {
        journal_add(&entry, "TRAILSTOP_CANCELLER_UID", "%u", canceller->uid);
        journal_add(&entry, "TRAILSTOP_CANCELLER_GID", "%u", canceller->gid);
        journal_add(&entry, "TRAILSTOP_CANCELLER_PID", "%d", canceller->pid);
    }
    add_statistics(&entry, import);
    journal_add(&entry, "TRAILSTOP_ATTEMPTS", "%u", record->attempts);
    journal_add(&entry, "TRAILSTOP_POLLS", "%u", record->polls);
    journal_add(&entry, "TRAILSTOP_ELAPSED_USEC", "%llu", (unsigned long long)elapsed_usec);
    journal_add_error(&entry, error);
    journal_send(&entry, "Import %s of target %s %s (%s)%s%s", record->import_id, record->target,
                 ends[record->state - N_ACTIVE_JOB_STATES].said,
                 timespan_format(elapsed_usec, elapsed), error->code ? ": " : "",
                 error->code ? (error->message ? error->message : error->code) : "");
}
