/* SPDX-License-Identifier: Apache-2.0 */
/* The world of sources of credentials that ask STS: a virtual clock, a scripted server. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/call.h"
#include "daemon/credentials/source.h"

#define STS_WORLD_REALTIME (UINT64_C(1795350225) * 1000000) /* 2026-11-22T12:23:45Z */
#define STS_WORLD_REQUESTS_MAX 8U

typedef struct StsReply {
    HttpFailure failure;
    unsigned status;
    const char *body; /* NULL: empty */
    HttpHeader header;
} StsReply;

typedef struct StsWorld {
    uint64_t boottime_usec, realtime_usec;
    Clock clock;
    Random random;
    Timers *timers;

    HttpClient http;
    HttpCallback callback;
    void *callback_userdata; /* with callback: a request waits for its answer */
    unsigned cancelled;
    struct {
        char url[128];
        char headers[4096]; /* "name: value\n" each */
        char body[2048];
    } seen[STS_WORLD_REQUESTS_MAX];
    unsigned n_seen;

    AwsCredentialsContext shared;
    AwsSourceContext context;

    /* How it ended. */
    bool done;
    AwsCredentials *credentials; /* a reference; NULL: the error below */
    char code[64], message[512], request_id[64];
    unsigned http_status;
} StsWorld;

int sts_world_setup(void **state);
int sts_world_teardown(void **state);

/* Lets time pass until a request waits for its answer, all is done, or nothing will ever happen.
 * True: a request waits. */
bool sts_world_advance(StsWorld *world);
void sts_world_answer(StsWorld *world, const StsReply *reply);

/* One reply for each request. Asserts that it takes all of them, and that all is done then. */
void sts_world_serve(StsWorld *world, const StsReply *replies, unsigned n_replies);

/* Starts the source and serves it; the source is freed. */
void sts_world_fetch(StsWorld *world, AwsSource *source, const StsReply *replies,
                     unsigned n_replies);

/* As AwsSourceDone: notes the outcome down. */
void sts_world_done(AwsCredentials *credentials, const CallError *error, void *userdata);

/* Value of a header of request number n (1 for the first), or NULL. Valid until the next use. */
const char *sts_world_header(const StsWorld *world, unsigned n, const char *name);

void sts_world_assert_keys(const StsWorld *world, const char *access_key_id, const char *secret,
                           const char *token);
/* Fails with this code and with this in its message. */
void sts_world_assert_fails(const StsWorld *world, const char *code, const char *with);
