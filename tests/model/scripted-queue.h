/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SQS and EventBridge as the model plays them: one queue of requests, with visibility, stale
 * receipts and deliveries one too many as a standard queue has them, and two places that are told
 * how jobs ended.
 *
 * Time is the true one, which no host knows. What each host was given is written down beside the
 * message. */
#pragma once

#include "daemon/jobs/job-record.h"
#include "tests/model/weather.h"

#define N_HOSTS_MAX 3U
#define N_MESSAGES_MAX 40U
#define N_OUTCOMES_MAX 512U

typedef enum QueueOperation {
    QUEUE_RECEIVE,
    QUEUE_CHANGE_VISIBILITY,
    QUEUE_DELETE,
    QUEUE_SEND, /* to the queue of outcomes */
    QUEUE_PUT,  /* an event, likewise */
    N_QUEUE_OPERATIONS
} QueueOperation;

/* What a host was given of a message. */
typedef struct Delivery {
    unsigned count;             /* the receive count that came with it last; 0: it never did */
    uint64_t counts;            /* a bit for each that came with it */
    uint64_t received_usec;     /* the last one */
    uint64_t hidden_until_usec; /* as SQS would say if it had been received by nobody else */
} Delivery;

typedef struct QueueMessage {
    unsigned number, target, import;
    bool is_request; /* else nobody can read it */
    char body[512];
    unsigned receives; /* the last one is the receipt that is good */
    uint64_t sent_usec, visible_usec;
    bool deleted;
    Delivery by_host[N_HOSTS_MAX];
} QueueMessage;

/* One outcome that was taken, as often as it was sent. */
typedef struct TakenOutcome {
    QueueOperation where; /* QUEUE_SEND or QUEUE_PUT */
    unsigned host;
    char job_id[JOB_ID_SIZE];
    char state[16];
} TakenOutcome;

typedef struct ScriptedQueue {
    QueueMessage messages[N_MESSAGES_MAX];
    unsigned n_messages;
    TakenOutcome outcomes[N_OUTCOMES_MAX];
    unsigned n_outcomes;
    Weather weather;
    double once_more; /* how probable a delivery of what is hidden is */
} ScriptedQueue;

typedef struct QueueRequest {
    QueueOperation operation;
    unsigned host;
    unsigned max_messages, wait_sec, visibility_sec;
    unsigned message, receipt; /* number of each */
    TakenOutcome outcome;
    uint64_t signed_usec, timeout_usec;
    uint64_t arrived_usec; /* the true time */
} QueueRequest;

const char *queue_request_name(const QueueRequest *request);

/* Whether the request is one for this script, by its URL. */
bool queue_request_is_one(const HttpRequest *http);
void queue_request_parse(const HttpRequest *http, unsigned host, QueueRequest *ret);

#define SCRIPTED_QUEUE_URL "https://sqs.queue.example/1/requests"
#define SCRIPTED_OUTCOME_URL "https://sqs.queue.example/1/outcomes"
#define SCRIPTED_QUEUE_ENDPOINT "https://sqs.queue.example"
#define SCRIPTED_EVENTS_ENDPOINT "https://events.queue.example"

/* A message is sent, visible at once. body: as it is; with is_request for this import. */
QueueMessage *queue_send(ScriptedQueue *queue, Model *model, const char *body);

/* A call is at the queue. False: it waits there for messages. */
bool queue_call(ScriptedQueue *queue, Model *model, const QueueRequest *request, Answer *ret);

/* The host was told that its receipt is stale: it has the message no more, unless it got another
 * receipt meanwhile. */
#define STALE_CODE "MessageNotInflight"
void queue_disown(ScriptedQueue *queue, const QueueRequest *request);

/* When a call that waits is to be looked at again. */
uint64_t queue_next_usec(const ScriptedQueue *queue, const QueueRequest *request);
