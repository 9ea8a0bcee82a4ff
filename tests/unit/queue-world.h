/* SPDX-License-Identifier: Apache-2.0 */
/* A host with a queue in tests: registry, store, book of leases and queue are real, the clock is
 * virtual, and SQS and CloudTrail are what the test says.
 *
 * As in the daemon, a request goes onto the wire in a later turn than the one that makes it, and a
 * turn ends with a commit. */
#pragma once

#include <stdbool.h>

#include "daemon/queue/queue.h"
#include "tests/unit/store-world.h"

#define WAIT_SEC 20U
#define VISIBILITY_SEC 120U
#define QUEUE_URL "https://sqs.eu-west-1.amazonaws.com/123456789012/stops"

/* What messages and answers say. */
#define IMPORT_A "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define IMPORT_B "11111111-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define ASKS(import_id) "{\"importId\":\"" import_id "\"}"
#define IS(import_id, status) "{\"ImportId\":\"" import_id "\",\"ImportStatus\":\"" status "\"}"
#define REFUSAL(code) "{\"__type\":\"com.amazonaws.sqs#" code "\",\"message\":\"no\"}"

#define LEASE_USEC (VISIBILITY_SEC * USEC_PER_SEC)
#define THIRD_USEC (LEASE_USEC / 3)

#define WORLD_REQUESTS_MAX 64U

/* Of SQS or CloudTrail; a place that is free has no callback. */
typedef struct WireRequest {
    HttpCallback callback;
    void *userdata;
    bool sent; /* it is on the wire */
    char operation[64], body[1024];
} WireRequest;

typedef struct QueueWorld {
    Fixture *fixture; /* clock and store */
    Random random;
    Timers *timers;
    HttpClient http;
    WireRequest requests[WORLD_REQUESTS_MAX];
    unsigned n_sent; /* that ever were on the wire, besides receives */
    AwsMeters meters;
    AwsClient *sqs;
    Target target;
    Registry *registry;
    QueueContext context;
    QueueConfig config;
    Queue *queue;
    bool closed; /* between queue_world_stop() and _start() */
    bool fails;  /* a commit may fail */
} QueueWorld;

int queue_world_setup(void **state);
int queue_world_teardown(void **state);

/* As a kill of the process, and its next start. */
void queue_world_stop(QueueWorld *world);
void queue_world_start(QueueWorld *world);

/* One turn of the loop: what may go onto the wire does, the timers that are due fire, what changed
 * is saved. */
void queue_world_turn(QueueWorld *world);

/* Turns for so long, and a moment more. */
void queue_world_advance(QueueWorld *world, uint64_t usec);

/* The process stands still for so long. */
void queue_world_pause(QueueWorld *world, uint64_t usec);

/* How many requests of this operation are on the wire, and have this text in their body (NULL:
 * any). */
unsigned queue_world_count(const QueueWorld *world, const char *operation, const char *text);

/* Answers one of them, in a turn of its own. */
void queue_world_answer(QueueWorld *world, const char *operation, const char *text, unsigned status,
                        const char *body);

/* Answers the receive on the wire with one message, or with none (id NULL). */
void queue_world_deliver(QueueWorld *world, const char *id, const char *receipt, unsigned receives,
                         const char *body);

/* The number that the request on the wire has as this member. */
unsigned queue_world_number(const QueueWorld *world, const char *operation, const char *member);

/* The job of this import that was made last, as it is on disk. The caller clears it. */
JobRecord queue_world_job(const QueueWorld *world, const char *import_id);

unsigned queue_world_rows(const QueueWorld *world); /* messages on disk */

bool queue_world_calls(const QueueWorld *world, const char *operation); /* on the wire */
uint64_t queue_world_messages(const QueueWorld *world, MessageResult result);
JobState queue_world_job_state(const QueueWorld *world, const char *import_id);

/* A message has been taken, and its job follows the import. */
void queue_world_begin_polling(QueueWorld *world);

/* Answers what jobs ask, so that time can pass. */
void queue_world_poll_for(QueueWorld *world, uint64_t usec);

/* The host calls nothing more for these imports, however long it waits. */
void queue_world_assert_quiet(QueueWorld *world);

/* The job of IMPORT_A and all its messages are another host's. */
void queue_world_assert_released(QueueWorld *world);
