/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon: its modules put together, what a turn of the loop ends with, reload and shutdown. */
#pragma once

#include "common/memory.h"
#include "daemon/base/journal.h"
#include "daemon/config/config.h"

typedef struct Daemon Daemon;

/* config_path as config_load() takes it, borrowed; the configuration is taken over, also on
 * failure. Negative errno, an owned sentence (NULL: no memory) and the event that it belongs to. */
int daemon_new(const char *config_path, Config *config, Daemon **ret, char **ret_error,
               JournalEvent *ret_event);
void daemon_free(Daemon *daemon); /* takes NULL and half-built ones */
DEFINE_CLEANUP(Daemon, daemon_free)

/* Serves until SIGTERM or SIGINT. Negative errno where the store failed it; that is in the journal.
 */
int daemon_run(Daemon *daemon);
