/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/provider-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/journal.h"

char directory[] = "/tmp/trailstop-credentials-XXXXXX";
char config_path[sizeof(directory) + 32];
char credentials_path[sizeof(directory) + 32];
char system_path[sizeof(directory) + 32];
static char journal_path[sizeof(directory) + 32];
static int real_stderr;

/* Moves in world_run() alone. */
static uint64_t now_usec = 1;

static uint64_t read_clock(void *userdata)
{
    (void)userdata;
    return now_usec;
}

static const Clock test_clock = {read_clock, read_clock, NULL};

static double half(void *userdata)
{
    (void)userdata;
    return 0.5;
}

static const Random test_random = {half, NULL};

void world_write(const char *path, const char *text)
{
    CLEANUP(fclosep) FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

int provider_world_setup_group(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(config_path, sizeof(config_path), "%s/config", directory);
    snprintf(credentials_path, sizeof(credentials_path), "%s/credentials", directory);
    snprintf(system_path, sizeof(system_path), "%s/aws-credentials", directory);
    snprintf(journal_path, sizeof(journal_path), "%s/journal", directory);
    /* The journal's lines go to standard error; it comes back for what the sanitizers say at the
     * end. */
    real_stderr = dup(STDERR_FILENO);
    if (real_stderr < 0 || !freopen(journal_path, "a", stderr))
        return -1;
    setvbuf(stderr, NULL, _IOLBF, 0);
    journal_open(JOURNAL_JSON, LOG_DEBUG);
    return setenv("AWS_CONFIG_FILE", config_path, 1) +
           setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
}

int provider_world_teardown_group(void **state)
{
    (void)state;
    if (dup2(real_stderr, STDERR_FILENO) < 0 || close(real_stderr) < 0)
        return -1;
    unlink(journal_path);
    return rmdir(directory);
}

int provider_world_setup(void **state)
{
    static const char *const variables[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EC2_METADATA_DISABLED",
        "CREDENTIALS_DIRECTORY",
    };
    Fixture *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || timers_new(&test_clock, &fixture->timers) < 0)
        return -1;
    for (size_t i = 0; i < N_WAITS; i++)
        fixture->waiters[i].fixture = fixture;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    *state = fixture;
    return truncate(journal_path, 0);
}

int provider_world_teardown(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_WAITS; i++) {
        aws_credentials_unref(fixture->waiters[i].credentials);
        free(fixture->waiters[i].error);
    }
    aws_credentials_provider_unref(fixture->provider);
    aws_profile_share_free(fixture->share);
    aws_shared_files_unref(fixture->files);
    timers_free(fixture->timers);
    free(fixture);
    unlink(config_path);
    unlink(credentials_path);
    unlink(system_path);
    return 0;
}

void world_connect(Fixture *fixture, const AwsSection *section)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(aws_settings_unrefp) AwsSettings *settings = NULL;
    CLEANUP(trust_freep) Trust *trust = NULL;
    CLEANUP(freep) char *error = NULL;
    const char *option;
    AwsSection complete = *section;
    AwsCredentialsContext context = {.timers = fixture->timers, .random = &test_random};

    assert_int_equal(trust_new(&trust), 0);
    assert_int_equal(aws_shared_files_new(&fixture->files), 0);
    assert_int_equal(aws_profile_share_new(fixture->timers, fixture->files, &fixture->share), 0);
    context.profiles = fixture->share;
    complete.region = (char *)"us-east-1";
    complete.use_fips_endpoint = complete.use_dualstack_endpoint = -1;
    assert_int_equal(aws_shared_files_read(fixture->files, &profiles), 0);
    assert_int_equal(aws_settings_resolve(&complete, &(AwsPurpose){.noun = "target"}, profiles,
                                          trust, &settings, &option, &error),
                     0);
    assert_int_equal(
        aws_credentials_provider_new(&context, "audit-target", settings, &fixture->provider), 0);
}

static void on_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    Waiter *waiter = userdata;

    waiter->n_done++;
    aws_credentials_unref(waiter->credentials);
    free(TAKE(waiter->error));
    waiter->credentials = credentials ? aws_credentials_ref(credentials) : NULL;
    if (error) {
        assert_null(credentials);
        assert_string_equal(error->code, CALL_ERROR_CREDENTIALS);
        assert_int_equal(error->http_status, 0);
        waiter->error = strdup(error->message);
        assert_non_null(waiter->error);
    }
    if (waiter->cancels)
        aws_credentials_cancel(waiter->cancels);
    if (waiter->comes_back)
        aws_credentials_get(waiter->fixture->provider, &waiter->wait);
}

void world_run(Fixture *fixture)
{
    timers_run(fixture->timers);
    now_usec += 2; /* before anybody asks in the next turn, this one's reading is to be forgotten */
}

Waiter *world_ask(Fixture *fixture, size_t i)
{
    Waiter *waiter = &fixture->waiters[i];
    unsigned n_done = waiter->n_done;

    waiter->wait.done = on_done;
    waiter->wait.userdata = waiter;
    aws_credentials_get(fixture->provider, &waiter->wait);
    assert_int_equal(waiter->n_done, n_done);
    return waiter;
}

const Waiter *world_get(Fixture *fixture)
{
    const Waiter *waiter = world_ask(fixture, 0);
    unsigned n_done = waiter->n_done;

    world_run(fixture);
    assert_int_equal(waiter->n_done, n_done + 1);
    assert_null(waiter->wait.provider);
    return waiter;
}

void world_assert_keys(const Waiter *waiter, const char *access_key_id, const char *secret,
                       const char *token)
{
    assert_null(waiter->error);
    assert_non_null(waiter->credentials);
    assert_string_equal(waiter->credentials->access_key_id, access_key_id);
    assert_string_equal(waiter->credentials->secret_access_key, secret);
    if (token) {
        assert_non_null(waiter->credentials->session_token);
        assert_string_equal(waiter->credentials->session_token, token);
    } else {
        assert_null(waiter->credentials->session_token);
    }
}

void world_assert_fails(const Waiter *waiter, const char *with)
{
    assert_null(waiter->credentials);
    assert_non_null(waiter->error);
    if (!strstr(waiter->error, with))
        fail_msg("\"%s\" does not say \"%s\"", waiter->error, with);
    assert_null(strstr(waiter->error, "5ecr3t"));
}

void world_set_keys(const char *access_key_id, const char *secret, const char *token)
{
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", access_key_id, 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", secret, 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", token, 1), 0);
}

unsigned world_count_events(const char *event)
{
    CLEANUP(fclosep) FILE *file = fopen(journal_path, "re");
    char line[4096], field[64];
    unsigned n = 0;

    assert_non_null(file);
    snprintf(field, sizeof(field), "\"%s\"", event);
    while (fgets(line, sizeof(line), file)) {
        n += strstr(line, field) != NULL;
        assert_null(strstr(line, "5ecr3t"));
        assert_null(strstr(line, "t0k3n"));
        assert_null(strstr(line, "f0rm3r"));
        if (!strstr(line, "shared-files-warning"))
            assert_non_null(strstr(line, "\"audit-target\""));
    }
    return n;
}
