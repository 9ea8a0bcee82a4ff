/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/client-watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>

struct ClientWatch {
    struct event_base *base;
    struct event *event;
    void (*gone)(void *userdata);
    void *userdata;
};

evutil_socket_t client_fd(struct evhttp_request *request)
{
    return bufferevent_getfd(
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)));
}

void client_close(struct evhttp_request *request)
{
    evhttp_connection_free(evhttp_request_get_connection(request));
}

static int watch_for(ClientWatch *watch, evutil_socket_t fd, short what);

static bool has_data(evutil_socket_t fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A connection that was reset is readable, and not closed, to libevent. One that has something to
 * read is watched for its end alone from then on. */
static void look(evutil_socket_t fd, short what, void *userdata)
{
    ClientWatch *watch = userdata;

    if ((what & EV_CLOSED) || !has_data(fd) || watch_for(watch, fd, EV_CLOSED) < 0)
        watch->gone(watch->userdata);
}

static int watch_for(ClientWatch *watch, evutil_socket_t fd, short what)
{
    if (watch->event)
        event_free(watch->event);
    watch->event = event_new(watch->base, fd, what, look, watch);
    return watch->event && event_add(watch->event, NULL) == 0 ? 0 : -ENOMEM;
}

void client_watch_free(ClientWatch *watch)
{
    if (!watch)
        return;
    if (watch->event)
        event_free(watch->event);
    free(watch);
}

int client_watch_new(struct event_base *base, struct evhttp_request *request,
                     void (*gone)(void *userdata), void *userdata, ClientWatch **ret)
{
    ClientWatch *watch = malloc(sizeof(*watch));

    if (!watch)
        return -ENOMEM;
    *watch = (ClientWatch){.base = base, .gone = gone, .userdata = userdata};
    if (watch_for(watch, client_fd(request), EV_READ | EV_CLOSED) < 0) {
        client_watch_free(watch);
        return -ENOMEM;
    }
    *ret = watch;
    return 0;
}
