/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface on libevent, kept to the few things that can be relied on in all of its
 * versions from 7.76 on:
 *
 * - libcurl is called from events alone, never from its own callbacks and never from start() or
 *   cancel() of this interface; a time-out of 0 that it asks for is an event like any other.
 * - A transfer has exactly one end: transfer_end(), or a cancel. Every message is drained after
 *   every call, because libcurl reports an end only once.
 * - Time-outs are ours (client_look()): libcurl's run on while this process syncs or is stopped. */
#include "daemon/http/client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "common/time.h"
#include "daemon/base/loop.h"
#include "daemon/http/multi.h"
#include "daemon/http/outcome.h"
#include "daemon/http/transfer-clock.h"
#include "daemon/http/transfer.h"

/* An idle handle costs about 7 KiB; to make one is a thirtieth of the work of a warm call. So a
 * burst keeps those that it uses, and a few are left when memory is given back. */
#define IDLE_HANDLES_MAX 64U
#define IDLE_HANDLES_AT_REST 4U

TAILQ_HEAD(TransferList, HttpTransfer);

typedef struct CurlClient {
    HttpClient interface; /* first: an HttpClient of ours is cast back */
    struct event_base *base;
    HttpMulti multi;
    HttpProxy proxy;
    Trust *trust;
    struct event *starter; /* sends what is queued, in a later turn than that of http_start() */
    struct event *watch;   /* looks at the time while transfers run */
    TransferClock clock;
    struct TransferList queued;   /* no handle and no connection yet */
    struct TransferList yielding; /* likewise, of those that yield */
    struct TransferList running;
    unsigned n_running;
    unsigned n_running_yielding;
    unsigned others_in_a_row; /* that began since one that yields did */
    unsigned max_connections;
    CURL *idle[IDLE_HANDLES_MAX];
    size_t n_idle;
    uint64_t connections; /* opened so far */
} CurlClient;

/* ---- the time that transfers have ---- */

/* Called before libcurl is, which else judges first. */
static void client_look(CurlClient *client)
{
    uint64_t pause_usec = transfer_clock_look(&client->clock);
    HttpTransfer *transfer;

    if (pause_usec > 0)
        TAILQ_FOREACH (transfer, &client->running, entry)
            http_transfer_excuse(transfer, pause_usec);
}

/* Often enough for a time-out of so long, and for those that were reckoned with before. */
static void client_keep_looking(CurlClient *client, uint64_t patience_usec)
{
    uint64_t look_usec = transfer_clock_choose_look(patience_usec);

    if (evtimer_pending(client->watch, NULL) && look_usec >= client->clock.look_usec)
        return;
    client->clock.look_usec = look_usec;
    (void)event_add(client->watch,
                    &(struct timeval){.tv_sec = (time_t)(look_usec / USEC_PER_SEC),
                                      .tv_usec = (suseconds_t)(look_usec % USEC_PER_SEC)});
}

/* ---- a transfer's life: queued, running, ended ---- */

static struct TransferList *queue_of(CurlClient *client, const HttpTransfer *transfer)
{
    return transfer->yields ? &client->yielding : &client->queued;
}

/* The next that may run; NULL: none. */
static HttpTransfer *client_find_next(CurlClient *client)
{
    unsigned yielding_max = client->max_connections - client->max_connections / 4;
    HttpTransfer *other = TAILQ_FIRST(&client->queued), *yielding = NULL;

    if (client->n_running >= client->max_connections)
        return NULL;
    if (client->n_running_yielding < yielding_max)
        yielding = TAILQ_FIRST(&client->yielding);
    return !other || (yielding && client->others_in_a_row >= HTTP_OTHERS_IN_A_ROW) ? yielding
                                                                                   : other;
}

static void client_count_begun(CurlClient *client, const HttpTransfer *transfer)
{
    client->n_running++;
    client->n_running_yielding += transfer->yields;
    client->others_in_a_row = transfer->yields ? 0 : client->others_in_a_row + 1;
}

static int schedule_start(CurlClient *client)
{
    if (!client_find_next(client))
        return 0;
    /* A timer of zero, not event_active(): that would run in this very turn of the loop. */
    return event_add(client->starter, &(struct timeval){0}) < 0 ? -ENOMEM : 0;
}

