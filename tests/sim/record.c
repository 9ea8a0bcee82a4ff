/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/clock.h"

struct Record {
    CallLog *log;
    bool log_to_stderr;
    uint64_t n_calls, n_connections, n_tls_handshakes;
    json_object *counts; /* an object of objects: see count_names */
};

static const char *const count_names[] = {"operations", "imports", "queues", "accessKeys",
                                          "accounts",   "errors",  "faults"};
#define N_COUNTS (sizeof(count_names) / sizeof(*count_names))

static json_object *new_counts(void)
{
    CLEANUP(json_object_putp) json_object *counts = json_object_new_object();

    for (size_t i = 0; counts && i < N_COUNTS; i++)
        if (json_add(counts, count_names[i], json_object_new_object()) < 0)
            return NULL;
    return TAKE(counts);
}

void record_free(Record *record)
{
    if (!record)
        return;
    call_log_free(record->log);
    json_object_put(record->counts);
    free(record);
}
DEFINE_CLEANUP(Record, record_free)

int record_new(size_t log_size, bool log_to_stderr, Record **ret)
{
    CLEANUP(record_freep) Record *record = calloc(1, sizeof(*record));
    if (!record)
        return -ENOMEM;
    record->log_to_stderr = log_to_stderr;
    record->counts = new_counts();
    if (!record->counts || call_log_new(log_size, &record->log) < 0)
        return -ENOMEM;
    *ret = TAKE(record);
    return 0;
}

void record_clear(Record *record)
{
    json_object *counts = new_counts();

    if (counts) {
        json_object_put(record->counts);
        record->counts = counts;
    }
    record->n_calls = record->n_connections = record->n_tls_handshakes = 0;
    call_log_clear(record->log);
}

void record_connection(Record *record)
{
    record->n_connections++;
}

void record_tls_handshake(Record *record)
{
    record->n_tls_handshakes++;
}

/* Memory that runs out costs a count, never the call. */
static void count(json_object *counts, const char *name)
{
    json_object *number;

    if (json_object_object_get_ex(counts, name, &number))
        json_object_int_inc(number, 1);
    else
        json_add_int64(counts, name, 1);
}

static json_object *counts_of(const Record *record, const char *name)
{
    return json_object_object_get(record->counts, name);
}

static void count_by(const Record *record, const char *kind, const char *name,
                     const char *operation)
{
    json_object *counts = counts_of(record, kind), *own;

    if (!name)
        return;
    if (!json_object_object_get_ex(counts, name, &own)) {
        own = json_object_new_object();
        if (json_add(counts, name, own) < 0)
            return;
    }
    count(own, operation);
}

uint64_t record_call(Record *record, const CallFacts *facts)
{
    record->n_calls++;
    count(counts_of(record, "operations"), facts->operation);
    count_by(record, "imports", facts->import_id, facts->operation);
    count_by(record, "queues", facts->queue, facts->operation);
    count_by(record, "accessKeys", facts->access_key, facts->operation);
    count_by(record, "accounts", facts->account_id, facts->operation);
    return call_log_add(record->log, facts);
}

void record_fault(Record *record, uint64_t sequence, const char *fault)
{
    LoggedCall *call = call_log_find(record->log, sequence);

    count(counts_of(record, "faults"), fault);
    if (call)
        snprintf(call->fault, sizeof(call->fault), "%s", fault);
}

void record_error(Record *record, uint64_t sequence, const char *code)
{
    LoggedCall *call = call_log_find(record->log, sequence);

    count(counts_of(record, "errors"), code);
    if (call)
        snprintf(call->error, sizeof(call->error), "%s", code);
}

static void log_call(const LoggedCall *call)
{
    const CallFacts *facts = &call->facts;

    fprintf(stderr, "%s %s %s %s: %u%s%s%s%s%s\n", facts->operation,
            facts->import_id ? facts->import_id : "-", facts->access_key ? facts->access_key : "-",
            facts->region ? facts->region : "-", call->status, *call->error ? " " : "", call->error,
            *call->fault ? " (fault: " : "", call->fault, *call->fault ? ")" : "");
}

void record_answer(Record *record, uint64_t sequence, unsigned status)
{
    LoggedCall *call = call_log_find(record->log, sequence);

    if (!call)
        return;
    call->status = status;
    call->answered_usec = clock_monotonic_usec();
    if (record->log_to_stderr)
        log_call(call);
}

json_object *record_to_json(const Record *record, uint64_t last, uint64_t after)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_int64(object, "connections", (int64_t)record->n_connections) < 0 ||
        json_add_int64(object, "tlsHandshakes", (int64_t)record->n_tls_handshakes) < 0 ||
        json_add_int64(object, "calls", (int64_t)record->n_calls) < 0)
        return NULL;
    for (size_t i = 0; i < N_COUNTS; i++)
        if (json_add(object, count_names[i], json_object_get(counts_of(record, count_names[i]))) <
            0)
            return NULL;
    if (json_add(object, "log", call_log_to_json(record->log, last, after)) < 0)
        return NULL;
    return TAKE(object);
}
