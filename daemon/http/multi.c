/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/multi.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* libcurl's timer callback. It must not call libcurl: a time-out of 0 becomes an event, too. */
static int on_set_timer(CURLM *handle, long timeout_msec, void *userdata)
{
    struct timeval delay = {.tv_sec = timeout_msec / 1000, .tv_usec = timeout_msec % 1000 * 1000};
    HttpMulti *multi = userdata;

    (void)handle;
    return timeout_msec < 0 ? event_del(multi->timer) : event_add(multi->timer, &delay);
}

/* What libcurl has us watch: a socket of a connection, or the end of a name's resolution. */
struct HttpWatch {
    LIST_ENTRY(HttpWatch) entry;
    const CURL *easy; /* the transfer that it is for */
    curl_socket_t fd;
    struct event *event;
};

static void watch_end(HttpMulti *multi, HttpWatch *watch)
{
    /* An error where libcurl does not know the socket any more. */
    (void)curl_multi_assign(multi->handle, watch->fd, NULL);
    LIST_REMOVE(watch, entry);
    event_free(watch->event);
    free(watch);
}

static HttpWatch *watch_new(HttpMulti *multi, curl_socket_t fd, short wanted)
{
    HttpWatch *watch = malloc(sizeof(*watch));

    if (!watch)
        return NULL;
    *watch = (HttpWatch){.fd = fd};
    watch->event = event_new(multi->base, fd, wanted, multi->ready, multi->userdata);
    if (!watch->event) {
        free(watch);
        return NULL;
    }
    LIST_INSERT_HEAD(&multi->watches, watch, entry);
    curl_multi_assign(multi->handle, fd, watch);
    return watch;
}

/* libcurl's socket callback: socketp is the watch of this socket. What fails here is left to the
 * time-out of the transfer: an error would make libcurl give up all transfers, now and later. */
static int on_watch(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socketp)
{
    HttpMulti *multi = userdata;
    HttpWatch *watch = socketp;
    short wanted = EV_PERSIST;

    if (what == CURL_POLL_REMOVE) {
        if (watch)
            watch_end(multi, watch);
        return 0;
    }
    if (what != CURL_POLL_OUT)
        wanted |= EV_READ;
    if (what != CURL_POLL_IN)
        wanted |= EV_WRITE;
    if (!watch) {
        watch = watch_new(multi, fd, wanted);
        if (!watch)
            return 0;
    } else if (event_get_events(watch->event) != wanted) {
        event_del(watch->event);
        event_assign(watch->event, multi->base, fd, wanted, multi->ready, multi->userdata);
    }
    watch->easy = easy;
    if (!event_pending(watch->event, wanted, NULL))
        event_add(watch->event, NULL);
    return 0;
}

void http_multi_forget(HttpMulti *multi, const CURL *easy)
{
    HttpWatch *watch, *next;

    for (watch = LIST_FIRST(&multi->watches); watch; watch = next) {
        next = LIST_NEXT(watch, entry);
        if (!easy || watch->easy == easy)
            watch_end(multi, watch);
    }
}

static void set_limit(CURLM *handle, unsigned max_connections)
{
    curl_multi_setopt(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
    curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, (long)max_connections);
}

/* These options are in all versions and take any value. */
static void must_be_set(CURLMcode code)
{
    assert(code == CURLM_OK);
}

static int open_handle(HttpMulti *multi, CURLM **ret)
{
    CURLM *handle = curl_multi_init();

    if (!handle)
        return -ENOMEM;
    must_be_set(curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, on_watch));
    must_be_set(curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, multi));
    must_be_set(curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_set_timer));
    must_be_set(curl_multi_setopt(handle, CURLMOPT_TIMERDATA, multi));
    set_limit(handle, multi->max_connections);
    *ret = handle;
    return 0;
}

int http_multi_open(HttpMulti *multi, event_callback_fn on_timeout)
{
    LIST_INIT(&multi->watches);
    multi->timer = evtimer_new(multi->base, on_timeout, multi->userdata);
    return multi->timer ? open_handle(multi, &multi->handle) : -ENOMEM;
}

void http_multi_clear(HttpMulti *multi)
{
    http_multi_forget(multi, NULL);
    curl_multi_cleanup(multi->handle); /* may still call on_watch() and on_set_timer() */
    http_multi_forget(multi, NULL);
    if (multi->timer)
        event_free(multi->timer);
}

void http_multi_limit(HttpMulti *multi, unsigned max_connections)
{
    multi->max_connections = max_connections;
    set_limit(multi->handle, max_connections);
}

bool http_multi_renew(HttpMulti *multi)
{
    CURLM *spoilt = multi->handle;

    assert(multi->spoilt);
    http_multi_forget(multi, NULL);
    if (open_handle(multi, &multi->handle) < 0)
        return false;
    multi->spoilt = false;
    curl_multi_cleanup(spoilt);
    return true;
}
