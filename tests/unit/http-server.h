/* SPDX-License-Identifier: Apache-2.0 */
/* A server for tests of the HTTP client, on the same event loop: answers each whole request with
 * the bytes it is told to, which need not be HTTP. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

typedef enum ServerThen { SERVER_KEEP, SERVER_CLOSE, SERVER_RESET } ServerThen;

typedef struct Server Server;

/* What the test says and what it sees. */
typedef struct ServerPlan {
    const char *reply; /* NULL: none ever comes */
    size_t reply_size; /* 0: strlen(reply) */
    ServerThen then;
    unsigned requests;
    unsigned connections;
    unsigned open;        /* connections now */
    unsigned most_open;   /* at one time */
    char last[16 * 1024]; /* the last request, as it came */
} ServerPlan;

/* key_file: certificate and key in PEM, for TLS; or NULL. Asserts that it works. */
Server *server_new(struct event_base *base, ServerPlan *plan, const char *key_file);
void server_free(Server *server);
unsigned server_port(const Server *server);

/* Writes a fresh certificate for 127.0.0.1, signed by itself, and its key into a file made from
 * this mkstemp() template. */
void make_certificate(char *path);
