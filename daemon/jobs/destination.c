/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/destination.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"
#include "common/time.h"
#include "daemon/aws/events.h"
#include "daemon/aws/owner.h"
#include "daemon/aws/sqs.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/outcome.h"

/* Rows that are dropped at a time, and the time in between: a turn is to be short. */
#define DROP_MAX 500U
#define DROP_INTERVAL_USEC (100 * USEC_PER_MSEC)

typedef enum DestinationStage {
    DESTINATION_RESTING,  /* nothing is due, or a timer or the end of an outage is waited for */
    DESTINATION_SENDING,  /* its call is under way */
    DESTINATION_SENT,     /* the row is to be removed */
    DESTINATION_DROPPING, /* the oldest rows are to be removed */
} DestinationStage;

struct Destination {
    const DestinationContext *context;
    DestinationKind kind;
    char *stored_name;
    const char *section;         /* the end of it */
    char *event_bus, *queue_url; /* both are NULL: it is retired */
    AwsClient *client;
    Outage *outage;
    OutageWait outage_wait;
    DestinationStage stage;
    Timer timer; /* the next look at its rows */
    AwsCall *call;
    StoredOutcome row;         /* that is being sent, or was */
    uint64_t drop_before_usec; /* CLOCK_REALTIME */
    unsigned n_dropping;       /* by the transaction under way */
    uint64_t n_dropped;        /* that is not logged yet */
    bool put;                  /* rows were put, which may not be on disk yet */
    bool finishing;
    uint64_t counts[N_NOTIFICATION_RESULTS];
};

const char *notification_result_name(NotificationResult result)
{
    static const char *const names[] = {
        [NOTIFICATION_SENT] = "sent",
        [NOTIFICATION_FAILED] = "failed",
        [NOTIFICATION_DROPPED] = "dropped",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_NOTIFICATION_RESULTS, "a name for each");

    return names[result];
}

/* ---- its names ---- */

static const char *const prefixes[] = {
    [DESTINATION_NOTIFY] = "notify ",
    [DESTINATION_OUTCOME] = "outcome ",
};
_Static_assert(sizeof(prefixes) / sizeof(prefixes[0]) == N_DESTINATION_KINDS, "a prefix for each");

DestinationKind destination_kind(const Destination *destination)
{
    return destination->kind;
}

const char *destination_stored_name(const Destination *destination)
{
    return destination->stored_name;
}

const char *destination_section(const Destination *destination)
{
    return destination->section;
}

const char *destination_label(const Destination *destination)
{
    return destination->kind == DESTINATION_NOTIFY ? destination->section
                                                   : destination->stored_name;
}

uint64_t destination_count(const Destination *destination, NotificationResult result)
{
    return destination->counts[result];
}

static bool is_retired(const Destination *destination)
{
    return !destination->event_bus && !destination->queue_url;
}

/* ---- what is dropped ---- */

static void log_dropped(Destination *destination)
{
    const char *label = destination_label(destination);
    unsigned long long n = destination->n_dropped;
    JournalEntry entry;

    if (n == 0)
        return;
    destination->n_dropped = 0;
    journal_begin(&entry, EVENT_NOTIFY_FAILED);
    journal_add(&entry, aws_owner_field(AWS_OWNER_DESTINATION), "%s", label);
    if (is_retired(destination))
        journal_send(&entry,
                     "The configuration does not name destination %s any more; outcomes that were "
                     "still to be sent to it and were dropped: %llu",
                     label, n);
    else
        journal_send(
            &entry,
            "Destination %s has not taken outcomes for longer than they are kept; dropped: "
            "%llu",
            label, n);
}

/* ---- one look at its rows, and what it leads to ---- */

static void destination_look_in(Destination *destination, uint64_t delay_usec)
{
    timer_set(&destination->timer, timers_boottime_usec(destination->context->timers) + delay_usec);
}

/* The outage's own wait is not cut short by what is put meanwhile. */
static void destination_wake(Destination *destination)
{
    if (destination->stage == DESTINATION_RESTING && !destination->timer.set &&
        destination->outage_wait.place != OUTAGE_WAITING)
        destination_look_in(destination, 0);
}

static void on_done(const AwsResult *result, void *userdata)
{
    Destination *destination = userdata;

    assert(destination->stage == DESTINATION_SENDING);
    destination->call = NULL;
    if (result->outcome == AWS_OK) {
        destination->stage = DESTINATION_SENT;
        destination->counts[NOTIFICATION_SENT]++;
        outage_answered(&destination->outage_wait);
        return;
    }
    destination->stage = DESTINATION_RESTING;
    destination->counts[NOTIFICATION_FAILED]++;
    stored_outcome_clear(&destination->row);
    outage_failed(&destination->outage_wait, result->error);
}