/* Gives a queued transfer its handle. */
static CURLcode transfer_run(HttpTransfer *transfer)
{
    CurlClient *client = transfer->client;
    CURL *easy;
    CURLcode code;

    assert(!transfer->easy);
    if (client->multi.spoilt && !http_multi_renew(&client->multi))
        return CURLE_OUT_OF_MEMORY;
    easy = client->n_idle > 0 ? client->idle[--client->n_idle] : curl_easy_init();
    if (!easy)
        return CURLE_OUT_OF_MEMORY;
    code = http_transfer_setup(transfer, &client->proxy, client->trust, easy);
    if (code == CURLE_OK && curl_multi_add_handle(client->multi.handle, easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        curl_easy_cleanup(easy);
        return code;
    }
    if (client->n_running == 0)
        transfer_clock_restart(&client->clock);
    client_look(client);
    transfer->easy = easy;
    transfer->began_usec = client->clock.usec;
    TAILQ_REMOVE(queue_of(client, transfer), transfer, entry);
    TAILQ_INSERT_TAIL(&client->running, transfer, entry);
    client_count_begun(client, transfer);
    client_keep_looking(client, http_transfer_patience_usec(transfer));
    return CURLE_OK;
}

/* Takes the transfer out of the client: after this it has no handle, and libcurl does not know it.
 */
static void transfer_detach(HttpTransfer *transfer)
{
    CurlClient *client = transfer->client;
    long connections = 0;

    if (!transfer->easy) {
        TAILQ_REMOVE(queue_of(client, transfer), transfer, entry);
        return;
    }
    if (curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections) == CURLE_OK)
        client->connections += (uint64_t)connections;
    assert(client->n_running > 0);
    TAILQ_REMOVE(&client->running, transfer, entry);
    client->n_running--;
    client->n_running_yielding -= transfer->yields;
    curl_multi_remove_handle(client->multi.handle, transfer->easy);
    http_multi_forget(&client->multi, transfer->easy);
    /* In libcurl a failure may outlive its transfer: a name that was not found fails the next one,
     * and so does the refusal to send again. */
    if (client->n_idle < IDLE_HANDLES_MAX && transfer->succeeded) {
        curl_easy_reset(transfer->easy);
        client->idle[client->n_idle++] = transfer->easy;
    } else {
        curl_easy_cleanup(transfer->easy);
    }
    transfer->easy = NULL;
    /* Should memory lack for the event, the next transfer that starts or ends sees to the queue. */
    (void)schedule_start(client);
}

/* The one end of a transfer that is not cancelled. */
static void transfer_end(HttpTransfer *transfer, CURLcode code)
{
    char message[HTTP_MESSAGE_SIZE];
    HttpResponse response = http_outcome_response(transfer, code, message);

    assert(code != CURLE_OK || transfer->easy);
    transfer->succeeded = code == CURLE_OK;
    transfer_detach(transfer);
    transfer->callback(&response, transfer->userdata);
    http_transfer_free(transfer);
}

/* ---- libcurl on the event loop ---- */

static void client_end_all(CurlClient *client)
{
    HttpTransfer *transfer;

    client->multi.spoilt = true;
    for (unsigned n = client->n_running; n > 0 && (transfer = TAILQ_FIRST(&client->running)); n--)
        transfer_end(transfer, CURLE_OUT_OF_MEMORY);
}

/* Lets libcurl work and hands out what is done. Callbacks may start and cancel transfers meanwhile.
 */
static void client_work(CurlClient *client, curl_socket_t fd, int events)
{
    struct CURLMsg *message;
    int n;

    if (client->interface.before_writing)
        client->interface.before_writing(client->interface.userdata);
    client_look(client);
    /* Other failures are those of single transfers, and come as their messages. */
    if (curl_multi_socket_action(client->multi.handle, fd, events, &n) == CURLM_OUT_OF_MEMORY)
        client_end_all(client);
    while ((message = curl_multi_info_read(client->multi.handle, &n))) {
        char *transfer = NULL;
        CURLcode code = message->data.result; /* the message dies with its transfer */

        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK)
            transfer_end((HttpTransfer *)transfer, code);
    }
}

