/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/lease.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/time.h"

const char *message_result_name(MessageResult result)
{
    static const char *const names[] = {
        [MESSAGE_TAKEN] = "taken",       [MESSAGE_JOINED] = "joined",
        [MESSAGE_REJECTED] = "rejected", [MESSAGE_RELEASED] = "released",
        [MESSAGE_DELETED] = "deleted",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_MESSAGE_RESULTS, "a name for each");

    return names[result];
}

static uint64_t now_boottime(const Lease *lease)
{
    return timers_boottime_usec(lease->context->timers);
}

static void lease_call_at(Lease *lease, uint64_t at_usec)
{
    timer_set(&lease->call_timer, at_usec);
}

/* It waits and calls no longer. */
static void lease_rest(Lease *lease)
{
    timer_clear(&lease->call_timer);
    outage_leave(&lease->outage_wait);
    aws_call_cancel(TAKE(lease->call));
}

static void lease_set_time(Lease *lease, const LeaseTime *time)
{
    lease->time = *time;
    timer_set(&lease->end_timer, time->ends_usec);
}

/* So long before its end that what goes wrong once or twice does not matter. */
static void lease_extend_later(Lease *lease, uint64_t from_usec)
{
    lease_call_at(lease, from_usec + (lease->time.ends_usec - lease->time.asked_usec) / 3);
}

static void lease_set_stage(Lease *lease, LeaseStage stage)
{
    assert(stage > lease->stage);
    if (lease->stage == LEASE_HELD) {
        assert(lease->source->n_under_way > 0);
        lease->source->n_under_way--;
    }
    lease->stage = stage;
}

/* ---- the ends of calls ---- */

/* Whether there is an answer that counts. Where SQS answers that it fails, that may be so for this
 * message or kind of call alone: the queue's others go on, and an answer that one of them gets
 * would end an outage again and again. */
static bool lease_is_answered(Lease *lease, const AwsResult *result)
{
    const CallError *error = result->error;

    lease->call = NULL;
    if (result->outcome != AWS_UNAVAILABLE)
        outage_answered(&lease->outage_wait);
    else if (error->http_status > 0 && target_state_of_error(error) != TARGET_NO_CREDENTIALS)
        outage_troubled(&lease->outage_wait, error);
    else
        outage_failed(&lease->outage_wait, error);
    return result->outcome != AWS_UNAVAILABLE;
}

static void on_extended(const AwsResult *result, void *userdata)
{
    Lease *lease = userdata;
    const LeaseEvents *events = &lease->context->events;

    if (!lease_is_answered(lease, result))
        return;
    if (result->outcome == AWS_OK) {
        call_error_clear(&lease->refusal);
        lease_set_time(lease, &lease->next);
        lease_extend_later(lease, lease->time.asked_usec);
        events->extended(lease, events->userdata);
    } else if (sqs_is_gone(result->error)) {
        events->lost(lease, result->error, events->userdata);
    } else { /* who may use the queue is changed now and then, and changed back */
        (void)call_error_copy(&lease->refusal, result->error);
        lease_extend_later(lease, now_boottime(lease));
    }
}

static void describe_call(JournalEntry *entry, void *userdata)
{
    const Lease *lease = userdata;

    journal_add(entry, "TRAILSTOP_QUEUE", "%s", lease->source->name);
    journal_add(entry, "TRAILSTOP_MESSAGE_ID", "%s", lease->id);
}

/* The message comes back, again and again, and nobody would know why. */
static void log_delete_refused(Lease *lease, const CallError *error)
{
    unsigned n_left_out;
    JournalEntry entry;

    if (!log_limit_take(&lease->source->delete_refusals, now_boottime(lease), &n_left_out))
        return;
    journal_begin(&entry, EVENT_DELETE_REFUSED);
    describe_call(&entry, lease);
    journal_add_error(&entry, error);
    journal_add(&entry, "TRAILSTOP_UNTOLD", "%u", n_left_out);
    journal_send(&entry, "Message %s of queue %s cannot be deleted, and comes back: %s: %s",
                 lease->id, lease->source->name, error->code,
                 error->message ? error->message : "no reason is known");
}

static void on_deleted(const AwsResult *result, void *userdata)
{
    Lease *lease = userdata;
    const LeaseEvents *events = &lease->context->events;

    if (!lease_is_answered(lease, result))
        return;
    if (result->outcome == AWS_OK)
        lease->source->counts[MESSAGE_DELETED]++;
    else if (!sqs_is_gone(result->error))
        log_delete_refused(lease, result->error);
    events->done(lease, events->userdata);
}

/* Whatever came of it: the message comes back by itself in the end. */
static void on_returned(const AwsResult *result, void *userdata)
{
    Lease *lease = userdata;
    const LeaseEvents *events = &lease->context->events;

    (void)result;
    lease->call = NULL;
    events->done(lease, events->userdata);
}

static void on_attempt(unsigned number, void *userdata)
{
    Lease *lease = userdata;

    (void)number;
    lease->next.asked_usec = now_boottime(lease);
    lease->next.ends_usec = lease->next.asked_usec + lease->visibility_usec;
}

/* ---- calls ---- */

#define LEASE_HOOKS(on_done)                                                                       \
    {                                                                                              \
        .attempt = on_attempt, .describe = describe_call, .done = (on_done)                        \
    }

static const AwsCallHooks extend_hooks = LEASE_HOOKS(on_extended);
static const AwsCallHooks delete_hooks = LEASE_HOOKS(on_deleted);
static const AwsCallHooks return_hooks = LEASE_HOOKS(on_returned);

