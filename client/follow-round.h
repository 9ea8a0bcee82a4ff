/* SPDX-License-Identifier: Apache-2.0 */
/* One round of following: something is asked, and its replies are taken. What follow.c and
 * follow-round.c share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "client/call.h"
#include "client/connection.h"
#include "client/follow.h"
#include "client/followed.h"
#include "client/options.h"
#include "client/progress.h"

/* How long to wait before the daemon is tried again. */
#define RECONNECT_INTERVAL_USEC (200 * USEC_PER_MSEC)

/* See follow_add_call(). */
struct first_call {
    const char *method;
    json_object *parameters; /* owned; NULL: there is none, or it was answered */
    CallHandler handler;
    void *userdata;
};

struct Follow {
    const Options *options;
    const char *method; /* that asks for imports, or NULL */
    Connection *connection;
    Progress *progress; /* NULL with --json */
    struct first_call call;
    FollowedList list;
    bool endless; /* nothing was named: all jobs are followed */
    size_t watch_ids_max;
    uint64_t lost_usec; /* since when the daemon is away, CLOCK_BOOTTIME; 0: it answers */
    bool refused;       /* it hung up on a long call without a word, once */
    int error;          /* of a handler: a negative errno */
    int outcome;        /* of an error that ends it for all; OUTCOME_OK: none */
};

/* First whatever is still to be asked for, also what the daemon may have taken before the
 * connection was lost (it joins that to its job); then what comes of it. 0 or a negative errno: of
 * the connection, or -ENOMEM, -EBADMSG. */
int follow_run_round(Follow *follow);