static void on_ready(evutil_socket_t fd, short what, void *userdata)
{
    CurlClient *client = userdata;

    loop_begin_work();
    client_work(client, fd,
                (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
    loop_end_work(client->base);
}

static void on_timeout(evutil_socket_t fd, short what, void *userdata)
{
    (void)fd, (void)what;
    client_work(userdata, CURL_SOCKET_TIMEOUT, 0);
}

static HttpTransfer *client_find_overdue(CurlClient *client)
{
    HttpTransfer *transfer;

    TAILQ_FOREACH (transfer, &client->running, entry)
        if (http_transfer_is_overdue(transfer, client->clock.usec - transfer->began_usec))
            return transfer;
    return NULL;
}

/* The sockets come first in each pass of libevent: what has arrived is not overdue. */
static void on_watch_time(evutil_socket_t fd, short what, void *userdata)
{
    CurlClient *client = userdata;
    uint64_t patience_usec = UINT64_MAX;
    HttpTransfer *transfer;

    (void)fd, (void)what;
    client_look(client);
    while ((transfer = client_find_overdue(client)))
        transfer_end(transfer, CURLE_OPERATION_TIMEDOUT);
    TAILQ_FOREACH (transfer, &client->running, entry)
        if (http_transfer_patience_usec(transfer) < patience_usec)
            patience_usec = http_transfer_patience_usec(transfer);
    if (client->n_running > 0)
        client_keep_looking(client, patience_usec);
}

static void on_start(evutil_socket_t fd, short what, void *userdata)
{
    CurlClient *client = userdata;
    HttpTransfer *transfer;

    (void)fd, (void)what;
    while ((transfer = client_find_next(client))) {
        CURLcode code = transfer_run(transfer);

        if (code != CURLE_OK) {
            transfer_end(transfer, code);
            (void)schedule_start(client); /* what its callback started is for a later turn */
            break;
        }
    }
    client_work(client, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- the interface ---- */

static int client_start(HttpClient *interface, const HttpRequest *request, HttpCallback callback,
                        void *userdata, HttpTransfer **ret)
{
    CurlClient *client = (CurlClient *)interface;
    HttpTransfer *transfer;
    int r = http_transfer_new(request, &transfer);

    if (r < 0)
        return r;
    transfer->client = client;
    transfer->callback = callback;
    transfer->userdata = userdata;
    TAILQ_INSERT_TAIL(queue_of(client, transfer), transfer, entry);
    r = schedule_start(client);
    if (r < 0) {
        transfer_detach(transfer);
        http_transfer_free(transfer);
        return r;
    }
    *ret = transfer;
    return 0;
}

static void client_cancel(HttpClient *interface, HttpTransfer *transfer)
{
    (void)interface;
    transfer_detach(transfer);
    http_transfer_free(transfer);
}

void http_client_set_max_connections(HttpClient *interface, unsigned max_connections)
{
    CurlClient *client = (CurlClient *)interface;

    client->max_connections = max_connections;
    http_multi_limit(&client->multi, max_connections);
    (void)schedule_start(client); /* as in transfer_detach() */
}

uint64_t http_client_connections(const HttpClient *interface)
{
    return ((const CurlClient *)interface)->connections;
}

const char *http_client_proxy_fault(const HttpClient *interface)
{
    return ((const CurlClient *)interface)->proxy.fault;
}

static int client_setup(CurlClient *client)
{
    int r = http_proxy_read_environment(&client->proxy);

    if (r < 0 || (r = trust_new(&client->trust)) < 0)
        return r;
    client->starter = evtimer_new(client->base, on_start, client);
    client->watch = evtimer_new(client->base, on_watch_time, client);
    if (!client->starter || !client->watch)
        return -ENOMEM;
    client->multi = (HttpMulti){.base = client->base, .ready = on_ready, .userdata = client};
    return http_multi_open(&client->multi, on_timeout);
}

int http_client_new(struct event_base *base, unsigned max_connections, HttpClient **ret)
{
    CurlClient *client;
    int r;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -EIO;
    client = malloc(sizeof(*client));
    if (!client) {
        curl_global_cleanup();
        return -ENOMEM;
    }
    *client = (CurlClient){
        .interface = {.start = client_start, .cancel = client_cancel},
        .base = base,
    };
    TAILQ_INIT(&client->queued);
    TAILQ_INIT(&client->yielding);
    TAILQ_INIT(&client->running);
    r = client_setup(client);
    if (r < 0) {
        http_client_free(&client->interface);
        return r;
    }
    http_client_set_max_connections(&client->interface, max_connections);
    *ret = &client->interface;
    return 0;
}

static void client_keep_idle(CurlClient *client, size_t n)
{
    while (client->n_idle > n)
        curl_easy_cleanup(client->idle[--client->n_idle]);
}

void http_client_give_back_memory(HttpClient *interface)
{
    client_keep_idle((CurlClient *)interface, IDLE_HANDLES_AT_REST);
}

void http_client_free(HttpClient *interface)
{
    CurlClient *client = (CurlClient *)interface;
    HttpTransfer *transfer;

    if (!client)
        return;
    while ((transfer = TAILQ_FIRST(&client->running)) ||
           (transfer = TAILQ_FIRST(&client->queued)) || (transfer = TAILQ_FIRST(&client->yielding)))
        client_cancel(interface, transfer);
    assert(client->n_running == 0);
    client_keep_idle(client, 0);
    http_multi_clear(&client->multi);
    if (client->starter)
        event_free(client->starter);
    if (client->watch)
        event_free(client->watch);
    http_proxy_clear(&client->proxy);
    trust_free(client->trust);
    free(client);
    curl_global_cleanup();
}
