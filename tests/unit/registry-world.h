/* SPDX-License-Identifier: Apache-2.0 */
/* A registry on a store in a directory of its own, with two targets that nobody calls. */
#pragma once

#include "daemon/jobs/registry.h"
#include "tests/unit/virtual-clock.h"

#define IMPORT_A "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define IMPORT_B "11111111-6d13-4ac7-b1e5-3e6f1a7f0b29"

extern const Requester canceller;

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    Random random;
    Timers *timers;
    char directory[64];
    bool mounted;
    Store *store;
    Registry *registry;
    Target targets[2]; /* nothing is called: no timer runs */
} Fixture;

int set_up_registry(void **state);
int tear_down_registry(void **state);

/* As at the start and the end of the process. */
void open_registry(Fixture *fixture);
void close_registry(Fixture *fixture);
Target *find_target(const char *name, void *userdata); /* only "default" is still there */

/* Asks to stop an import of one of the targets, or of the first by a message of a queue. */
int request_import(Fixture *fixture, size_t target, const char *import_id, const char *reason,
                   char id[static JOB_ID_SIZE]);
int request_by_message(Fixture *fixture, const char *import_id, unsigned receives,
                       char id[static JOB_ID_SIZE]);

void commit_registry(Fixture *fixture);

typedef struct Following {
    Follower follower; /* first */
    unsigned n_news;
} Following;

void count_news(Follower *follower);
