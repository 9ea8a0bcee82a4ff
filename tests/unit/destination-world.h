/* SPDX-License-Identifier: Apache-2.0 */
/* A destination of outcomes with a store, a scripted service outside, and the journal it writes. */
#pragma once

#include "daemon/jobs/destination.h"
#include "tests/unit/call-world.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/store-world.h"

#define QUEUE_URL "https://sqs.eu-west-1.amazonaws.com/123456789012/outcomes"
#define FIFO_URL QUEUE_URL ".fifo"

extern const Reply taken, refused, unavailable; /* what the service answers */

typedef struct Outside {
    World *world;
    AwsMeters meters;
    Fixture *files; /* of which only the store is used */
    Capture journal;
    DestinationContext context;
    uint64_t kept_since_usec;
    Destination *destination;
    char sent[256]; /* the jobs whose outcomes were sent and are gone, "a b " */
    unsigned n_emptied;
} Outside;

int set_up_outside(void **state);
int tear_down_outside(void **state);

/* One of the two is NULL. */
void open_destination(Outside *outside, const char *event_bus, const char *queue_url);

/* Of these jobs, each named by a letter, in one transaction. */
void put_outcomes(Outside *outside, const char *jobs);
void put_at_time(Outside *outside, const char *jobs, uint64_t made_usec);

/* The end of a turn. */
void commit_turn(Outside *outside);

/* Turn by turn, until a request waits for its answer. False: nothing will ever happen. */
bool go_on_to_request(Outside *outside);

/* The next request is about this job. */
void expect_request(Outside *outside, char job);
void expect_and_answer(Outside *outside, char job, const Reply *reply);

const char *last_body(const Outside *outside);
unsigned count_rows(const Outside *outside, const char *name);
void expect_counts(const Outside *outside, unsigned sent, unsigned failed, unsigned dropped);