static void describe_call(JournalEntry *entry, void *userdata)
{
    const Destination *destination = userdata;

    journal_add(entry, "TRAILSTOP_NOTIFY", "%s", destination_label(destination));
    journal_add(entry, "TRAILSTOP_JOB", "%s", destination->row.job);
}

static int send_to_queue(Destination *destination, const AwsCaller *caller)
{
    const StoredOutcome *row = &destination->row;
    CLEANUP(freep) char *message = NULL;
    char group[OUTCOME_GROUP_SIZE] = "";
    int r = outcome_make_message(row->body, &message);

    if (r >= 0 && sqs_is_fifo(destination->queue_url))
        r = outcome_read_group(row->body, group);
    if (r < 0)
        return r;
    return sqs_send(destination->client, destination->queue_url, message, group, row->job, caller,
                    &destination->call);
}

/* What jobs ask for goes first. */
static void destination_send(Destination *destination)
{
    static const AwsCallHooks hooks = {
        .describe = describe_call, .of_client = true, .done = on_done};
    const AwsCaller caller = {.hooks = &hooks, .userdata = destination};
    int r = destination->event_bus ? events_put(destination->client, destination->event_bus,
                                                OUTCOME_SOURCE, OUTCOME_DETAIL_TYPE,
                                                destination->row.body, &caller, &destination->call)
                                   : send_to_queue(destination, &caller);

    if (r >= 0) {
        destination->stage = DESTINATION_SENDING;
        return;
    }
    stored_outcome_clear(&destination->row);
    outage_failed(&destination->outage_wait, &call_error_no_memory);
}

static void destination_rest(Destination *destination)
{
    log_dropped(destination);
    outage_step_back(&destination->outage_wait);
    if (is_retired(destination))
        destination->context->emptied(destination, destination->context->userdata);
}

static void destination_look(void *userdata)
{
    Destination *destination = userdata;
    const DestinationContext *context = destination->context;
    uint64_t kept_since_usec =
        is_retired(destination) ? UINT64_MAX : context->kept_since_usec(context->userdata);
    int r;

    assert(destination->stage == DESTINATION_RESTING && !destination->call);
    if (destination->finishing)
        return;
    r = store_next_outcome(context->store, destination->stored_name, 0, &destination->row);
    if (r == -ENOENT) {
        destination_rest(destination);
    } else if (r < 0) {
        destination_look_in(destination, STORE_AGAIN_USEC);
    } else if (destination->row.made_usec < kept_since_usec) {
        stored_outcome_clear(&destination->row);
        destination->drop_before_usec = kept_since_usec;
        destination->stage = DESTINATION_DROPPING;
    } else {
        log_dropped(destination);
        if (outage_enter(destination->outage, &destination->outage_wait))
            destination_send(destination);
        else
            stored_outcome_clear(&destination->row);
    }
}

static void destination_resume(uint64_t delay_usec, void *userdata)
{
    destination_look_in(userdata, delay_usec);
}

static const OutageHooks outage_hooks = {.resume = destination_resume};

/* Takes back a call that is not on the wire. False: there is none such. */
static bool destination_withdraw(Destination *destination)
{
    if (!destination->call || aws_call_next_usec(destination->call) == 0)
        return false;
    aws_call_cancel(TAKE(destination->call));
    outage_step_back(&destination->outage_wait);
    destination->stage = DESTINATION_RESTING;
    stored_outcome_clear(&destination->row);
    return true;
}

/* ---- rows ---- */

int destination_put(Destination *destination, const char *job, uint64_t made_usec,
                    const char *detail)
{
    destination->put = true;
    return store_put_outcome(destination->context->store, destination->stored_name, job, made_usec,
                             detail);
}

bool destination_has_changes(const Destination *destination)
{
    return destination->stage == DESTINATION_SENT || destination->stage == DESTINATION_DROPPING;
}

int destination_save(Destination *destination)
{
    Store *store = destination->context->store;
    int r;

    if (destination->stage == DESTINATION_SENT)
        return store_remove_outcome(store, destination->row.sequence);
    if (destination->stage != DESTINATION_DROPPING)
        return 0;
    r = store_drop_outcomes(store, destination->stored_name, destination->drop_before_usec,
                            DROP_MAX);
    if (r < 0)
        return r;
    destination->n_dropping = (unsigned)r;
    return 0;
}

