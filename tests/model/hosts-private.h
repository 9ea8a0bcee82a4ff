/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a history of hosts share. */
#pragma once

#include "tests/model/core.h"
#include "tests/model/hosts.h"
#include "tests/model/wire.h"

/* The last job of a host about an import, as it shows on the wire. */
typedef struct Followed {
    char job_id[JOB_ID_SIZE];
    bool by_message;  /* one made it: */
    unsigned message; /* its number, */
    unsigned receives;
    unsigned n_stops;         /* on the wire, */
    unsigned n_stops_before;  /* of them, before this run of the host */
    bool asked, asked_in_run; /* how the import is, and was answered */
} Followed;

typedef struct Host {
    struct Hosts *hosts;
    unsigned number;
    uint64_t boot_usec; /* how far its CLOCK_BOOTTIME is ahead of the true time, */
    int64_t wall_usec;  /* and its wall clock */
    Clock clock;
    Dice dice; /* what it draws itself */
    Random random;
    Wire *wire;
    Core *core; /* NULL: it is down */
    unsigned n_directories;
    bool paused;                /* it stands still, */
    uint64_t asleep_until_usec; /* or is down, until then */
    bool without_queue;         /* its configuration does not name it */
    bool drops_outcomes;        /* which happens with those of a queue that is not named */
    bool stopping;
    uint64_t stop_by_usec;      /* whatever is still under way then */
    bool fine_stop;             /* nothing went wrong while it stopped */
    uint64_t given_back;        /* messages that it is to give back: a bit for each */
    uint64_t give_back_by_usec; /* after a reload; 0: there was none */
    Followed followed[N_TARGETS_MAX][N_IMPORTS];
    uint64_t received_usec; /* when its last ReceiveMessage went out; 0: none in this run */
    bool had_work;          /* that brought something to do, or was not answered */
} Host;

typedef struct Hosts {
    Model model;
    HostsKind kind;
    const char *directory;
    CoreRules rules;
    ScriptedAccount accounts[N_TARGETS_MAX];
    ScriptedQueue queue;
    unsigned let_go[N_TARGETS_MAX]; /* imports that a job may leave running: a bit for each */
    Host hosts[N_HOSTS_MAX];
    unsigned n_hosts;
    uint64_t next_event_usec;
    double kills, pauses; /* how probable in each turn */
    unsigned n_pauses_left;
    unsigned n_starts_left; /* each opens a store, which takes longer than all the rest */
    unsigned turns_at_once;
} Hosts;

/* ---- hosts.c ---- */

void host_kill(Host *host, const char *when);
void host_stop(Host *host);
void host_pause(Host *host);
void host_reload(Host *host, bool without_queue);

/* ---- hosts-events.c ---- */

/* What is due to happen, from outside. */
void hosts_happen(Hosts *hosts);

/* ---- hosts-ledger.c: what is true of every history ---- */

WireObserver ledger_observer(Host *host);
void ledger_restarted(Host *host);
void ledger_stopping(Host *host); /* it begins to stop, or has */
void ledger_stopped(const Host *host);

/* The host's job that stops this import and has not ended; NULL: it has none. */
Job *host_find_job(const Host *host, unsigned target, unsigned import);

/* How many requests are not done with. */
unsigned ledger_count_open(const Hosts *hosts);
unsigned ledger_count_missing(const Hosts *hosts); /* outcomes, of jobs that have ended */
void ledger_finished(Hosts *hosts);
