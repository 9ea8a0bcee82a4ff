/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/outage-state.h"
#include "daemon/queue/message-body.h"

#define AGAIN_USEC USEC_PER_SEC      /* after a receive that brought nothing to do */
#define LAST_USEC (USEC_PER_SEC / 2) /* for a receive when all else has been given back */
/* Of rejections each is logged, but not so many that journald, which takes 10,000 lines in 30 s,
 * drops others for them. */
#define REJECTIONS_LOGGED 100U   /* a second... */
#define REJECTIONS_RESERVE 2000U /* ...and besides, where there were fewer before */

static uint64_t now_boottime(const Queue *queue)
{
    return timers_boottime_usec(queue->context->timers);
}

/* How many messages may be taken now. */
static unsigned queue_room(const Queue *queue)
{
    unsigned max_jobs = queue->context->max_jobs;
    unsigned n_jobs = registry_count_jobs(queue->context->registry);
    unsigned room = now_boottime(queue) < queue->singly_until_usec ? 1 : SQS_MESSAGES_MAX;

    if (!queue->config || lease_book_is_failing(queue->context->book) || n_jobs >= max_jobs ||
        queue->source.n_leases >= queue->config->max_jobs)
        return 0;
    if (room > max_jobs - n_jobs)
        room = max_jobs - n_jobs;
    if (room > queue->config->max_jobs - queue->source.n_leases)
        room = queue->config->max_jobs - queue->source.n_leases;
    return room;
}

/* ---- messages ---- */

static void queue_reject(Queue *queue, const SqsMessage *message, const char *reason)
{
    unsigned n_left_out;
    JournalEntry entry;

    queue->source.counts[MESSAGE_REJECTED]++;
    stats_add(STAT_REQUESTS_REJECTED, 1);
    if (!log_limit_take(&queue->rejections, now_boottime(queue), &n_left_out))
        return;
    journal_begin(&entry, EVENT_REQUEST_REJECTED);
    journal_add(&entry, "TRAILSTOP_QUEUE", "%s", queue->source.name);
    if (*message->id)
        journal_add(&entry, "TRAILSTOP_MESSAGE_ID", "%s", message->id);
    if (message->sender)
        journal_add(&entry, "TRAILSTOP_SENDER_ID", "%s", message->sender);
    journal_add(&entry, "TRAILSTOP_UNTOLD", "%u", n_left_out);
    journal_send(&entry, "Message%s%s of queue %s is rejected: %s", *message->id ? " " : "",
                 message->id, queue->source.name, reason);
}

static bool queue_allows(const Queue *queue, const char *target)
{
    for (char *const *name = queue->config->targets; *name; name++)
        if (strcmp(*name, CONFIG_ALL_TARGETS) == 0 || strcmp(*name, target) == 0)
            return true;
    return false;
}

static Target *queue_find_target(const Queue *queue, const char *name)
{
    const QueueContext *context = queue->context;

    if (!name)
        name = CONFIG_DEFAULT_TARGET;
    return queue_allows(queue, name) ? context->find_target(name, context->userdata) : NULL;
}

/* Whether a job has been made of it, or joined. */
static bool queue_request(Queue *queue, const SqsMessage *message, const LeaseTime *time,
                          const Parameters *parameters)
{
    const QueueContext *context = queue->context;
    const JobMessage of = {
        .queue = queue->source.name,
        .id = (char *)message->id,
        .sender = (char *)message->sender,
        .receives = message->receives,
    };
    const JobRequest request = {
        .target = queue_find_target(queue, parameters->target),
        .key = {.kind = JOB_STOP,
                .service = parameters->service,
                .import_id = parameters->import_id},
        .reason = parameters->reason,
        .message = &of,
        .requester = {getuid(), getgid(), getpid()},
        .timeout_usec = parameters->has_timeout ? (uint64_t)parameters->timeout * USEC_PER_SEC
                                                : context->timeout_usec,
    };

    if (request.target)
        return lease_book_take(context->book, &queue->source, message, time, &request) >= 0;
    queue_reject(queue, message,
                 "its target is not in the configuration, or not one that the queue may ask for");
    return false;
}

