/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/answered-call.h"

#include "tests/fuzz/fuzz.h"

/* What the one call of the moment meets. */
static struct {
    const AnsweredCall *call;
    HttpCallback callback;
    void *userdata;
    unsigned n_done;
} wire;

static int wire_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                      void *userdata, HttpTransfer **ret)
{
    (void)request;
    REQUIRE(!wire.callback);
    wire.callback = callback;
    wire.userdata = userdata;
    *ret = (HttpTransfer *)http;
    return 0;
}

static void wire_cancel(HttpClient *http, HttpTransfer *transfer)
{
    (void)http;
    (void)transfer;
    abort(); /* nobody gives a call up here */
}

static uint64_t get_time(void *userdata)
{
    (void)userdata;
    return UINT64_C(1795350225) * 1000000; /* 2026-11-22T12:23:45Z */
}

static double get_uniform(void *userdata)
{
    (void)userdata;
    return 0.5;
}

static void on_done(const AwsResult *result, void *userdata)
{
    (void)userdata;
    wire.n_done++;
    REQUIRE((result->outcome == AWS_OK) == !result->error);
    wire.call->check(result);
}

/* The same for all calls; it lives as long as the program. */
static Timers *timers;
static AwsClient *client;

static void make_client(void)
{
    static const Clock clock = {get_time, get_time, NULL};
    static const Random random = {get_uniform, NULL};
    static HttpClient http = {wire_start, wire_cancel};
    AwsClientConfig config = {
        .random = &random,
        .http = &http,
        .target = "target",
        .endpoint = "https://host.test",
        .region = "eu-west-1",
        .service = "service",
        .max_attempts = 1,
    };

    REQUIRE(timers_new(&clock, &timers) == 0);
    config.timers = timers;
    REQUIRE(aws_client_new(&config, &client) == 0);
}

void answered_call_run(const AnsweredCall *call, const HttpResponse *response)
{
    static const AwsCallHooks hooks = {.done = on_done};
    const AwsCaller caller = {.hooks = &hooks};
    HttpCallback callback;
    AwsCall *running;

    if (!client)
        make_client();
    wire.call = call;
    wire.n_done = 0;
    REQUIRE(call->start(client, &caller, &running) == 0);
    for (unsigned n_answers = 0; wire.n_done == 0; n_answers++) {
        REQUIRE(n_answers < 2); /* one, and one more with a clock that has been put right */
        timers_run(timers);
        callback = wire.callback;
        REQUIRE(callback);
        wire.callback = NULL;
        callback(response, wire.userdata);
    }
    REQUIRE(wire.n_done == 1);
}
