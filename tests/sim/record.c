#include "tests/sim/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/http.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/clock.h"

/* A call in the log. The headers, most of it, stay text until someone asks for them. */
typedef struct Entry {
    uint64_t sequence; /* 0: none yet */
    uint64_t received_usec;
    json_object *facts;
    char *headers; /* name, value, name, value… each ended by NUL; ended by an empty name */
} Entry;

struct Record {
    Entry *log; /* a ring: number n is at n % log_size */
    size_t log_size;
    bool log_to_stderr;
    uint64_t last_sequence;
    uint64_t n_calls, n_connections, n_tls_handshakes;
    json_object *counts; /* operations, imports, accessKeys, errors, faults */
};

static const char *const count_names[] = {"operations", "imports", "accessKeys", "errors",
                                          "faults"};
#define N_COUNTS (sizeof(count_names) / sizeof(*count_names))

static json_object *new_counts(void)
{
    CLEANUP(json_object_putp) json_object *counts = json_object_new_object();

    for (size_t i = 0; counts && i < N_COUNTS; i++)
        if (json_add(counts, count_names[i], json_object_new_object()) < 0)
            return NULL;
    return TAKE(counts);
}

static void clear_entry(Entry *entry)
{
    json_object_put(entry->facts);
    free(entry->headers);
    *entry = (Entry){0};
}

void record_free(Record *record)
{
    if (!record)
        return;
    for (size_t i = 0; record->log && i < record->log_size; i++)
        clear_entry(&record->log[i]);
    free(record->log);
    json_object_put(record->counts);
    free(record);
}
DEFINE_CLEANUP(Record, record_free)

int record_new(size_t log_size, bool log_to_stderr, Record **ret)
{
    CLEANUP(record_freep) Record *record = calloc(1, sizeof(*record));
    if (!record)
        return -ENOMEM;
    record->log_size = log_size;
    record->log_to_stderr = log_to_stderr;
    record->log = calloc(log_size, sizeof(*record->log));
    record->counts = new_counts();
    if (!record->log || !record->counts)
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
    for (size_t i = 0; i < record->log_size; i++)
        clear_entry(&record->log[i]);
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

static char *copy_headers(const struct evkeyvalq *headers)
{
    const struct evkeyval *header;
    size_t size = 1;

    TAILQ_FOREACH(header, headers, next)
    size += strlen(header->key) + strlen(header->value) + 2;
    char *copy = malloc(size), *at = copy;
    if (!copy)
        return NULL;
    TAILQ_FOREACH(header, headers, next)
    {
        at = stpcpy(at, header->key) + 1;
        at = stpcpy(at, header->value) + 1;
    }
    *at = '\0';
    return copy;
}

static json_object *headers_to_json(const char *headers)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    for (const char *at = headers; array && *at;) {
        json_object *pair = json_object_new_array_ext(2);
        const char *value = at + strlen(at) + 1;
        if (!pair || json_object_array_add(array, pair) < 0 ||
            json_object_array_add(pair, json_object_new_string(at)) < 0 ||
            json_object_array_add(pair, json_object_new_string(value)) < 0)
            return NULL;
        at = value + strlen(value) + 1;
    }
    return TAKE(array);
}

/* amz-sdk-request: attempt=1; max=3 */
static int add_attempt(json_object *object, const struct evkeyvalq *headers)
{
    const char *header = evhttp_find_header(headers, "amz-sdk-request");
    const char *at = header ? strstr(header, "attempt=") : NULL;
    int64_t attempt;

    if (!at || sscanf(at, "attempt=%" SCNd64, &attempt) != 1)
        return 0;
    return json_add_int64(object, "attempt", attempt);
}