/* Whether it brought something to do. */
static bool queue_take(Queue *queue, const SqsMessage *message, const LeaseTime *time)
{
    CLEANUP(message_body_clear) MessageBody body = {0};
    CLEANUP(freep) char *reason = NULL;
    int r;

    if (time->ends_usec <= now_boottime(queue) || /* the answer was long on its way */
        lease_book_renew(queue->context->book, &queue->source, message, time))
        return false;
    if (queue_room(queue) == 0) { /* more came than was asked for, or clients were faster */
        lease_book_pass_on(queue->context->book, &queue->source, message, time);
        return false;
    }
    if (*message->id == '\0') {
        queue_reject(queue, message, "SQS gave it no usable id and receipt handle");
        return false;
    }
    r = message_body_read(message->body, message->body_size, &body, &reason);
    if (r == -EINVAL)
        queue_reject(queue, message, reason);
    return r >= 0 && queue_request(queue, message, time, &body.parameters);
}

/* ---- receives ---- */

static void queue_received(Queue *queue, json_object *answer)
{
    const LeaseTime time = {queue->sent_usec, queue->sent_usec + queue->visibility_usec};
    SqsMessage messages[SQS_MESSAGES_MAX];
    size_t n = sqs_messages(answer, messages);
    uint64_t now_usec = now_boottime(queue);
    bool brought = false;

    for (size_t i = 0; i < n; i++)
        if (queue_take(queue, &messages[i], &time))
            brought = true;
    if (brought) /* queue_wake() comes when that is on disk, or could not be saved */
        return;
    if (queue->wait_usec == 0 || now_usec - queue->sent_usec < queue->wait_usec)
        now_usec += AGAIN_USEC;
    timer_set(&queue->timer, now_usec);
}

/* What came to a queue that leaves goes on to another host. */
static void queue_pass_on(Queue *queue, json_object *answer)
{
    const LeaseTime time = {queue->sent_usec, queue->sent_usec + queue->visibility_usec};
    SqsMessage messages[SQS_MESSAGES_MAX];
    size_t n = sqs_messages(answer, messages);

    timer_clear(&queue->timer);
    for (size_t i = 0; i < n; i++)
        lease_book_pass_on(queue->context->book, &queue->source, &messages[i], &time);
}

static void on_received(const AwsResult *result, void *userdata)
{
    Queue *queue = userdata;

    queue->receive = NULL;
    if (queue->source.leaving) {
        if (result->outcome == AWS_OK)
            queue_pass_on(queue, result->body);
        return;
    }
    if (result->outcome == AWS_OK) {
        outage_answered(&queue->outage_wait);
        queue_received(queue, result->body);
        return;
    }
    /* Ten messages may be more than an answer may have. They come again, and at the same time. */
    if (result->error->code && strcmp(result->error->code, CALL_ERROR_UNREADABLE) == 0)
        queue->singly_until_usec = now_boottime(queue) + 2 * queue->visibility_usec;
    outage_failed(&queue->outage_wait, result->error);
}

static void on_attempt(unsigned number, void *userdata)
{
    Queue *queue = userdata;

    (void)number;
    queue->sent_usec = now_boottime(queue);
}

static void describe_call(JournalEntry *entry, void *userdata)
{
    const Queue *queue = userdata;

    journal_add(entry, "TRAILSTOP_QUEUE", "%s", queue->source.name);
}

static void queue_receive(void *userdata)
{
    Queue *queue = userdata;
    static const AwsCallHooks hooks = {
        .attempt = on_attempt, .describe = describe_call, .done = on_received};
    const AwsCaller caller = {.hooks = &hooks, .userdata = queue};
    unsigned room = queue_room(queue);

    if (queue->source.leaving) { /* that was long enough */
        aws_call_cancel(TAKE(queue->receive));
        return;
    }
    assert(!queue->receive);
    if (room == 0) { /* queue_wake() comes; meanwhile others may probe */
        outage_step_back(&queue->outage_wait);
        return;
    }
    if (!outage_enter(queue->source.outage, &queue->outage_wait))
        return;
    queue->wait_usec = queue->config->wait_usec;
    queue->visibility_usec = queue->source.visibility_usec;
    if (sqs_receive(queue->source.client, queue->source.url, room,
                    (unsigned)(queue->wait_usec / USEC_PER_SEC),
                    (unsigned)(queue->visibility_usec / USEC_PER_SEC), &caller,
                    &queue->receive) < 0)
        outage_failed(&queue->outage_wait, &call_error_no_memory);
}

