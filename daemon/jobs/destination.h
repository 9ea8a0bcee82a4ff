/* SPDX-License-Identifier: Apache-2.0 */
/* One destination of the outbox, and what sends to it: the oldest outcome first, one call at a
 * time, and the next one only when the row of the last is gone from disk. So a store that cannot be
 * written makes it send one outcome again, never lose any.
 *
 * What the destination does not take is tried again without end, in growing intervals, whatever the
 * reason: a permission that is missing is given some day. That is an outage, logged once.
 *
 * It lives in the outbox, which calls destination_save() within each transaction and
 * destination_saved() after it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/memory.h"
#include "daemon/aws/client.h"
#include "daemon/jobs/outage.h"
#include "daemon/jobs/store-outbox.h"

/* What became of outcomes; results of trailstop_notifications_total. */
typedef enum NotificationResult {
    NOTIFICATION_SENT,
    NOTIFICATION_FAILED, /* a call did, all its attempts included; the outcome is still due */
    NOTIFICATION_DROPPED,
    N_NOTIFICATION_RESULTS
} NotificationResult;

const char *notification_result_name(NotificationResult result);

typedef enum DestinationKind {
    DESTINATION_NOTIFY,  /* a section [notify NAME] */
    DESTINATION_OUTCOME, /* the outcome-url of a [queue NAME] */
    N_DESTINATION_KINDS
} DestinationKind;

typedef struct Destination Destination;

/* What all destinations share; outlives them. */
typedef struct DestinationContext {
    Timers *timers;
    const Random *random;
    Store *store;
    /* Outcomes of before are dropped (CLOCK_REALTIME; 0: none is). */
    uint64_t (*kept_since_usec)(void *userdata);
    /* The outcome of this job was sent, and its row is gone. */
    void (*sent)(const Destination *destination, const char *job, void *userdata);
    /* A destination that was retired has nothing left; it may be freed. */
    void (*emptied)(Destination *destination, void *userdata);
    void *userdata;
} DestinationContext;

/* Where a destination is. Strings are borrowed. */
typedef struct DestinationAddress {
    DestinationKind kind;
    const char *section;   /* its name in the configuration */
    const char *event_bus; /* NULL: it is a queue of SQS, with this URL: */
    const char *queue_url;
    AwsClient *client; /* of EventBridge or SQS; a reference is taken */
} DestinationAddress;

/* Begins to send by itself. 0 or -ENOMEM. */
int destination_new(const DestinationContext *context, const DestinationAddress *address,
                    Destination **ret);
void destination_free(Destination *destination); /* gives up its call; takes NULL */
DEFINE_CLEANUP(Destination, destination_free)

/* One that the configuration does not name any more, known by its name in the store: drops what is
 * left for it, is logged, and calls context->emptied(). */
int destination_new_retired(const DestinationContext *context, const char *stored_name,
                            Destination **ret);

/* Makes it what its successor of the same name is, which is freed; a call that is on the wire ends
 * as it began. */
void destination_succeed(Destination *destination, Destination *successor);

DestinationKind destination_kind(const Destination *destination);
const char *destination_section(const Destination *destination);

/* "notify NAME" or "outcome NAME": in the store, and unique. */
const char *destination_stored_name(const Destination *destination);

/* What it is called in the journal and in metrics: the NAME of [notify NAME], else as above. */
const char *destination_label(const Destination *destination);

uint64_t destination_count(const Destination *destination, NotificationResult result);

/* Puts an outcome for it into the transaction under way; it is sent once that is on disk. */
int destination_put(Destination *destination, const char *job, uint64_t made_usec,
                    const char *detail);

/* Rows are to be removed; removes them, as part of a transaction; how that went. */
bool destination_has_changes(const Destination *destination);
int destination_save(Destination *destination);
void destination_saved(Destination *destination, int r);

/* For each turn of a shutdown: sends nothing more. True: a call is on the wire. */
bool destination_finish(Destination *destination);
