/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "daemon/aws/events.h"
#include "daemon/aws/sqs.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/jobs/aws-connection.h"
#include "daemon/jobs/outcome.h"
#include "daemon/jobs/retention.h"

/* All destinations of one configuration. */
struct OutboxPlan {
    uint64_t keep_usec;
    size_t n;
    Destination *destinations[];
};

struct Outbox {
    DestinationContext context; /* of all destinations */
    AwsContext aws;
    AwsMeters meters;
    Retention retention;
    OutboxPlan *plan;     /* in force */
    Destination *retired; /* one at a time; NULL: none */
    Timer retire_timer;   /* the next one is looked for */
    RegistryCompanion companion;
    void (*sent)(const char *queue, const char *job, void *userdata); /* NULL: nobody listens */
    void *userdata;
};

static Destination *plan_find(const OutboxPlan *plan, const char *stored_name)
{
    for (size_t i = 0; i < plan->n; i++)
        if (strcmp(destination_stored_name(plan->destinations[i]), stored_name) == 0)
            return plan->destinations[i];
    return NULL;
}

static Destination *outbox_find_outcome(const Outbox *outbox, const char *queue)
{
    for (size_t i = 0; i < outbox->plan->n; i++) {
        Destination *destination = outbox->plan->destinations[i];

        if (destination_kind(destination) == DESTINATION_OUTCOME &&
            strcmp(destination_section(destination), queue) == 0)
            return destination;
    }
    return NULL;
}

size_t outbox_size(const Outbox *outbox)
{
    return outbox->plan->n;
}

const Destination *outbox_get(const Outbox *outbox, size_t i)
{
    return outbox->plan->destinations[i];
}

/* ---- what destinations ask for ---- */

static uint64_t kept_since_usec(void *userdata)
{
    Outbox *outbox = userdata;
    const Timers *timers = outbox->context.timers;

    return retention_limit_usec(&outbox->retention, outbox->plan->keep_usec,
                                timers_realtime_usec(timers), timers_boottime_usec(timers));
}

static void on_sent(const Destination *destination, const char *job, void *userdata)
{
    const Outbox *outbox = userdata;

    if (outbox->sent && destination_kind(destination) == DESTINATION_OUTCOME)
        outbox->sent(destination_section(destination), job, outbox->userdata);
}

static void outbox_retire_in(Outbox *outbox, uint64_t delay_usec)
{
    timer_set(&outbox->retire_timer, timers_boottime_usec(outbox->context.timers) + delay_usec);
}

static void on_emptied(Destination *destination, void *userdata)
{
    Outbox *outbox = userdata;

    destination_free(destination);
    outbox->retired = NULL;
    outbox_retire_in(outbox, 0);
}

/* The next destination in the store that the configuration does not name. 0; -ENOENT: there is
 * none; or as store_next_destination(). */
static int outbox_find_removed(const Outbox *outbox, char **ret)
{
    CLEANUP(freep) char *name = NULL;
    int r = store_next_destination(outbox->context.store, "", &name);

    while (r >= 0 && plan_find(outbox->plan, name)) {
        CLEANUP(freep) char *former = TAKE(name);

        r = store_next_destination(outbox->context.store, former, &name);
    }
    if (r < 0)
        return r;
    *ret = TAKE(name);
    return 0;
}

static void outbox_retire(void *userdata)
{
    Outbox *outbox = userdata;
    CLEANUP(freep) char *name = NULL;
    int r;

    if (outbox->retired)
        return;
    r = outbox_find_removed(outbox, &name);
    if (r >= 0)
        r = destination_new_retired(&outbox->context, name, &outbox->retired);
    if (r < 0 && r != -ENOENT)
        outbox_retire_in(outbox, STORE_AGAIN_USEC);
}

/* ---- rows ---- */