static int lease_begin_call(Lease *lease)
{
    const LeaseSource *source = lease->source;
    AwsCaller caller = {.userdata = lease};

    switch (lease->stage) {
    case LEASE_HELD:
    case LEASE_ENDED:
        caller.hooks = &extend_hooks;
        lease->visibility_usec = source->visibility_usec;
        return sqs_change_visibility(source->client, source->url, lease->receipt,
                                     (unsigned)(source->visibility_usec / USEC_PER_SEC), &caller,
                                     &lease->call);
    case LEASE_DELETING:
        caller.hooks = &delete_hooks;
        return sqs_delete(source->client, source->url, lease->receipt, &caller, &lease->call);
    case LEASE_RETURNING:
        caller.hooks = &return_hooks;
        return sqs_change_visibility(source->client, source->url, lease->receipt, 0, &caller,
                                     &lease->call);
    case LEASE_GONE:
        break;
    }
    assert(false); /* nothing is called then */
    return -EINVAL;
}

/* What is given back does not wait for an outage to end: the message would not either. */
static void lease_call(void *userdata)
{
    Lease *lease = userdata;

    assert(!lease->call);
    if (lease->stage != LEASE_RETURNING &&
        !outage_enter(lease->source->outage, &lease->outage_wait))
        return;
    if (lease_begin_call(lease) >= 0)
        return;
    if (lease->stage == LEASE_RETURNING)
        lease->context->events.done(lease, lease->context->events.userdata);
    else
        outage_failed(&lease->outage_wait, &call_error_no_memory);
}

static void lease_resume(uint64_t delay_usec, void *userdata)
{
    Lease *lease = userdata;

    lease_call_at(lease, now_boottime(lease) + delay_usec);
}

static bool lease_hold(void *userdata)
{
    Lease *lease = userdata;

    if (!lease->call || aws_call_next_usec(lease->call) == 0)
        return false;
    aws_call_cancel(TAKE(lease->call));
    return true;
}

static const OutageHooks outage_hooks = {.resume = lease_resume, .hold = lease_hold};

static void lease_over(void *userdata)
{
    static char code[] = "LeaseEnded",
                message[] = "the queue could not be asked in time to keep the message hidden from "
                            "other hosts";
    static const CallError over = {.code = code, .message = message};
    Lease *lease = userdata;
    const LeaseEvents *events = &lease->context->events;

    events->lost(lease, lease->refusal.code ? &lease->refusal : &over, events->userdata);
}

/* ---- a lease's life ---- */

int lease_new(const LeaseContext *context, LeaseSource *source, const SqsMessage *message,
              const LeaseTime *time, Lease **ret)
{
    Lease *lease = malloc(sizeof(*lease));

    if (!lease)
        return -ENOMEM;
    *lease = (Lease){
        .context = context,
        .source = source,
        .id = strdup(message->id),
        .receipt = strdup(message->receipt),
        .receives = message->receives,
        .time = *time,
        .outage_wait = {.hooks = &outage_hooks, .userdata = lease},
    };
    source->n_leases++;
    source->n_under_way++;
    timer_init(&lease->call_timer, context->timers, lease_call, lease);
    timer_init(&lease->end_timer, context->ends, lease_over, lease);
    if (!lease->id || !lease->receipt) {
        lease_free(lease);
        return -ENOMEM;
    }
    *ret = lease;
    return 0;
}

void lease_free(Lease *lease)
{
    if (!lease)
        return;
    assert(lease->source->n_leases > 0);
    lease_rest(lease);
    timer_clear(&lease->end_timer);
    lease->source->n_leases--;
    lease->source->n_under_way -= lease->stage == LEASE_HELD;
    call_error_clear(&lease->refusal);
    free(lease->id);
    free(lease->receipt);
    free(lease);
}

void lease_start(Lease *lease)
{
    assert(lease->stage == LEASE_HELD && !lease->call);
    timer_set(&lease->end_timer, lease->time.ends_usec);
    lease_extend_later(lease, lease->time.asked_usec);
}

void lease_restart(Lease *lease)
{
    assert(lease->stage == LEASE_HELD && !lease->call);
    timer_set(&lease->end_timer, lease->time.ends_usec);
    lease_call_at(lease, now_boottime(lease));
}

void lease_renew(Lease *lease, const SqsMessage *message, const LeaseTime *time)
{
    char *receipt = strdup(message->receipt);

    assert(lease->stage < LEASE_RETURNING);
    if (!receipt)
        return;
    free(lease->receipt);
    lease->receipt = receipt;
    lease->receives = message->receives;
    lease_rest(lease); /* a call under way is for the former receipt */
    lease_set_time(lease, time);
    if (lease->stage == LEASE_DELETING)
        lease_call_at(lease, now_boottime(lease));
    else
        lease_extend_later(lease, time->asked_usec);
}

void lease_job_ended(Lease *lease)
{
    lease_set_stage(lease, LEASE_ENDED);
}

void lease_delete(Lease *lease)
{
    lease_set_stage(lease, LEASE_DELETING);
    lease_rest(lease);
    lease_call_at(lease, now_boottime(lease));
}

void lease_return(Lease *lease)
{
    lease_set_stage(lease, LEASE_RETURNING);
    lease_rest(lease);
    timer_clear(&lease->end_timer);
}

void lease_give_back(Lease *lease)
{
    assert(lease->stage == LEASE_RETURNING && !lease->call);
    lease_call_at(lease, now_boottime(lease));
}

void lease_end(Lease *lease)
{
    lease_set_stage(lease, LEASE_GONE);
    lease_rest(lease);
    timer_clear(&lease->end_timer);
}
