/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: how each job ended, on its way to the destinations of the configuration.
 *
 * A destination is a section [notify NAME], which is sent the outcome of every job, or the
 * outcome-url of a [queue NAME], which is sent those of the jobs that its messages asked for. For
 * each job and destination there is a row in the store, written in the transaction that saves the
 * job's end and removed when the destination has taken it: so every outcome arrives at least once,
 * over restarts, and those of a destination in the order in which the jobs ended. A job that was
 * released has not ended.
 *
 * Outcomes that a destination does not take are kept for as long as jobs that ended are, and for
 * OUTBOX_KEEP_MIN_USEC at least; those of a destination that the configuration no longer names are
 * dropped. Either is logged. In memory there is one row of each destination at most. */
#pragma once

#include "daemon/config/config.h"
#include "daemon/jobs/destination.h"
#include "daemon/jobs/registry.h"

/* Longer than SQS holds a message for anyone, so that no message waits for an outcome that was
 * dropped. */
#define OUTBOX_KEEP_MIN_USEC USEC_PER_DAY

typedef struct Outbox Outbox;

/* What it works with; outlives it. */
typedef struct OutboxContext {
    Timers *timers;
    const Random *random;
    HttpClient *http;
    struct event_base *base;
    Registry *registry;
    Store *store;
} OutboxContext;

/* With the destinations of the configuration, whose outcomes begin to be sent. 0; -ENOMEM; negative
 * errno of the store. */
int outbox_new(const OutboxContext *context, const Config *config, Outbox **ret);
void outbox_free(Outbox *outbox); /* after the last commit; takes NULL */
DEFINE_CLEANUP(Outbox, outbox_free)

/* The last outcome of this job for this queue's outcome-url was sent, and that is on disk. At most
 * one listener. */
void outbox_set_listener(Outbox *outbox,
                         void (*sent)(const char *queue, const char *job, void *userdata),
                         void *userdata);

/* Part of the transaction that saves the job's end (RegistryCompanion.ended): its outcome is due at
 * the queue's outcome-url. Takes a queue without one, and a second time for the same job. 0, or
 * negative errno with which the transaction fails. */
int outbox_add_outcome(Outbox *outbox, const char *queue, const JobRecord *record);

/* Whether the outcome of this job is still due at the queue's outcome-url. 1; 0: it is not, or the
 * queue has none; negative errno of the store. */
int outbox_has_outcome(Outbox *outbox, const char *queue, const char *job);

/* A reload in two steps, so that the first may fail with nothing changed (-ENOMEM): destinations
 * that stay go on with their outcomes and counts, by the new settings. */
typedef struct OutboxPlan OutboxPlan;
int outbox_plan(Outbox *outbox, const Config *config, OutboxPlan **ret);
void outbox_adopt(Outbox *outbox, OutboxPlan *plan); /* frees the plan */
void outbox_plan_free(OutboxPlan *plan);             /* takes NULL */
DEFINE_CLEANUP(OutboxPlan, outbox_plan_free)

/* For each turn of a shutdown: nothing more is begun. True: an outcome is on the wire. */
bool outbox_finish(Outbox *outbox);

/* The destinations, in the order of the configuration, [notify] first. */
size_t outbox_size(const Outbox *outbox);
const Destination *outbox_get(const Outbox *outbox, size_t i);
