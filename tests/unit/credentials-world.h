/* SPDX-License-Identifier: Apache-2.0 */
/* The world of a target's credentials in tests: environment, shared files, a virtual clock and a
 * scripted HTTP side, with everything of daemon/aws/ between them real. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/credentials/profile-share.h"
#include "daemon/credentials/provider.h"
#include "daemon/credentials/settings.h"

#define CREDENTIALS_EXCHANGES_MAX 12U

/* One request that must come, and what it is answered with. */
typedef struct Exchange {
    const char *method, *url;
    HttpHeader header;  /* that the request must have; name NULL: any */
    const char *absent; /* name of a header that it must not have */
    const char *asked;  /* what its body begins with; NULL: anything */
    HttpFailure failure;
    unsigned status;
    const char *body;  /* NULL: empty */
    HttpHeader answer; /* a header of the answer; name NULL: none */
} Exchange;

typedef struct CredentialsWorld {
    uint64_t boottime_usec, realtime_usec;
    Clock clock;
    Random random;
    Timers *timers;
    struct event_base *base;
    bool live;          /* something real is waited for, so the virtual clock stands still */
    AwsSection section; /* settings borrow from it */
    AwsSharedFiles *files;
    AwsProfileShare *share;
    AwsCredentialsProvider *provider;

    HttpClient http;
    const Exchange *script;
    unsigned n_exchanges, n_asked, n_answered, n_cancelled;
    HttpCallback callback; /* a request waits for its answer */
    void *userdata;
    uint64_t timeout_usec; /* of the last request */

    AwsCredentialsWait wait;
    unsigned n_done;
    AwsCredentials *credentials; /* a reference */
    char *error;
} CredentialsWorld;

int credentials_world_setup_group(void **state);
int credentials_world_teardown_group(void **state);
int credentials_world_setup(void **state);
int credentials_world_teardown(void **state);

/* Files of the world's own directory; path of one of them, valid until the next use. */
#define WORLD_CONFIG "config"
#define WORLD_CREDENTIALS "credentials"
const char *world_path(const char *name);
void world_write(const char *name, const char *text);
void world_setenv(const char *name, const char *value);
void world_set_time(CredentialsWorld *world, const char *rfc3339);

/* What the server is asked from here on, and answers. */
void world_script(CredentialsWorld *world, const Exchange *script, unsigned n);
#define WORLD_SCRIPT(world, script)                                                                \
    world_script(world, script, (unsigned)(sizeof(script) / sizeof(*(script))))

/* What a provider is made of; profile, role_arn: of the target, or NULL. */
AwsCredentialsContext world_context(CredentialsWorld *world);
AwsSettings *world_settings(CredentialsWorld *world, const char *profile, const char *role_arn);

/* Makes the provider of these. */
void world_connect(CredentialsWorld *world, const char *profile, const char *role_arn);

/* Asks, and lets time pass until the answer is there. */
void world_get(CredentialsWorld *world);

/* One turn of the loop. False: nothing will ever happen. */
bool world_turn(CredentialsWorld *world);

/* What was read of the shared files is forgotten. */
void world_end_turn(CredentialsWorld *world);

/* Lets what is under way in the background come to its end. */
void world_settle(CredentialsWorld *world);

/* The script has been gone through, and this was the outcome. expires: RFC 3339, or NULL: never. */
void world_assert_keys(const CredentialsWorld *world, const char *access_key_id, const char *secret,
                       const char *token, const char *expires);
void world_assert_fails(const CredentialsWorld *world, const char *with);

/* All of it at once: the server is asked this, and there are no credentials, because of that. */
void world_get_fails(CredentialsWorld *world, const Exchange *script, unsigned n, const char *with);
