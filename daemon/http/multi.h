/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi handle, whose sockets and time-outs are events of the loop.
 *
 * Without memory libcurl 7.88 forgets to forget a socket that it could not watch; the next
 * connection with that number divides by zero. So a handle that has run out of memory once is
 * replaced by another one before anything else is sent with it. For the same reason what was
 * watched for a transfer ends with it, whatever libcurl says of it: the next owner of a descriptor
 * would wait for nothing, because libevent would take the descriptor for one that is watched
 * already. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include <curl/curl.h>
#include <event2/event.h>

typedef struct HttpWatch HttpWatch;

typedef struct HttpMulti {
    CURLM *handle;
    struct event_base *base;
    struct event *timer;     /* when libcurl wants to be called; owned */
    event_callback_fn ready; /* a socket is; with userdata */
    void *userdata;
    LIST_HEAD(, HttpWatch) watches; /* owned */
    unsigned max_connections;
    bool spoilt;
} HttpMulti;

/* With base, ready and userdata. 0, -ENOMEM or -EIO; to be cleared in either case. */
int http_multi_open(HttpMulti *multi, event_callback_fn on_timeout);
void http_multi_clear(HttpMulti *multi); /* none of its transfers may be left */

/* Running transfers never exceed the limit; this makes kept connections count as well. */
void http_multi_limit(HttpMulti *multi, unsigned max_connections);

/* After curl_multi_remove_handle(): ends what is still watched for this transfer, or for all
 * where easy is NULL. */
void http_multi_forget(HttpMulti *multi, const CURL *easy);

/* Replaces one that is spoilt, of which no transfer may be left. False: no memory. */
bool http_multi_renew(HttpMulti *multi);