static int on_ended(const JobRecord *record, Store *store, void *userdata)
{
    const Outbox *outbox = userdata;
    CLEANUP(freep) char *detail = NULL;

    (void)store;
    if (record->state == JOB_RELEASED) /* it ends on another host */
        return 0;
    for (size_t i = 0; i < outbox->plan->n; i++) {
        Destination *destination = outbox->plan->destinations[i];
        int r = 0;

        if (destination_kind(destination) != DESTINATION_NOTIFY)
            continue;
        if (!detail)
            r = outcome_make_detail(record, &detail);
        if (r >= 0)
            r = destination_put(destination, record->id, record->finished_usec, detail);
        if (r < 0)
            return r;
    }
    return 0;
}

int outbox_add_outcome(Outbox *outbox, const char *queue, const JobRecord *record)
{
    Destination *destination = outbox_find_outcome(outbox, queue);
    CLEANUP(freep) char *detail = NULL;
    int r;

    if (!destination || record->state == JOB_RELEASED)
        return 0;
    r = outbox_has_outcome(outbox, queue, record->id);
    if (r != 0)
        return r < 0 ? r : 0;
    r = outcome_make_detail(record, &detail);
    return r < 0 ? r : destination_put(destination, record->id, record->finished_usec, detail);
}

int outbox_has_outcome(Outbox *outbox, const char *queue, const char *job)
{
    const Destination *destination = outbox_find_outcome(outbox, queue);

    return destination
               ? store_has_outcome(outbox->context.store, destination_stored_name(destination), job)
               : 0;
}

static bool has_changes(void *userdata)
{
    const Outbox *outbox = userdata;

    if (outbox->retired && destination_has_changes(outbox->retired))
        return true;
    for (size_t i = 0; i < outbox->plan->n; i++)
        if (destination_has_changes(outbox->plan->destinations[i]))
            return true;
    return false;
}

static int on_save(Store *store, void *userdata)
{
    const Outbox *outbox = userdata;
    int r = outbox->retired ? destination_save(outbox->retired) : 0;

    (void)store;
    for (size_t i = 0; r >= 0 && i < outbox->plan->n; i++)
        r = destination_save(outbox->plan->destinations[i]);
    return r;
}

static void on_saved(int r, void *userdata)
{
    const Outbox *outbox = userdata;

    if (outbox->retired)
        destination_saved(outbox->retired, r);
    for (size_t i = 0; i < outbox->plan->n; i++)
        destination_saved(outbox->plan->destinations[i], r);
}

/* ---- the configuration's destinations ---- */

static int connect_notify(const Outbox *outbox, const Config *config, const NotifyConfig *notify,
                          Destination **ret)
{
    DestinationAddress address = {
        .kind = DESTINATION_NOTIFY,
        .section = notify->account.section.name,
        .event_bus = notify->event_bus,
        .queue_url = notify->queue_url,
    };
    int r = aws_connection_new(&outbox->aws, config, &notify->account,
                               notify->event_bus ? EVENTS_SERVICE : SQS_SERVICE, notify->endpoint,
                               NULL, &address.client);

    if (r >= 0)
        r = destination_new(&outbox->context, &address, ret);
    aws_client_unref(address.client);
    return r;
}

static int connect_outcome(const Outbox *outbox, const Config *config, const QueueConfig *queue,
                           Destination **ret)
{
    DestinationAddress address = {
        .kind = DESTINATION_OUTCOME,
        .section = queue->account.section.name,
        .queue_url = queue->outcome_url,
    };
    int r = aws_connection_new(&outbox->aws, config, &queue->account, SQS_SERVICE,
                               queue->outcome_endpoint, queue->outcome_region, &address.client);

    if (r >= 0)
        r = destination_new(&outbox->context, &address, ret);
    aws_client_unref(address.client);
    return r;
}

