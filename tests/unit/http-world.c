/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/http-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"

void world_on_done(const HttpResponse *response, void *userdata)
{
    Outcome *outcome = userdata;
    const char *header = http_response_header(response, "x-test");
    const char *stray = http_response_header(response, "link");

    outcome->calls++;
    outcome->failure = response->failure;
    snprintf(outcome->message, sizeof(outcome->message), "%s",
             response->message ? response->message : "");
    outcome->status = response->status;
    snprintf(outcome->header, sizeof(outcome->header), "%s", header ? header : "");
    snprintf(outcome->stray, sizeof(outcome->stray), "%s", stray ? stray : "");
    outcome->body_size = response->body_size;
    if (response->body_size > 0 && response->body_size < sizeof(outcome->body))
        memcpy(outcome->body, response->body, response->body_size);
    if (outcome->then)
        outcome->then(outcome->userdata);
}

int world_setup(void **state)
{
    Fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->base = event_base_new();
    assert_non_null(f->base);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
    f->plan.reply = WORLD_REPLY;
    f->server = server_new(f->base, &f->plan, NULL);
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/", server_port(f->server));
    *state = f;
    return 0;
}

int world_teardown(void **state)
{
    Fixture *f = *state;

    http_client_free(f->http);
    server_free(f->server);
    event_base_free(f->base);
    free(f);
    return 0;
}

HttpRequest world_request(const char *url)
{
    return (HttpRequest){
        .method = "POST",
        .url = url,
        .body = "{}",
        .body_size = 2,
        .connect_timeout_usec = 10 * USEC_PER_SEC,
        .timeout_usec = 10 * USEC_PER_SEC,
    };
}

HttpTransfer *world_start(Fixture *f, const HttpRequest *request, Outcome *outcome)
{
    HttpTransfer *transfer = NULL;

    assert_int_equal(f->http->start(f->http, request, world_on_done, outcome, &transfer), 0);
    assert_non_null(transfer);
    assert_int_equal(outcome->calls, 0);
    return transfer;
}

void world_wait(Fixture *f, const Outcome *outcome)
{
    while (outcome->calls == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
}

Outcome world_run(Fixture *f, const HttpRequest *request)
{
    Outcome outcome = {0};

    world_start(f, request, &outcome);
    world_wait(f, &outcome);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

Outcome world_post(Fixture *f)
{
    HttpRequest request = world_request(f->url);

    return world_run(f, &request);
}

void world_assert_ok(const Outcome *outcome)
{
    assert_string_equal(outcome->message, "");
    assert_int_equal(outcome->failure, HTTP_OK);
    assert_int_equal(outcome->status, 200);
}

void world_assert_failed(const Fixture *f, const Outcome *outcome, HttpFailure failure)
{
    char host[64];

    snprintf(host, sizeof(host), "127.0.0.1:%u: ", server_port(f->server));
    assert_int_equal(outcome->failure, failure);
    assert_ptr_equal(strstr(outcome->message, host), outcome->message);
    assert_int_equal(outcome->status, 0);
    assert_int_equal(outcome->body_size, 0);
}
