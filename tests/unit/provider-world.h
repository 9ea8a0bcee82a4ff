/* SPDX-License-Identifier: Apache-2.0 */
/* The provider of a target in tests, with environment, shared files and a journal of its own, and
 * several who wait for what it gives. Nothing here is on the network. */
#pragma once

#include "daemon/credentials/profile-share.h"
#include "daemon/credentials/provider.h"
#include "daemon/credentials/settings.h"

#define N_WAITS 3U

/* Of the shared files and of the credential that systemd passes, all in one directory. */
extern char directory[], config_path[], credentials_path[], system_path[];

typedef struct Waiter {
    struct Fixture *fixture;
    AwsCredentialsWait wait;
    unsigned n_done;
    AwsCredentials *credentials; /* a reference */
    char *error;
    AwsCredentialsWait *cancels; /* from within done() */
    bool comes_back;             /* likewise */
} Waiter;

typedef struct Fixture {
    Timers *timers;
    AwsSharedFiles *files;
    AwsProfileShare *share;
    AwsCredentialsProvider *provider;
    Waiter waiters[N_WAITS];
} Fixture;

int provider_world_setup_group(void **state);
int provider_world_teardown_group(void **state);
int provider_world_setup(void **state);
int provider_world_teardown(void **state);

void world_write(const char *path, const char *text);
void world_set_keys(const char *access_key_id, const char *secret, const char *token);

/* Makes the provider; region and flags are the world's. */
void world_connect(Fixture *fixture, const AwsSection *section);

/* Waiter i begins to wait; then a turn of the loop. */
Waiter *world_ask(Fixture *fixture, size_t i);
void world_run(Fixture *fixture);

/* Both, of the first, which has its answer then. */
const Waiter *world_get(Fixture *fixture);

void world_assert_keys(const Waiter *waiter, const char *access_key_id, const char *secret,
                       const char *token);
void world_assert_fails(const Waiter *waiter, const char *with);

/* How often the journal has the event. */
unsigned world_count_events(const char *event);
