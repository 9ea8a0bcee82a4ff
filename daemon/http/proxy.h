/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy for https, as the environment names it: $https_proxy, else $HTTPS_PROXY; a variable
 * that is empty counts as unset. No other variable names one: ALL_PROXY is nobody's, and plain http
 * is for hosts that no proxy could reach.
 *
 * A proxy's URL often holds a password, and libcurl's messages quote a URL that it does not like.
 * So libcurl only ever gets one that was taken apart and put together again here, and a fault is
 * described without any part of the value.
 *
 *     [http|https|socks4|socks4a|socks5|socks5h://][USER[:PASSWORD]@]HOST[:PORT][/]
 *
 * Without a scheme it is http; without a port, 80, 443 or 1080 as the scheme has it. USER and
 * PASSWORD are percent-decoded. The last '@' ends them, so they may hold one as it is; '/', '?' and
 * '#' would be guessed at differently by every program, and are refused.
 *
 * Source: curl(1), "PROXY PROTOCOL PREFIXES"; botocore, for the port. */
#pragma once

#include <stdbool.h>

typedef struct HttpProxy {
    char *url;    /* for libcurl; with user and password: a secret. NULL: none, or a fault */
    char *name;   /* "host:port", for messages */
    bool is_http; /* answers CONNECT with a status; else it speaks SOCKS */
    char *fault;  /* a sentence: why what the environment names cannot be used; NULL: it can */
} HttpProxy;

/* Fills a zeroed one. 0 also where there is none or it has a fault; -ENOMEM. */
int http_proxy_read_environment(HttpProxy *proxy);

/* The same of a variable's value. */
int http_proxy_read(HttpProxy *proxy, const char *variable, const char *value);

void http_proxy_clear(HttpProxy *proxy); /* wipes and frees what is inside */
