/* SPDX-License-Identifier: Apache-2.0 */
/* The last calls, as they were on the wire: a ring whose places keep their memory, because a
 * benchmark calls tens of thousands of times a second and reads none of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <event2/keyvalq_struct.h>
#include <json-c/json.h>

typedef struct CallFacts {
    const char *operation; /* of static storage, like method */
    const char *method;
    const char *import_id;  /* NULL: none */
    const char *queue;      /* NULL: none */
    const char *access_key; /* NULL: none */
    const char *account_id; /* NULL: of no known access key */
    const char *region;     /* NULL: none */
    const char *peer;
    const char *uri;
    const struct evkeyvalq *headers;
    const char *body;
    size_t body_size;
} CallFacts;

typedef struct LoggedCall {
    uint64_t sequence; /* 0: an empty place */
    uint64_t received_usec;
    uint64_t answered_usec; /* 0: not yet */
    unsigned status;        /* 0: there was no answer */
    char fault[16];         /* these are empty for none */
    char error[64];
    CallFacts facts;     /* except for the headers, and pointing into text */
    const char *headers; /* name, value, name, value… each ended by NUL; an empty name ends them */
    char *text;
    size_t text_size;
} LoggedCall;

typedef struct CallLog CallLog;

int call_log_new(size_t size, CallLog **ret);
void call_log_free(CallLog *log);
void call_log_clear(CallLog *log); /* numbers go on */

/* Remembers a call; returns its number, from 1. Where there is no memory for it, it has a number
 * all the same. */
uint64_t call_log_add(CallLog *log, const CallFacts *facts);

/* NULL: no longer there. Valid until the next call_log_add(). */
LoggedCall *call_log_find(CallLog *log, uint64_t sequence);

/* The request id of a call: its number, as AWS would write it. */
#define REQUEST_ID_SIZE sizeof("ffffffff-0000-4000-8000-000000000000")
const char *call_log_request_id(uint64_t sequence, char buffer[static REQUEST_ID_SIZE]);

/* An array as README.md, "Calls": at most last calls, those with a number over after. NULL: no
 * memory. */
json_object *call_log_to_json(const CallLog *log, uint64_t last, uint64_t after);
