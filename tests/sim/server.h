/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: where it listens, TLS, and who answers which path. */
#pragma once

#include <event2/event.h>

#include "tests/sim/sim.h"

typedef struct Server Server;

typedef struct ServerConfig {
    const char *address;     /* ADDRESS:PORT or [ADDRESS]:PORT; port 0: any that is free */
    const char *certificate; /* PEM; NULL: no TLS */
    const char *key;
} ServerConfig;

/* Listens. 0; negative errno and an owned sentence (none for -ENOMEM). */
int server_new(struct event_base *base, Sim *sim, const ServerConfig *config, Server **ret,
               char **ret_error);
void server_free(Server *server); /* ends all connections */

const char *server_url(const Server *server); /* e.g. "http://127.0.0.1:4566" */
