/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the daemon: what its files share. Everybody else includes daemon.h. */
#pragma once

#include <stdbool.h>

#include "daemon/base/loop.h"
#include "daemon/config/config-load.h"
#include "daemon/daemon.h"
#include "daemon/jobs/guard.h"
#include "daemon/jobs/settler.h"
#include "daemon/keeper.h"
#include "daemon/server/listener.h"
#include "daemon/status.h"

/* A configuration on its way into force; see reload.c. */
typedef struct Reload {
    ConfigLoader *loader; /* while it is read */
    Config *config;       /* while its targets are built; NULL: not read yet, or in force */
    TargetPlan *targets;
    Config *left; /* not in force any more, or refused: it is freed bit by bit */
    bool again;   /* SIGHUP came meanwhile: the files may have changed since they were read */
} Reload;

struct Daemon {
    const char *config_path;
    Config *config;
    Reload reload;
    Loop *loop;
    Service service;
    Quotas *quotas;
    HttpClient *queue_http; /* jobs need not wait for the long calls of queues */
    Settler *settler;
    Guards *guards; /* NULL while shutting down */
    Listener *listener;
    Keeper keeper;
    Timer memory_timer; /* set while memory may be given back */
    Timer finish_timer; /* at shutdown: how long calls of AWS have */
    Timer flush_timer;  /* at shutdown: how long clients have to read */
    Status status;
    bool shutting_down;
    bool giving_back; /* at shutdown: messages of queues */
    bool flushing;    /* no calls are left, only replies */
};

/* Of the configuration, what the modules below keep a copy of. */
void daemon_configure(Daemon *daemon);
int daemon_make_guards(Daemon *daemon, const Config *config, Guards **ret);

void daemon_reload(void *userdata); /* a Daemon; as LoopHandler.reload */

/* For each turn: goes on for so long. True: the reload has not come to its end. */
bool daemon_go_on_reloading(Daemon *daemon, uint64_t usec);
void daemon_free_reload(Daemon *daemon);