void queue_wake(Queue *queue)
{
    if (queue->config && !queue->timer.set && !queue->receive &&
        queue->outage_wait.place == OUTAGE_APART)
        timer_set(&queue->timer, now_boottime(queue));
}

static void queue_resume(uint64_t delay_usec, void *userdata)
{
    Queue *queue = userdata;

    timer_set(&queue->timer, now_boottime(queue) + delay_usec);
}

static bool queue_hold(void *userdata)
{
    Queue *queue = userdata;

    if (!queue->receive || aws_call_next_usec(queue->receive) == 0)
        return false;
    aws_call_cancel(TAKE(queue->receive));
    return true;
}

static const OutageHooks outage_hooks = {.resume = queue_resume, .hold = queue_hold};

/* ---- a queue's life ---- */

static int source_init(LeaseSource *source, const QueueContext *context, const QueueConfig *config,
                       AwsClient *client)
{
    int r;

    source->visibility_usec = config->visibility_usec;
    source->tells = config->outcome_url != NULL;
    source->name = strdup(config->account.section.name);
    source->url = strdup(config->url);
    if (!source->name || !source->url)
        return -ENOMEM;
    r = outage_new(context->timers, context->random, AWS_OWNER_QUEUE, source->name,
                   &source->outage);
    if (r < 0)
        return r;
    outage_set_meter(source->outage, aws_client_meter(client));
    source->client = aws_client_ref(client);
    return 0;
}

int queue_new(const QueueContext *context, const QueueConfig *config, AwsClient *client,
              Queue **ret)
{
    CLEANUP(queue_freep) Queue *queue = malloc(sizeof(*queue));
    int r;

    if (!queue)
        return -ENOMEM;
    *queue = (Queue){
        .context = context,
        .config = config,
        .outage_wait = {.hooks = &outage_hooks, .userdata = queue},
        .rejections = {.burst = REJECTIONS_LOGGED, .reserve = REJECTIONS_RESERVE},
    };
    timer_init(&queue->timer, context->timers, queue_receive, queue);
    r = source_init(&queue->source, context, config, client);
    if (r < 0)
        return r;
    *ret = TAKE(queue);
    return 0;
}

static void queue_rest(Queue *queue)
{
    timer_clear(&queue->timer);
    outage_leave(&queue->outage_wait);
}

void queue_free(Queue *queue)
{
    if (!queue)
        return;
    assert(queue->source.n_leases == 0);
    queue_rest(queue);
    aws_call_cancel(TAKE(queue->receive));
    aws_client_unref(queue->source.client);
    outage_unref(queue->source.outage);
    free(queue->source.name);
    free(queue->source.url);
    free(queue);
}

void queue_succeed(Queue *queue, Queue *successor)
{
    AwsClient *client = queue->source.client;

    assert(strcmp(queue->source.url, successor->source.url) == 0 && !successor->receive);
    queue->config = successor->config;
    queue->source.visibility_usec = successor->source.visibility_usec;
    queue->source.tells = successor->source.tells;
    queue->source.client = successor->source.client;
    successor->source.client = client;
    aws_client_follow(queue->source.client, client);
    queue_free(successor);
    outage_restart_waits(queue->source.outage);
    queue_wake(queue);
}

/* SQS may not notice that a client has gone, and give its receive what comes back to the queue: so
 * one that is on the wire is given up only when all else has been given back. */
void queue_leave(Queue *queue, unsigned n_returning)
{
    bool on_the_wire = queue->receive && aws_call_next_usec(queue->receive) == 0;

    queue_rest(queue);
    if (!on_the_wire || n_returning == 0)
        aws_call_cancel(TAKE(queue->receive));
    queue->config = NULL;
    queue->source.leaving = true;
}

bool queue_let_go(Queue *queue)
{
    if (queue->receive && !queue->timer.set)
        timer_set(&queue->timer, now_boottime(queue) + LAST_USEC);
    return queue->receive;
}

/* ---- as it is shown ---- */

json_object *queue_to_json(const Queue *queue)
{
    const LeaseSource *source = &queue->source;
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_string(object, "name", source->name) < 0 ||
        json_add_string(object, "url", source->url) < 0 ||
        json_add_int64(object, "jobs", lease_book_count_jobs_of(queue->context->book, source)) <
            0 ||
        outage_add_state(source->outage, aws_client_meter(source->client), object) < 0)
        return NULL;
    return TAKE(object);
}
