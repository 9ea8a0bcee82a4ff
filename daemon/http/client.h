/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on the event loop: requests go out, answers come back by callback. Only this
 * folder uses curl.h; HttpClient is an interface so that tests can put a scripted server in its
 * place.
 *
 * A request is copied when it is started. The callback comes exactly once, never from http_start(),
 * and not at all after http_cancel(). The response belongs to the client and dies when the callback
 * returns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

typedef struct HttpHeader {
    const char *name;
    const char *value;
} HttpHeader;

typedef struct HttpRequest {
    const char *method; /* "GET", "POST", "PUT" */
    const char *url;    /* http:// or https:// */
    const HttpHeader *headers;
    size_t n_headers;
    const char *body; /* NULL: none */
    size_t body_size;
    uint64_t connect_timeout_usec;
    uint64_t
        timeout_usec; /* of the whole transfer; no pause of this process counts, see client.c */
    const char *ca_bundle; /* path; NULL: the system's */
    bool yields;           /* to others, where not all can be sent at once */
} HttpRequest;

typedef enum HttpFailure {
    HTTP_OK,             /* an answer arrived whole; status, headers and body are there */
    HTTP_CONNECT_FAILED, /* no name, no route, refused, connection lost midway */
    HTTP_TIMED_OUT,
    HTTP_TLS_FAILED,   /* handshake or certificate */
    HTTP_UNREADABLE,   /* not HTTP, truncated, or over HTTP_BODY_MAX */
    HTTP_NO_RESOURCES, /* out of memory or file descriptors on this host */
} HttpFailure;

#define HTTP_BODY_MAX (1024U * 1024U)

typedef struct HttpResponse {
    HttpFailure failure;
    const char *message; /* on failure: one sentence that names host (or proxy) and cause, without
                            secrets */
    unsigned status;
    const HttpHeader *headers;
    size_t n_headers;
    const char *body;
    size_t body_size;
} HttpResponse;

/* The first header of that name (case does not matter), or NULL. */
const char *http_response_header(const HttpResponse *response, const char *name);

typedef struct HttpTransfer HttpTransfer;
typedef void (*HttpCallback)(const HttpResponse *response, void *userdata);

typedef struct HttpClient HttpClient;
struct HttpClient {
    /* 0; -EINVAL for a header with a line break in it; -ENOMEM. */
    int (*start)(HttpClient *client, const HttpRequest *request, HttpCallback callback,
                 void *userdata, HttpTransfer **ret);
    void (*cancel)(HttpClient *client, HttpTransfer *transfer);
    /* Set by the owner; NULL: nothing is to be done. Comes each time before something may be
       written to the network, so that what must not go out any more can be cancelled: a process
       that was stopped for a while finds its sockets ready before its timers run. */
    void (*before_writing)(void *userdata);
    void *userdata;
};

/* The real one, on libcurl's multi interface. A started transfer does its first network I/O in a
 * later turn of the loop than the one that started it: what that turn commits to disk is there
 * before. */
int http_client_new(struct event_base *base, unsigned max_connections, HttpClient **ret);
void http_client_free(HttpClient *client); /* cancels what is in flight */

/* More transfers than that wait for their turn; their time-outs begin when it comes. Those that
 * yield have at most three quarters of the connections, and go after the others, except for one
 * after HTTP_OTHERS_IN_A_ROW of these: so that neither AWS's silence to what clients ask holds up
 * jobs, nor jobs starve clients. */
#define HTTP_OTHERS_IN_A_ROW 9U
void http_client_set_max_connections(HttpClient *client, unsigned max_connections);

/* Frees what is kept for the next burst of transfers. */
void http_client_give_back_memory(HttpClient *client);

/* Why the proxy that the environment names cannot be used, without any part of it; NULL: it can, or
 * there is none. Calls that need it fail with the same sentence. */
const char *http_client_proxy_fault(const HttpClient *client);

/* Connections opened so far, kept ones counted once; for the statistics. */
uint64_t http_client_connections(const HttpClient *client);
