/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "tests/unit/call-world.h"

const Reply reply_ok = OK_REPLY;
const Reply reply_throttled = ERROR_REPLY(400, "ThrottlingException");
const Reply reply_broken = {.status = 503, .body = ""};

/* ---- clock and chance ---- */

static uint64_t get_boottime(void *userdata)
{
    return ((World *)userdata)->boottime_usec;
}

static uint64_t get_realtime(void *userdata)
{
    return ((World *)userdata)->realtime_usec;
}

static double get_uniform(void *userdata)
{
    return ((World *)userdata)->uniform;
}

/* ---- credentials ---- */

static struct {
    AwsCredentialsProvider base; /* the first member */
    World *world;
    Timer timer;
    bool busy;
} provider;

static void on_credentials(void *userdata)
{
    static char code[] = "Other", message[] = "there are none";
    const CallError error = {.code = code, .message = message};
    World *world = userdata;
    AwsCredentialsWait *wait = TAILQ_FIRST(&provider.base.waiting);

    if (!wait)
        return;
    aws_credentials_cancel(wait);
    assert_true(TAILQ_EMPTY(&provider.base.waiting));
    provider.busy = true;
    wait->done(world->credentials, world->credentials ? NULL : &error, wait->userdata);
    provider.busy = false;
}

static void on_wanted(AwsCredentialsProvider *from)
{
    World *world = provider.world;

    assert_ptr_equal(from, &provider.base);
    world->gets++;
    timer_set(&provider.timer, world->boottime_usec);
}

static void on_rejected(AwsCredentialsProvider *from, const AwsCredentials *credentials)
{
    World *world = provider.world;

    assert_ptr_equal(from, &provider.base);
    assert_ptr_equal(credentials, world->credentials);
    world->rejections++;
    if (!world->renewed)
        return;
    aws_credentials_unref(world->credentials);
    world->credentials = world->renewed;
    world->renewed = NULL;
}

static void on_provider_freed(AwsCredentialsProvider *from)
{
    assert_ptr_equal(from, &provider.base);
    assert_false(provider.busy);
    timer_clear(&provider.timer);
    provider.world->providers_freed++;
}

/* ---- the server ---- */

static int serve_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                       void *userdata, HttpTransfer **ret)
{
    World *world = (World *)((char *)http - offsetof(World, http));
    Seen *seen = &world->seen[world->n_seen];
    size_t size = 0;

    if (world->start_error < 0)
        return world->start_error;
    assert_null(world->callback);
    assert_true(world->n_seen < WORLD_ATTEMPTS_MAX);
    assert_int_equal(world->hooked, world->n_seen + 1); /* the hook comes first */
    assert_string_equal(request->method, "POST");
    world->n_seen++;
    *seen = (Seen){
        .boottime_usec = world->boottime_usec,
        .connect_timeout_usec = request->connect_timeout_usec,
        .timeout_usec = request->timeout_usec,
    };
    snprintf(seen->url, sizeof(seen->url), "%s", request->url);
    snprintf(seen->body, sizeof(seen->body), "%.*s", (int)request->body_size, request->body);
    snprintf(seen->ca_bundle, sizeof(seen->ca_bundle), "%s",
             request->ca_bundle ? request->ca_bundle : "");
    for (size_t i = 0; i < request->n_headers; i++)
        size += (size_t)snprintf(seen->headers + size, sizeof(seen->headers) - size, "%s: %s\n",
                                 request->headers[i].name, request->headers[i].value);
    assert_true(size < sizeof(seen->headers));
    world->callback = callback;
    world->userdata = userdata;
    *ret = (HttpTransfer *)world;
    return 0;
}

static void serve_cancel(HttpClient *http, HttpTransfer *transfer)
{
    World *world = (World *)transfer;

    assert_ptr_equal(http, &world->http);
    assert_non_null(world->callback);
    world->callback = NULL;
    world->cancelled++;
}

void world_answer(World *world, const Reply *reply)
{
    HttpCallback callback = world->callback;
    HttpResponse response = {
        .failure = reply->failure,
        .message = reply->failure == HTTP_OK ? NULL : "host:443: it went wrong",
        .status = reply->status,
        .headers = reply->headers,
        .body = reply->body,
        .body_size = reply->body ? strlen(reply->body) : 0,
    };

    assert_non_null(callback);
    while (response.n_headers < 3 && reply->headers[response.n_headers].name)
        response.n_headers++;
    world->callback = NULL;
    callback(&response, world->userdata);
}

/* ---- the call ---- */

static World *current; /* decode() gets no userdata */

static int decode(json_object *answer, json_object **ret)
{
    if (current->decode_error < 0)
        return current->decode_error;
    *ret = json_object_get(answer);
    return 0;
}

static void on_attempt(unsigned number, void *userdata)
{
    World *world = userdata;

    assert_int_equal(number, world->hooked + 1);
    world->hooked = number;
}

