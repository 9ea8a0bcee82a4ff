/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "common/time.h"
#include "tests/sim/client-watch.h"

/* A request that is not answered yet. */
typedef struct Waiting {
    LIST_ENTRY(Waiting) link;
    Deliveries *deliveries;
    struct evhttp_request *request;
    uint64_t sequence;
    DeliveryKind kind;
    unsigned status;
    struct event *timer; /* what it waits for: this, or */
    ClientWatch *watch;
} Waiting;

struct Deliveries {
    struct event_base *base;
    Record *record;
    LIST_HEAD(WaitingList, Waiting) waiting;
};

int deliveries_new(struct event_base *base, Record *record, Deliveries **ret)
{
    Deliveries *deliveries = calloc(1, sizeof(*deliveries));
    if (!deliveries)
        return -ENOMEM;
    deliveries->base = base;
    deliveries->record = record;
    LIST_INIT(&deliveries->waiting);
    *ret = deliveries;
    return 0;
}

static void waiting_free(Waiting *waiting)
{
    LIST_REMOVE(waiting, link);
    if (waiting->timer)
        event_free(waiting->timer);
    client_watch_free(waiting->watch);
    free(waiting);
}

void deliveries_free(Deliveries *deliveries)
{
    if (!deliveries)
        return;
    while (!LIST_EMPTY(&deliveries->waiting))
        waiting_free(LIST_FIRST(&deliveries->waiting));
    free(deliveries);
}

static Waiting *waiting_new(Deliveries *deliveries, struct evhttp_request *request)
{
    Waiting *waiting = calloc(1, sizeof(*waiting));
    if (!waiting)
        return NULL;
    waiting->deliveries = deliveries;
    waiting->request = request;
    LIST_INSERT_HEAD(&deliveries->waiting, waiting, link);
    return waiting;
}

/* Linux sends an RST for an established connection that is dissolved this way. The SO_LINGER way
 * would not do: evhttp shuts the socket down before it closes it, and the client would see a FIN
 * first. */
static void reset_connection(struct evhttp_request *request)
{
    struct sockaddr unspecified = {.sa_family = AF_UNSPEC};

    (void)connect(client_fd(request), &unspecified, sizeof(unspecified));
    client_close(request);
}

static void client_gone(void *userdata)
{
    Waiting *waiting = userdata;
    struct evhttp_request *request = waiting->request;

    waiting_free(waiting);
    client_close(request);
}

static void wait_for_client_to_go(Deliveries *deliveries, struct evhttp_request *request)
{
    Waiting *waiting = waiting_new(deliveries, request);

    if (!waiting)
        client_close(request);
    else if (client_watch_new(deliveries->base, request, client_gone, waiting, &waiting->watch) < 0)
        client_gone(waiting);
}

static void deliver(Deliveries *deliveries, struct evhttp_request *request, uint64_t sequence,
                    DeliveryKind kind, unsigned status)
{
    record_answer(deliveries->record, sequence, kind == DELIVERY_ANSWER ? status : 0);
    switch (kind) {
    case DELIVERY_ANSWER:
        evhttp_send_reply(request, (int)status, NULL, NULL);
        break;
    case DELIVERY_RESET:
        reset_connection(request);
        break;
    case DELIVERY_CLOSE:
        client_close(request);
        break;
    case DELIVERY_HANG:
        wait_for_client_to_go(deliveries, request);
        break;
    }
}

static void delay_over(evutil_socket_t fd, short what, void *userdata)
{
    Waiting *waiting = userdata, copy = *waiting;

    (void)fd, (void)what;
    waiting_free(waiting);
    deliver(copy.deliveries, copy.request, copy.sequence, copy.kind, copy.status);
}

static int delay(Deliveries *deliveries, const Waiting *what, double seconds)
{
    struct timeval timeout = {.tv_sec = (time_t)seconds};
    Waiting *waiting;

    timeout.tv_usec = (suseconds_t)((seconds - (double)timeout.tv_sec) * (double)USEC_PER_SEC);
    waiting = waiting_new(deliveries, what->request);
    if (!waiting)
        return -ENOMEM;
    waiting->sequence = what->sequence;
    waiting->kind = what->kind;
    waiting->status = what->status;
    waiting->timer = evtimer_new(deliveries->base, delay_over, waiting);
    if (!waiting->timer || evtimer_add(waiting->timer, &timeout) < 0) {
        waiting_free(waiting);
        return -ENOMEM;
    }
    return 0;
}

void delivery_start(Deliveries *deliveries, struct evhttp_request *request, uint64_t sequence,
                    DeliveryKind kind, unsigned status, double delay_seconds)
{
    const Waiting what = {.request = request, .sequence = sequence, .kind = kind, .status = status};

    if (delay_seconds <= 0 || delay(deliveries, &what, delay_seconds) < 0)
        deliver(deliveries, request, sequence, kind, status);
}
