/* SPDX-License-Identifier: Apache-2.0 */
/* What was called: counts of all calls, and a log of the last ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/call-log.h"

typedef struct Record Record;

int record_new(size_t log_size, bool log_to_stderr, Record **ret);
void record_free(Record *record);
void record_clear(Record *record);

void record_connection(Record *record);
void record_tls_handshake(Record *record);

/* A call has come: returns its number. */
uint64_t record_call(Record *record, const CallFacts *facts);

/* The fault that it meets; the error that it is answered with. */
void record_fault(Record *record, uint64_t sequence, const char *fault);
void record_error(Record *record, uint64_t sequence, const char *code);

/* The answer goes out, with that status; 0: there will be none. */
void record_answer(Record *record, uint64_t sequence, unsigned status);

/* As README.md, "Calls", with the log's entries as call_log_to_json() chooses. NULL: no memory. */
json_object *record_to_json(const Record *record, uint64_t last, uint64_t after);
