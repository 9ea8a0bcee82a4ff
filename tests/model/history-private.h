/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a history share. */
#pragma once

#include "tests/model/expected.h"
#include "tests/model/history.h"

typedef struct History {
    Model model;
    HistoryKind kind;
    const char *directory;
    unsigned n_directories;
    CoreRules rules;
    ScriptedAccount accounts[N_TARGETS_MAX];
    Expected *expected;
    Wire *wire;
    Core *core;
    struct ImportRestart *restarts; /* see happenings.c */
    uint64_t next_event_usec;
    double kills, stops;      /* how probable in each turn */
    unsigned n_restarts_left; /* each opens a store, which takes longer than all the rest */
    unsigned turns_at_once;
    bool settling;
} History;

void history_set_credentials(History *history, bool there);
void history_draw_rates(History *history);

/* What is due to happen to the daemon, from outside. */
void history_happen(History *history);

/* Those who asked for a restart of an import have gone, or the daemon has. */
void history_drop_restarts(History *history);
