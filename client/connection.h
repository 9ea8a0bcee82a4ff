/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to the daemon and the loop it runs on: calls go out, replies come back by callback,
 * in the order of the calls.
 *
 * A command sends its calls and then runs the loop until they are all answered; signals and a
 * connection that is lost end the run early. The connection can then be opened again and go on
 * being used. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "common/memory.h"

typedef struct Connection Connection;

typedef struct Reply {
    const char *error;       /* its full name; NULL: none */
    json_object *parameters; /* an object, never NULL; borrowed */
    bool continues;
} Reply;

typedef void (*ReplyHandler)(const Reply *reply, void *userdata);

/* The path is borrowed. SIGINT and SIGTERM belong to the connection from here on. 0 or -ENOMEM. */
int connection_new(const char *path, Connection **ret);
void connection_free(Connection *connection);
DEFINE_CLEANUP(Connection, connection_free)

struct event_base *connection_base(Connection *connection);

/* 0; -EINTR: SIGINT or SIGTERM came meanwhile; or another negative errno of socket(2) and
 * connect(2). */
int connection_open(Connection *connection);

/* Sends a call; the method's name without an interface is one of TRAILSTOP_INTERFACE. Takes
 * ownership of parameters, also on failure, and treats NULL as memory that ran out. 0, -ENOMEM, or
 * -ENOTCONN. */
int connection_call(Connection *connection, const char *method, json_object *parameters, bool more,
                    ReplyHandler handler, void *userdata);

/* Runs until every call is answered: 0. -EINTR: SIGINT or SIGTERM came. -ECONNRESET: the connection
 * is lost; -E2BIG: it is, and the call that was to be answered next is so long that it may be why;
 * -EBADMSG, -EMSGSIZE: what came was not Varlink. After these three the connection is closed and
 * what was not answered never will be. -ETIME: nothing at all has come over this connection for
 * some seconds; it can be run on. */
int connection_run(Connection *connection);

/* Lets time pass. 0, or -EINTR as above. */
int connection_wait(Connection *connection, uint64_t usec);
