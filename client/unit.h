/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd knows of the daemon: for a daemon that does not answer, or not any more.
 *
 * Where systemd cannot set up or run the service, nobody takes a client off the socket, and a
 * daemon that could not start has said why to systemd only (sd_notify(3), STATUS=). Asked over
 * D-Bus, which everybody may; the service is the one that listens at TRAILSTOP_SOCKET_DEFAULT. */
#pragma once

#include "client/connection.h"
#include "client/options.h"

typedef enum UnitVerdict {
    UNIT_UNKNOWN,      /* systemd cannot be asked, or another socket is meant */
    UNIT_WORKS,        /* as far as systemd knows: it runs, or may be about to */
    UNIT_FAILS,        /* it ended, or could not be run; systemd may be trying again */
    UNIT_CANNOT_START, /* it says so itself, and why: another try would not help */
} UnitVerdict;

/* The sentence, of the last two, is owned by the caller; NULL: no memory for it. */
UnitVerdict unit_examine(const char *socket_path, char **ret_sentence);

/* As connection_run(), also over a silence for which systemd knows no reason; -ETIME: it does. */
int unit_run_connection(Connection *connection, const Options *options);
