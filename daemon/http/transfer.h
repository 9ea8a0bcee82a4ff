/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer on a libcurl handle: the copy of the request, the handle's options,
 * and what arrives. Part of the HTTP client; everybody else includes daemon/http/client.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "daemon/http/answer.h"
#include "daemon/http/client.h"
#include "daemon/http/proxy.h"
#include "daemon/http/trust.h"

struct HttpTransfer {
    /* The client's. */
    TAILQ_ENTRY(HttpTransfer) entry;
    struct CurlClient *client;
    CURL *easy; /* NULL: queued */
    bool yields;
    HttpCallback callback;
    void *userdata;

    /* The request, in one piece of memory: headers and body may hold tokens, so it is wiped when
       freed. */
    void *copy;
    size_t copy_size;
    const char *method, *url;
    const char *ca_bundle;      /* NULL: the system's */
    Trust *trust;               /* the client's */
    X509_STORE *trusted;        /* the bundle's certificates; owned, NULL: none are needed yet */
    const HttpProxy *proxy;     /* the client's; NULL: this request goes without one */
    struct curl_slist *headers; /* an array */
    size_t n_headers;
    const char *body;
    size_t body_size;
    size_t body_sent; /* from libcurl 7.80 on none or all */
    uint64_t connect_timeout_usec;
    uint64_t timeout_usec;
    uint64_t began_usec;   /* on the client's clock */
    uint64_t excused_usec; /* not to be counted by libcurl */

    /* What came of it. */
    HttpAnswer answer;
    int local_error; /* errno of what failed on this host, which libcurl has no code for */
    char *ca_fault;  /* owned; what keeps a connection from being opened: the CA bundle */
    bool succeeded;
    bool sent_in_vain;     /* the connection broke with the request sent and no answer begun */
    bool tunnel_floods;    /* the proxy answers to CONNECT without end */
    unsigned tunnel_steps; /* of libcurl before there was a connection */
    char cause[CURL_ERROR_SIZE];
};

/* Copies the request. 0; -EINVAL for a header with a line break; -ENOMEM. */
int http_transfer_new(const HttpRequest *request, HttpTransfer **ret);
void http_transfer_free(HttpTransfer *transfer);

/* Sets all options of a fresh or reset handle. proxy: what the environment names, for requests that
 * need one; trust: for those that name a CA bundle; both are borrowed. CURLE_COULDNT_RESOLVE_PROXY
 * where the proxy has a fault. */
CURLcode http_transfer_setup(HttpTransfer *transfer, const HttpProxy *proxy, Trust *trust,
                             CURL *easy);

/* This process looked away for so long since the transfer began: libcurl is not to count it. */
void http_transfer_excuse(HttpTransfer *transfer, uint64_t pause_usec);

/* Whether there is a connection, secured, that the request may go over. */
bool http_transfer_is_connected(const HttpTransfer *transfer);

/* The time-out that is next. */
uint64_t http_transfer_patience_usec(const HttpTransfer *transfer);

/* Whether it has had more time than it was given, and if so, a sentence in its cause. */
bool http_transfer_is_overdue(HttpTransfer *transfer, uint64_t had_usec);

/* Of its URL; the port is the scheme's where it names none. Free it with curl_free(). NULL: there
 * is none, or no memory. */
char *http_transfer_url_part(const HttpTransfer *transfer, CURLUPart part);
