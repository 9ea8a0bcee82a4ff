/* What was called: counts, and a log of the last calls as they were on the wire. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/keyvalq_struct.h>
#include <json-c/json.h>

typedef struct Record Record;

int record_new(size_t log_size, bool log_to_stderr, Record **ret);
void record_free(Record *record);
void record_clear(Record *record); /* sequence numbers go on */

void record_connection(Record *record);
void record_tls_handshake(Record *record);

typedef struct CallFacts {
    const char *operation;
    const char *import_id;  /* NULL: none */
    const char *access_key; /* NULL: none */
    const char *region;     /* NULL: none */
    const char *peer;
    const char *method;
    const char *uri;
    const struct evkeyvalq *headers;
    const char *body;
    size_t body_size;
} CallFacts;

/* A call has come. Counts it and remembers it; returns its number, from 1. 0: no memory. */
uint64_t record_call(Record *record, const CallFacts *facts);

/* More about it, for as long as the log holds it: its fault, the error it is answered with, its
 * request id. */
void record_fault(Record *record, uint64_t sequence, const char *fault);
void record_error(Record *record, uint64_t sequence, const char *code);
void record_request_id(Record *record, uint64_t sequence, const char *request_id);

/* The answer has gone out, with that status; 0: there will be none. */
void record_answer(Record *record, uint64_t sequence, unsigned status);

/* As README.md, "Calls": at most last entries of the log, those with a number over after. NULL: no
 * memory. */
json_object *record_to_json(const Record *record, uint64_t last, uint64_t after);
