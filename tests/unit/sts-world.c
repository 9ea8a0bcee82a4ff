/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sts-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/journal.h"

static uint64_t get_boottime(void *userdata)
{
    return ((StsWorld *)userdata)->boottime_usec;
}

static uint64_t get_realtime(void *userdata)
{
    return ((StsWorld *)userdata)->realtime_usec;
}

static double get_uniform(void *userdata)
{
    (void)userdata;
    return 0.5;
}

/* ---- the server ---- */

static int serve_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                       void *userdata, HttpTransfer **ret)
{
    StsWorld *world = (StsWorld *)((char *)http - offsetof(StsWorld, http));
    size_t n = world->n_seen, size = 0;

    assert_null(world->callback);
    assert_true(n < STS_WORLD_REQUESTS_MAX);
    assert_string_equal(request->method, "POST");
    assert_true(request->timeout_usec == world->shared.timeout_usec);
    assert_true(request->connect_timeout_usec == world->shared.connect_timeout_usec);
    assert_string_equal(request->ca_bundle, world->context.ca_bundle);
    assert_true(strlen(request->url) < sizeof(world->seen[n].url));
    assert_true(request->body_size < sizeof(world->seen[n].body));
    snprintf(world->seen[n].url, sizeof(world->seen[n].url), "%s", request->url);
    snprintf(world->seen[n].body, sizeof(world->seen[n].body), "%.*s", (int)request->body_size,
             request->body);
    for (size_t i = 0; i < request->n_headers; i++)
        size +=
            (size_t)snprintf(world->seen[n].headers + size, sizeof(world->seen[n].headers) - size,
                             "%s: %s\n", request->headers[i].name, request->headers[i].value);
    assert_true(size < sizeof(world->seen[n].headers));
    world->n_seen++;
    world->callback = callback;
    world->callback_userdata = userdata;
    *ret = (HttpTransfer *)world;
    return 0;
}

static void serve_cancel(HttpClient *http, HttpTransfer *transfer)
{
    StsWorld *world = (StsWorld *)transfer;

    assert_ptr_equal(http, &world->http);
    assert_non_null(world->callback);
    world->callback = NULL;
    world->cancelled++;
}

void sts_world_answer(StsWorld *world, const StsReply *reply)
{
    HttpCallback callback = world->callback;
    const HttpResponse response = {
        .failure = reply->failure,
        .message = reply->failure == HTTP_OK ? NULL : "sts:443: it went wrong",
        .status = reply->status,
        .headers = &reply->header,
        .n_headers = reply->header.name ? 1 : 0,
        .body = reply->body,
        .body_size = reply->body ? strlen(reply->body) : 0,
    };

    assert_non_null(callback);
    world->callback = NULL;
    callback(&response, world->callback_userdata);
}

const char *sts_world_header(const StsWorld *world, unsigned n, const char *name)
{
    static char value[1024];
    char prefix[64];
    int length = snprintf(prefix, sizeof(prefix), "%s: ", name);

    assert_true(n >= 1 && n <= world->n_seen);
    for (const char *at = world->seen[n - 1].headers; *at != '\0'; at = strchr(at, '\n') + 1)
        if (strncasecmp(at, prefix, (size_t)length) == 0) {
            at += length;
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"), at);
            return value;
        }
    return NULL;
}

/* ---- time ---- */

bool sts_world_advance(StsWorld *world)
{
    while (!world->callback && !world->done) {
        uint64_t next = timers_next_usec(world->timers);
        if (next == TIMER_NEVER)
            return false;
        if (next > world->boottime_usec) {
            world->realtime_usec += next - world->boottime_usec;
            world->boottime_usec = next;
        }
        timers_run(world->timers);
    }
    return world->callback != NULL;
}

void sts_world_serve(StsWorld *world, const StsReply *replies, unsigned n_replies)
{
    for (unsigned i = 0; i < n_replies; i++) {
        assert_true(sts_world_advance(world));
        sts_world_answer(world, &replies[i]);
    }
    assert_false(sts_world_advance(world));
    assert_true(world->done);
}

/* ---- the outcome ---- */

void sts_world_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    StsWorld *world = userdata;

    assert_false(world->done);
    world->done = true;
    if (credentials) {
        assert_null(error);
        world->credentials = aws_credentials_ref(credentials);
        return;
    }
    snprintf(world->code, sizeof(world->code), "%s", error->code);
    snprintf(world->message, sizeof(world->message), "%s", error->message);
    snprintf(world->request_id, sizeof(world->request_id), "%s",
             error->request_id ? error->request_id : "");
    world->http_status = error->http_status;
}

void sts_world_fetch(StsWorld *world, AwsSource *source, const StsReply *replies,
                     unsigned n_replies)
{
    aws_source_start(source, sts_world_done, world);
    sts_world_serve(world, replies, n_replies);
    aws_source_free(source);
}

void sts_world_assert_keys(const StsWorld *world, const char *access_key_id, const char *secret,
                           const char *token)
{
    if (!world->credentials)
        fail_msg("no credentials: %s", world->message);
    assert_string_equal(world->credentials->access_key_id, access_key_id);
    assert_string_equal(world->credentials->secret_access_key, secret);
    assert_string_equal(world->credentials->session_token, token);
}

void sts_world_assert_fails(const StsWorld *world, const char *code, const char *with)
{
    assert_null(world->credentials);
    assert_string_equal(world->code, code);
    if (!strstr(world->message, with))
        fail_msg("\"%s\" does not say \"%s\"", world->message, with);
}

/* ---- set-up ---- */

int sts_world_setup(void **state)
{
    StsWorld *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    journal_open(JOURNAL_TEXT, LOG_EMERG);
    world->boottime_usec = 1000 * USEC_PER_SEC;
    world->realtime_usec = STS_WORLD_REALTIME;
    world->clock = (Clock){get_boottime, get_realtime, world};
    world->random = (Random){get_uniform, world};
    world->http = (HttpClient){serve_start, serve_cancel};
    assert_int_equal(timers_new(&world->clock, &world->timers), 0);
    world->shared = (AwsCredentialsContext){
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .connect_timeout_usec = 3 * USEC_PER_SEC,
        .timeout_usec = 30 * USEC_PER_SEC,
        .max_attempts = 3,
    };
    world->context = (AwsSourceContext){
        .shared = &world->shared,
        .target = "default",
        .region = "us-east-1",
        .sts_endpoint = "https://sts.us-east-1.amazonaws.com",
        .ca_bundle = "/etc/ssl/ca.pem",
    };
    *state = world;
    return 0;
}

int sts_world_teardown(void **state)
{
    StsWorld *world = *state;

    assert_null(world->callback);
    aws_credentials_unref(world->credentials);
    timers_free(world->timers);
    free(world);
    return 0;
}
