/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that the client of a request that is not answered yet has gone. evhttp does not read from
 * such a connection, and would not. */
#pragma once

#include <event2/event.h>
#include <event2/http.h>

typedef struct ClientWatch ClientWatch;

/* gone comes once, from the loop; it may free the watch, and ends the connection. 0 or -ENOMEM. */
int client_watch_new(struct event_base *base, struct evhttp_request *request,
                     void (*gone)(void *userdata), void *userdata, ClientWatch **ret);
void client_watch_free(ClientWatch *watch); /* takes NULL */

/* Ends the connection of the request, which goes with it. */
void client_close(struct evhttp_request *request);
evutil_socket_t client_fd(struct evhttp_request *request);
