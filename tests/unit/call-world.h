/* SPDX-License-Identifier: Apache-2.0 */
/* The world of an AWS call in tests: a virtual clock, a scripted server, credentials at hand.
 * Everything that aws/call.c reaches is here or real and fed from here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/call.h"

#define WORLD_REALTIME (UINT64_C(1795350225) * 1000000) /* 2026-11-22T12:23:45Z */
#define WORLD_DATE "Sun, 22 Nov 2026 12:23:45 GMT"
#define WORLD_ATTEMPTS_MAX 16U

/* One answer of the server. */
typedef struct Reply {
    HttpFailure failure;
    unsigned status;
    const char *body;
    HttpHeader headers[3]; /* up to the first without a name */
} Reply;

#define OK_REPLY                                                                                   \
    {                                                                                              \
        .status = 200, .body = "{\"ImportStatus\":\"STOPPED\"}"                                    \
    }
#define ERROR_REPLY(number, name)                                                                  \
    {                                                                                              \
        .status = (number), .body = "{\"__type\":\"" name "\",\"message\":\"m\"}"                  \
    }
#define DATED_REPLY(number, name, when)                                                            \
    {                                                                                              \
        .status = (number), .body = "{\"__type\":\"" name "\",\"message\":\"m\"}", .headers = {    \
            {"Date", (when)}                                                                       \
        }                                                                                          \
    }

extern const Reply reply_ok, reply_throttled, reply_broken;

/* One request as the server got it. */
typedef struct Seen {
    uint64_t boottime_usec;
    char url[128];
    char headers[2048]; /* "name: value\n" each */
    char body[512];
    uint64_t connect_timeout_usec, timeout_usec;
    char ca_bundle[64];
} Seen;

typedef struct World {
    uint64_t boottime_usec;
    uint64_t realtime_usec;
    Clock clock;
    Random random;
    double uniform; /* what random gives */
    Timers *timers;
    Quotas *quotas;

    AwsCredentials *credentials; /* what the provider has; NULL: it fails */
    AwsCredentials *renewed;     /* what it has after a rejection; NULL: the same */
    unsigned gets, rejections, providers_freed;

    HttpClient http;
    int start_error; /* of http->start() */
    HttpCallback callback;
    void *userdata; /* with callback: a request waits for its answer */
    unsigned cancelled;
    Seen seen[WORLD_ATTEMPTS_MAX];
    unsigned n_seen;

    AwsClientConfig config;
    AwsClient *client;
    int decode_error; /* of the operation */

    AwsCall *call;
    unsigned hooked; /* the last number that the attempt hook was given */
    bool done;
    AwsOutcome outcome;
    char body[2048];
    char code[64], message[5000], request_id[160];
    unsigned http_status;
} World;

int world_setup(void **state);

/* The same with a client of another service, which has no quotas. */
int world_setup_service(void **state, const char *endpoint, const char *service);
int world_teardown(void **state);

/* The world's client again, after a change of its config. */
void world_connect(World *world);
void world_set_rate(World *world, double rate); /* calls per second */

void world_start(World *world);

/* For a call that the test itself starts, as world->call: its caller. */
AwsCaller world_caller(World *world);

/* Lets time pass until the next timer, and runs it. False: no timer is set. */
bool world_step(World *world);

/* Lets time pass until a request waits for its answer, the call is done, or nothing will ever
 * happen. True: a request waits. */
bool world_advance(World *world);
void world_answer(World *world, const Reply *reply);

/* A whole call: one reply for each attempt. Asserts that it takes all of them, and is then done. */
void world_call(World *world, const Reply *replies, unsigned n_replies);

/* The same once it is started. */
void world_finish(World *world, const Reply *replies, unsigned n_replies);

/* Value of a header of attempt number n (1 for the first), or NULL. Valid until the next use. */
const char *world_header(const World *world, unsigned attempt, const char *name);