int outbox_plan(Outbox *outbox, const Config *config, OutboxPlan **ret)
{
    CLEANUP(outbox_plan_freep)
    OutboxPlan *plan = calloc(1, sizeof(*plan) + (config->n_notifies + config->n_queues) *
                                                     sizeof(plan->destinations[0]));
    int r = 0;

    if (!plan)
        return -ENOMEM;
    plan->keep_usec = config->keep_finished_usec > OUTBOX_KEEP_MIN_USEC ? config->keep_finished_usec
                                                                        : OUTBOX_KEEP_MIN_USEC;
    for (size_t i = 0; r >= 0 && i < config->n_notifies; i++)
        r = connect_notify(outbox, config, config->notifies[i], &plan->destinations[plan->n++]);
    for (size_t i = 0; r >= 0 && i < config->n_queues; i++)
        if (config->queues[i]->outcome_url)
            r = connect_outcome(outbox, config, config->queues[i], &plan->destinations[plan->n++]);
    if (r < 0)
        return r;
    *ret = TAKE(plan);
    return 0;
}

void outbox_plan_free(OutboxPlan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n; i++)
        destination_free(plan->destinations[i]);
    free(plan);
}

void outbox_adopt(Outbox *outbox, OutboxPlan *plan)
{
    OutboxPlan *former = outbox->plan;

    for (size_t i = 0; i < former->n; i++)
        for (size_t j = 0; j < plan->n; j++)
            if (strcmp(destination_stored_name(former->destinations[i]),
                       destination_stored_name(plan->destinations[j])) == 0) {
                destination_succeed(former->destinations[i], plan->destinations[j]);
                plan->destinations[j] = TAKE(former->destinations[i]);
                break;
            }
    outbox_plan_free(former);
    outbox->plan = plan;
    if (outbox->retired && plan_find(plan, destination_stored_name(outbox->retired)))
        destination_free(TAKE(outbox->retired));
    outbox_retire_in(outbox, 0);
}

/* ---- its life ---- */

int outbox_new(const OutboxContext *context, const Config *config, Outbox **ret)
{
    CLEANUP(outbox_freep) Outbox *outbox = calloc(1, sizeof(*outbox));
    int r;

    if (!outbox)
        return -ENOMEM;
    outbox->context = (DestinationContext){
        .timers = context->timers,
        .random = context->random,
        .store = context->store,
        .kept_since_usec = kept_since_usec,
        .sent = on_sent,
        .emptied = on_emptied,
        .userdata = outbox,
    };
    outbox->meters.timers = context->timers;
    outbox->aws = (AwsContext){
        .timers = context->timers,
        .random = context->random,
        .http = context->http,
        .base = context->base,
        .meters = &outbox->meters,
    };
    outbox->retention.seen_usec = store_last_update_usec(context->store);
    timer_init(&outbox->retire_timer, context->timers, outbox_retire, outbox);
    if ((r = aws_profile_share_new(context->timers, config->shared_files, &outbox->aws.profiles)) <
            0 ||
        (r = outbox_plan(outbox, config, &outbox->plan)) < 0)
        return r;
    outbox->companion = (RegistryCompanion){
        .ended = on_ended,
        .has_changes = has_changes,
        .save = on_save,
        .saved = on_saved,
        .userdata = outbox,
    };
    registry_add_companion(context->registry, &outbox->companion);
    outbox_retire_in(outbox, 0);
    *ret = TAKE(outbox);
    return 0;
}

void outbox_free(Outbox *outbox)
{
    if (!outbox)
        return;
    timer_clear(&outbox->retire_timer);
    destination_free(outbox->retired);
    outbox_plan_free(outbox->plan);
    aws_profile_share_free(outbox->aws.profiles);
    free(outbox);
}

void outbox_set_listener(Outbox *outbox,
                         void (*sent)(const char *queue, const char *job, void *userdata),
                         void *userdata)
{
    outbox->sent = sent;
    outbox->userdata = userdata;
}

bool outbox_finish(Outbox *outbox)
{
    bool waits = false;

    for (size_t i = 0; i < outbox->plan->n; i++)
        waits |= destination_finish(outbox->plan->destinations[i]);
    return waits;
}