static void on_done(const AwsResult *result, void *userdata)
{
    World *world = userdata;
    const CallError *error = result->error;

    assert_false(world->done);
    world->done = true;
    world->call = NULL;
    world->outcome = result->outcome;
    if (result->outcome == AWS_OK) {
        const char *text = json_text(result->body, NULL);

        assert_null(error);
        snprintf(world->body, sizeof(world->body), "%s", text ? text : "");
        return;
    }
    assert_null(result->body);
    assert_non_null(error->code);
    assert_non_null(error->message);
    snprintf(world->code, sizeof(world->code), "%s", error->code);
    snprintf(world->message, sizeof(world->message), "%s", error->message);
    snprintf(world->request_id, sizeof(world->request_id), "%s",
             error->request_id ? error->request_id : "");
    world->http_status = error->http_status;
}

AwsCaller world_caller(World *world)
{
    static const AwsCallHooks hooks = {.attempt = on_attempt, .done = on_done};

    world->n_seen = world->hooked = 0;
    world->done = false;
    return (AwsCaller){.hooks = &hooks, .userdata = world};
}

void world_start(World *world)
{
    static const AwsOperation operation = {
        .name = "StopImport",
        .target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StopImport",
        .decode = decode,
        .subject = "ImportId",
        .subject_folds_case = true,
        .limit = QUOTA_STOP,
    };
    AwsCaller caller = world_caller(world);

    assert_int_equal(aws_call_start(world->client, &operation, "{\"ImportId\":\"x\"}", "x", &caller,
                                    &world->call),
                     0);
    assert_int_equal(world->hooked, 0);
    assert_false(world->done);
}

bool world_step(World *world)
{
    uint64_t next = timers_next_usec(world->timers);

    if (next == TIMER_NEVER)
        return false;
    if (next > world->boottime_usec) {
        world->realtime_usec += next - world->boottime_usec;
        world->boottime_usec = next;
    }
    timers_run(world->timers);
    return true;
}

bool world_advance(World *world)
{
    while (!world->callback && !world->done)
        if (!world_step(world))
            return false;
    return world->callback != NULL;
}

void world_call(World *world, const Reply *replies, unsigned n_replies)
{
    world_start(world);
    world_finish(world, replies, n_replies);
}

void world_finish(World *world, const Reply *replies, unsigned n_replies)
{
    for (unsigned i = 0; i < n_replies; i++) {
        assert_true(world_advance(world));
        world_answer(world, &replies[i]);
    }
    assert_false(world_advance(world));
    assert_true(world->done);
    assert_int_equal(world->n_seen, n_replies);
}

const char *world_header(const World *world, unsigned attempt, const char *name)
{
    static char value[1024];
    char prefix[64];
    const char *at = world->seen[attempt - 1].headers;
    int length = snprintf(prefix, sizeof(prefix), "%s: ", name);

    assert_true(attempt >= 1 && attempt <= world->n_seen);
    for (; *at != '\0'; at = strchr(at, '\n') + 1)
        if (strncasecmp(at, prefix, (size_t)length) == 0) {
            at += length;
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"), at);
            return value;
        }
    return NULL;
}

/* ---- set-up ---- */

void world_connect(World *world)
{
    aws_client_unref(world->client);
    world->client = NULL;
    assert_int_equal(aws_client_new(&world->config, &world->client), 0);
}

void world_set_rate(World *world, double rate)
{
    world->config.rates[QUOTA_STOP] = rate;
    world_connect(world);
}

int world_setup(void **state)
{
    World *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    current = world;
    journal_open(JOURNAL_TEXT, LOG_EMERG);
    world->boottime_usec = 1000 * USEC_PER_SEC;
    world->realtime_usec = WORLD_REALTIME;
    world->clock = (Clock){get_boottime, get_realtime, world};
    world->random = (Random){get_uniform, world};
    world->uniform = 0.5;
    world->http = (HttpClient){serve_start, serve_cancel};
    assert_int_equal(timers_new(&world->clock, &world->timers), 0);
    assert_int_equal(quotas_new(world->timers, &world->quotas), 0);
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         NULL, 0, &world->credentials),
                     0);
    provider.base = (AwsCredentialsProvider){
        .wanted = on_wanted, .reject = on_rejected, .free = on_provider_freed};
    TAILQ_INIT(&provider.base.waiting);
    provider.world = world;
    timer_init(&provider.timer, world->timers, on_credentials, world);
    world->config = (AwsClientConfig){
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .credentials = &provider.base,
        .target = "default",
        .endpoint = "https://cloudtrail.eu-west-1.amazonaws.com",
        .region = "eu-west-1",
        .service = "cloudtrail",
        .connect_timeout_usec = 3 * USEC_PER_SEC,
        .timeout_usec = 30 * USEC_PER_SEC,
        .max_attempts = 3,
        .quotas = world->quotas,
        .rates = {[QUOTA_STOP] = 1000, [QUOTA_READ] = 1000},
    };
    world_connect(world);
    *state = world;
    return 0;
}

int world_setup_service(void **state, const char *endpoint, const char *service)
{
    World *world;
    int r = world_setup(state);

    world = *state;
    world->config.endpoint = endpoint;
    world->config.service = service;
    world->config.quotas = NULL;
    world_connect(world);
    return r;
}

int world_teardown(void **state)
{
    World *world = *state;

    aws_call_cancel(world->call);
    aws_client_unref(world->client);
    aws_credentials_unref(world->credentials);
    aws_credentials_unref(world->renewed);
    quotas_free(world->quotas);
    timers_free(world->timers);
    free(world);
    return 0;
}