static void destination_saved_sent(Destination *destination)
{
    const DestinationContext *context = destination->context;
    StoredOutcome row = destination->row;

    destination->row = (StoredOutcome){0};
    destination->stage = DESTINATION_RESTING;
    destination_look_in(destination, 0);
    context->sent(destination, row.job, context->userdata);
    stored_outcome_clear(&row);
}

static void destination_saved_dropped(Destination *destination)
{
    destination->stage = DESTINATION_RESTING;
    destination->n_dropped += destination->n_dropping;
    destination->counts[NOTIFICATION_DROPPED] += destination->n_dropping;
    destination_look_in(destination, DROP_INTERVAL_USEC);
}

void destination_saved(Destination *destination, int r)
{
    if (r < 0)
        return;
    if (destination->stage == DESTINATION_SENT)
        destination_saved_sent(destination);
    else if (destination->stage == DESTINATION_DROPPING)
        destination_saved_dropped(destination);
    if (destination->put)
        destination_wake(destination);
    destination->put = false;
}

/* ---- its life ---- */

/* A store that somebody else wrote to may have any name in it. */
static const char *section_of(const char *stored_name, DestinationKind kind)
{
    size_t length = strlen(prefixes[kind]);

    return strncmp(stored_name, prefixes[kind], length) == 0 ? stored_name + length : stored_name;
}

/* Takes over its name, also on failure. */
static int destination_make(const DestinationContext *context, DestinationKind kind,
                            char *stored_name, Destination **ret)
{
    Destination *destination = malloc(sizeof(*destination));

    if (!destination || !stored_name) {
        free(stored_name);
        free(destination);
        return -ENOMEM;
    }
    *destination = (Destination){
        .context = context,
        .kind = kind,
        .stored_name = stored_name,
        .section = section_of(stored_name, kind),
        .outage_wait = {.hooks = &outage_hooks, .userdata = destination},
    };
    timer_init(&destination->timer, context->timers, destination_look, destination);
    destination_look_in(destination, 0);
    *ret = destination;
    return 0;
}

int destination_new(const DestinationContext *context, const DestinationAddress *address,
                    Destination **ret)
{
    CLEANUP(destination_freep) Destination *destination = NULL;
    char *stored_name = NULL;
    int r;

    assert(address->event_bus || address->queue_url);
    (void)string_format(&stored_name, "%s%s", prefixes[address->kind], address->section);
    if ((r = destination_make(context, address->kind, stored_name, &destination)) < 0 ||
        (r = string_copy(address->event_bus, &destination->event_bus)) < 0 ||
        (r = string_copy(address->queue_url, &destination->queue_url)) < 0 ||
        (r = outage_new(context->timers, context->random, AWS_OWNER_DESTINATION,
                        destination_label(destination), &destination->outage)) < 0)
        return r;
    destination->client = aws_client_ref(address->client);
    outage_set_meter(destination->outage, aws_client_meter(destination->client));
    *ret = TAKE(destination);
    return 0;
}

int destination_new_retired(const DestinationContext *context, const char *stored_name,
                            Destination **ret)
{
    DestinationKind kind = section_of(stored_name, DESTINATION_OUTCOME) != stored_name
                               ? DESTINATION_OUTCOME
                               : DESTINATION_NOTIFY;

    return destination_make(context, kind, strdup(stored_name), ret);
}

static void swap(char **one, char **other)
{
    char *former = *one;

    *one = *other;
    *other = former;
}

void destination_succeed(Destination *destination, Destination *successor)
{
    AwsClient *former = destination->client;

    assert(strcmp(destination->stored_name, successor->stored_name) == 0);
    swap(&destination->event_bus, &successor->event_bus);
    swap(&destination->queue_url, &successor->queue_url);
    destination->client = successor->client;
    successor->client = former;
    aws_client_follow(destination->client, former);
    if (destination_withdraw(destination))
        destination_look_in(destination, 0);
    outage_restart_waits(destination->outage);
    destination_free(successor);
}

bool destination_finish(Destination *destination)
{
    destination->finishing = true;
    if (destination->call && aws_call_finish(destination->call))
        return true;
    (void)destination_withdraw(destination);
    return false;
}

void destination_free(Destination *destination)
{
    if (!destination)
        return;
    log_dropped(destination);
    timer_clear(&destination->timer);
    outage_leave(&destination->outage_wait);
    aws_call_cancel(destination->call);
    aws_client_unref(destination->client);
    outage_unref(destination->outage);
    stored_outcome_clear(&destination->row);
    free(destination->stored_name);
    free(destination->event_bus);
    free(destination->queue_url);
    free(destination);
}