static json_object *facts_to_json(const CallFacts *facts, uint64_t sequence, uint64_t usec)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const struct evkeyvalq *headers = facts->headers;

    if (!object || json_add_int64(object, "sequence", (int64_t)sequence) < 0 ||
        json_add_int64(object, "receivedUsec", (int64_t)usec) < 0 ||
        json_add_string(object, "peer", facts->peer) < 0 ||
        json_add_string(object, "operation", facts->operation) < 0 ||
        json_add_string(object, "importId", facts->import_id) < 0 ||
        json_add_string(object, "accessKey", facts->access_key) < 0 ||
        json_add_string(object, "region", facts->region) < 0 ||
        json_add_string(object, "userAgent", evhttp_find_header(headers, "User-Agent")) < 0 ||
        json_add_string(object, "invocationId",
                        evhttp_find_header(headers, "amz-sdk-invocation-id")) < 0 ||
        add_attempt(object, headers) < 0 || json_add_string(object, "method", facts->method) < 0 ||
        json_add_string(object, "uri", facts->uri) < 0 ||
        json_add(object, "body",
                 json_object_new_string_len(facts->body_size > 0 ? facts->body : "",
                                            (int)facts->body_size)) < 0)
        return NULL;
    return TAKE(object);
}

uint64_t record_call(Record *record, const CallFacts *facts)
{
    uint64_t sequence = ++record->last_sequence;
    Entry *entry = &record->log[sequence % record->log_size];

    record->n_calls++;
    count(counts_of(record, "operations"), facts->operation);
    count_by(record, "imports", facts->import_id, facts->operation);
    count_by(record, "accessKeys", facts->access_key, facts->operation);

    clear_entry(entry);
    uint64_t now_usec = clock_monotonic_usec();
    Entry fresh = {.sequence = sequence,
                   .received_usec = now_usec,
                   .facts = facts_to_json(facts, sequence, now_usec),
                   .headers = copy_headers(facts->headers)};
    if (!fresh.facts || !fresh.headers) {
        clear_entry(&fresh);
        return 0;
    }
    *entry = fresh;
    return sequence;
}

/* NULL once the ring has come around. */
static json_object *facts_of(const Record *record, uint64_t sequence)
{
    const Entry *entry = &record->log[sequence % record->log_size];

    return entry->sequence == sequence ? entry->facts : NULL;
}

void record_fault(Record *record, uint64_t sequence, const char *fault)
{
    json_object *facts = facts_of(record, sequence);

    count(counts_of(record, "faults"), fault);
    if (facts)
        json_add_string(facts, "fault", fault);
}

void record_error(Record *record, uint64_t sequence, const char *code)
{
    json_object *facts = facts_of(record, sequence);

    count(counts_of(record, "errors"), code);
    if (facts)
        json_add_string(facts, "error", code);
}

void record_request_id(Record *record, uint64_t sequence, const char *request_id)
{
    json_object *facts = facts_of(record, sequence);

    if (facts)
        json_add_string(facts, "requestId", request_id);
}

static void log_answer(json_object *facts, unsigned status)
{
    static const char *const names[] = {"operation", "importId", "accessKey", "region"};
    const char *text;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        fprintf(stderr, "%s ", json_get_string(facts, names[i], &text) > 0 ? text : "-");
    fprintf(stderr, "%u", status);
    if (json_get_string(facts, "error", &text) > 0)
        fprintf(stderr, " %s", text);
    if (json_get_string(facts, "fault", &text) > 0)
        fprintf(stderr, " (fault: %s)", text);
    fputc('\n', stderr);
}

void record_answer(Record *record, uint64_t sequence, unsigned status)
{
    json_object *facts = facts_of(record, sequence);

    if (!facts)
        return;
    json_add_int64(facts, "status", status);
    json_add_int64(facts, "answeredUsec", (int64_t)clock_monotonic_usec());
    if (record->log_to_stderr)
        log_answer(facts, status);
}

static json_object *log_to_json(const Record *record, uint64_t last, uint64_t after)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t newest = record->last_sequence;
    uint64_t held = newest < record->log_size ? newest : record->log_size;
    uint64_t first = newest - (last < held ? last : held) + 1;

    for (uint64_t i = first > after ? first : after + 1; array && i <= newest; i++) {
        const Entry *entry = &record->log[i % record->log_size];
        if (entry->sequence != i) /* cleared, or lost for want of memory */
            continue;
        /* The headers join the entry's facts for good: whoever reads them once reads them again. */
        if (!json_object_object_get_ex(entry->facts, "headers", NULL) &&
            json_add(entry->facts, "headers", headers_to_json(entry->headers)) < 0)
            return NULL;
        if (json_object_array_add(array, json_object_get(entry->facts)) < 0)
            return NULL;
    }
    return TAKE(array);
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
    if (json_add(object, "log", log_to_json(record, last, after)) < 0)
        return NULL;
    return TAKE(object);
}
