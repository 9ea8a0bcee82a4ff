/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/credentials-world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/journal.h"

#define TURNS_MAX 1000U

static char directory[] = "/tmp/trailstop-credentials-XXXXXX";

/* All that may lead a source somewhere else. */
static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "CREDENTIALS_DIRECTORY",
};

const char *world_path(const char *name)
{
    static char path[sizeof(directory) + 64];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

void world_write(const char *name, const char *text)
{
    CLEANUP(fclosep) FILE *file = fopen(world_path(name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

void world_setenv(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

void world_set_time(CredentialsWorld *world, const char *rfc3339)
{
    assert_int_equal(time_parse_rfc3339(rfc3339, &world->realtime_usec), 0);
}

/* ---- clock and server ---- */

static uint64_t boottime(void *userdata)
{
    return ((CredentialsWorld *)userdata)->boottime_usec;
}

static uint64_t realtime(void *userdata)
{
    return ((CredentialsWorld *)userdata)->realtime_usec;
}

static double half(void *userdata)
{
    (void)userdata;
    return 0.5;
}

static CredentialsWorld *world_of(HttpClient *http)
{
    return (CredentialsWorld *)((char *)http - offsetof(CredentialsWorld, http));
}

static const char *find_header(const HttpRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static void assert_begins_with(const char *text, size_t size, const char *beginning)
{
    if (size < strlen(beginning) || memcmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("\"%.*s\" does not begin with \"%s\"", (int)size, text, beginning);
}

static int on_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                    void *userdata, HttpTransfer **ret)
{
    CredentialsWorld *world = world_of(http);
    const Exchange *exchange;

    if (world->n_asked == world->n_exchanges)
        fail_msg("%s %s: nothing more was to be asked", request->method, request->url);
    exchange = &world->script[world->n_asked++];
    assert_null(world->callback);
    assert_string_equal(request->method, exchange->method);
    assert_string_equal(request->url, exchange->url);
    if (exchange->header.name) {
        const char *value = find_header(request, exchange->header.name);
        assert_non_null(value);
        assert_string_equal(value, exchange->header.value);
    }
    if (exchange->absent)
        assert_null(find_header(request, exchange->absent));
    if (exchange->asked)
        assert_begins_with(request->body, request->body_size, exchange->asked);
    world->timeout_usec = request->timeout_usec;
    world->callback = callback;
    world->userdata = userdata;
    *ret = (HttpTransfer *)world;
    return 0;
}

static void on_cancel(HttpClient *http, HttpTransfer *transfer)
{
    CredentialsWorld *world = world_of(http);

    assert_ptr_equal(transfer, world);
    assert_non_null(world->callback);
    world->callback = NULL;
    world->n_cancelled++;
}

static void answer(CredentialsWorld *world)
{
    const Exchange *exchange = &world->script[world->n_answered++];
    HttpCallback callback = TAKE(world->callback);
    const char *body = exchange->body ? exchange->body : "";

    callback(&(HttpResponse){.failure = exchange->failure,
                             .message = exchange->failure ? "the network is down" : NULL,
                             .status = exchange->status,
                             .headers = &exchange->answer,
                             .n_headers = exchange->answer.name != NULL,
                             .body = body,
                             .body_size = strlen(body)},
             world->userdata);
}

void world_script(CredentialsWorld *world, const Exchange *script, unsigned n)
{
    assert_int_equal(world->n_answered, world->n_exchanges);
    world->script = script;
    world->n_exchanges = n;
    world->n_asked = world->n_answered = 0;
}

/* ---- birth and death ---- */

int credentials_world_setup_group(void **state)
{
    (void)state;
    journal_open(JOURNAL_JSON, LOG_EMERG);
    if (!mkdtemp(directory) || setenv("AWS_CONFIG_FILE", world_path(WORLD_CONFIG), 1) < 0)
        return -1;
    return setenv("AWS_SHARED_CREDENTIALS_FILE", world_path(WORLD_CREDENTIALS), 1);
}

int credentials_world_teardown_group(void **state)
{
    (void)state;
    return rmdir(directory);
}

int credentials_world_setup(void **state)
{
    CredentialsWorld *world = calloc(1, sizeof(*world));

    if (!world || !(world->base = event_base_new()))
        return -1;
    world->boottime_usec = USEC_PER_DAY;
    world->clock = (Clock){boottime, realtime, world};
    world->random = (Random){half, NULL};
    world->http = (HttpClient){on_start, on_cancel};
    world_set_time(world, "2026-11-22T12:00:00Z");
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    *state = world;
    if (timers_new(&world->clock, &world->timers) < 0 || aws_shared_files_new(&world->files) < 0)
        return -1;
    return aws_profile_share_new(world->timers, world->files, &world->share);
}

int credentials_world_teardown(void **state)
{
    CredentialsWorld *world = *state;

    aws_credentials_cancel(&world->wait);
    aws_credentials_provider_unref(world->provider);
    aws_profile_share_free(world->share);
    aws_shared_files_unref(world->files);
    assert_null(world->callback);
    aws_credentials_unref(world->credentials);
    free(world->error);
    timers_free(world->timers);
    event_base_free(world->base);
    free(world);
    unlink(world_path(WORLD_CONFIG));
    unlink(world_path(WORLD_CREDENTIALS));
    unlink(world_path("token"));
    return 0;
}

AwsCredentialsContext world_context(CredentialsWorld *world)
{
    return (AwsCredentialsContext){
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .base = world->base,
        .profiles = world->share,
        .connect_timeout_usec = USEC_PER_SEC,
        .timeout_usec = USEC_PER_SEC,
        .max_attempts = 3,
    };
}

AwsSettings *world_settings(CredentialsWorld *world, const char *profile, const char *role_arn)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(trust_freep) Trust *trust = NULL;
    AwsSettings *settings;
    const char *option;
    char *error = NULL;

    world->section = (AwsSection){
        .region = (char *)"us-east-1",
        .profile = (char *)profile,
        .role = {.arn = (char *)role_arn},
        .use_fips_endpoint = -1,
        .use_dualstack_endpoint = -1,
    };
    assert_int_equal(aws_shared_files_read(world->files, &profiles), 0);
    assert_int_equal(trust_new(&trust), 0);
    if (aws_settings_resolve(&world->section, &(AwsPurpose){.noun = "target"}, profiles, trust,
                             &settings, &option, &error) < 0)
        fail_msg("%s", error);
    return settings;
}

void world_connect(CredentialsWorld *world, const char *profile, const char *role_arn)
{
    CLEANUP(aws_settings_unrefp) AwsSettings *settings = world_settings(world, profile, role_arn);
    const AwsCredentialsContext context = world_context(world);

    assert_int_equal(
        aws_credentials_provider_new(&context, "audit-target", settings, &world->provider), 0);
}

/* ---- a turn of the loop ---- */

static void on_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    CredentialsWorld *world = userdata;

    world->n_done++;
    aws_credentials_unref(world->credentials);
    free(TAKE(world->error));
    world->credentials = credentials ? aws_credentials_ref(credentials) : NULL;
    if (!credentials) {
        world->error = strdup(error->message);
        assert_non_null(world->error);
    }
}

bool world_turn(CredentialsWorld *world)
{
    uint64_t next_usec = timers_next_usec(world->timers);

    if (next_usec <= world->boottime_usec) {
        timers_run(world->timers);
    } else if (world->callback) {
        answer(world);
    } else if (world->live) {
        assert_true(event_base_loop(world->base, EVLOOP_ONCE) >= 0);
    } else if (next_usec != TIMER_NEVER) {
        world->realtime_usec += next_usec - world->boottime_usec;
        world->boottime_usec = next_usec;
    } else {
        return false;
    }
    return true;
}

void world_end_turn(CredentialsWorld *world)
{
    world->boottime_usec++;
    timers_run(world->timers);
}

void world_get(CredentialsWorld *world)
{
    unsigned n_done = world->n_done;

    if (!world->provider)
        world_connect(world, NULL, NULL);
    world->wait = (AwsCredentialsWait){.done = on_done, .userdata = world};
    aws_credentials_get(world->provider, &world->wait);
    for (unsigned i = 0; world->n_done == n_done; i++) {
        assert_true(i < TURNS_MAX);
        assert_true(world_turn(world));
    }
    world_end_turn(world);
}

void world_settle(CredentialsWorld *world)
{
    for (unsigned i = 0; world_turn(world); i++)
        assert_true(i < TURNS_MAX);
}

/* ---- the outcome ---- */

void world_assert_keys(const CredentialsWorld *world, const char *access_key_id, const char *secret,
                       const char *token, const char *expires)
{
    uint64_t expires_usec = 0;

    if (world->error)
        fail_msg("%s", world->error);
    assert_int_equal(world->n_answered, world->n_exchanges);
    assert_non_null(world->credentials);
    assert_string_equal(world->credentials->access_key_id, access_key_id);
    assert_string_equal(world->credentials->secret_access_key, secret);
    if (token) {
        assert_non_null(world->credentials->session_token);
        assert_string_equal(world->credentials->session_token, token);
    } else {
        assert_null(world->credentials->session_token);
    }
    if (expires)
        assert_int_equal(time_parse_rfc3339(expires, &expires_usec), 0);
    assert_int_equal(world->credentials->expires_usec, expires_usec);
}

void world_assert_fails(const CredentialsWorld *world, const char *with)
{
    assert_null(world->credentials);
    assert_non_null(world->error);
    assert_int_equal(world->n_answered, world->n_exchanges);
    if (!strstr(world->error, with))
        fail_msg("\"%s\" does not say \"%s\"", world->error, with);
    assert_null(strstr(world->error, "5ecr3t"));
}

void world_get_fails(CredentialsWorld *world, const Exchange *script, unsigned n, const char *with)
{
    world_script(world, script, n);
    world_get(world);
    world_assert_fails(world, with);
}
