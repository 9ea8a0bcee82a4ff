/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/client.h: libcurl on the event loop, against a server in this process. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/http-world.h"

static void test_carries_request_and_answer(void **state)
{
    Fixture *f = *state;
    HttpHeader headers[] = {{"Content-Type", "application/json"}, {"Host", "example"}, {"X-A", ""}};
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    request.headers = headers;
    request.n_headers = 3;
    outcome = world_run(f, &request);
    world_assert_ok(&outcome);
    assert_string_equal(outcome.header, "a b");
    assert_int_equal(outcome.body_size, 2);
    assert_string_equal(outcome.body, "hi");
    assert_ptr_equal(strstr(f->plan.last, "POST / HTTP/1.1\r\n"), f->plan.last);
    assert_non_null(strstr(f->plan.last, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(f->plan.last, "\r\nHost: example\r\n"));
    assert_non_null(strstr(f->plan.last, "\r\nX-A:\r\n"));
    assert_non_null(strstr(f->plan.last, "\r\n\r\n{}"));
    assert_null(strcasestr(f->plan.last, "\r\nexpect:"));
}

static void test_adds_no_content_type(void **state)
{
    static const char *const methods[] = {"GET", "PUT", "POST"};
    Fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        HttpRequest request = world_request(f->url);
        Outcome outcome;

        request.method = methods[i];
        request.body = NULL;
        request.body_size = 0;
        outcome = world_run(f, &request);
        world_assert_ok(&outcome);
        assert_memory_equal(f->plan.last, methods[i], strlen(methods[i]));
        assert_null(strcasestr(f->plan.last, "\r\ncontent-type:"));
    }
}

static void test_does_not_follow_redirects(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    outcome = world_post(f);
    assert_int_equal(outcome.failure, HTTP_OK);
    assert_int_equal(outcome.status, 302);
    assert_int_equal(f->plan.requests, 1);
}

static void test_drops_interim_headers(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" WORLD_REPLY;
    outcome = world_post(f);
    world_assert_ok(&outcome);
    assert_string_equal(outcome.stray, "");
    assert_string_equal(outcome.header, "a b");
}

static void test_plain_http_knows_no_proxy(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    outcome = world_post(f);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    world_assert_ok(&outcome);
}

static void test_refuses_a_line_break_in_a_header(void **state)
{
    Fixture *f = *state;
    static const HttpHeader wrong[] = {{"X-A", "b\r\nX-C: d"}, {"X-A\r\nX-C", "d"}, {"X-A:", "b"}};
    HttpRequest request = world_request(f->url);
    HttpTransfer *transfer = NULL;
    Outcome outcome = {0};

    request.n_headers = 1;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        request.headers = &wrong[i];
        assert_int_equal(f->http->start(f->http, &request, world_on_done, &outcome, &transfer),
                         -EINVAL);
    }
    assert_null(transfer);
}

static void test_tells_unreadable_answers(void **state)
{
    static const struct {
        const char *reply;
        ServerThen then;
    } samples[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", SERVER_CLOSE}, /* truncated */
        {"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\nabc", SERVER_KEEP},
        {"SSH-2.0-OpenSSH_9.2\r\n", SERVER_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", SERVER_CLOSE},
    };
    Fixture *f = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        Outcome outcome;

        f->plan.reply = samples[i].reply;
        f->plan.then = samples[i].then;
        outcome = world_post(f);
        world_assert_failed(f, &outcome, HTTP_UNREADABLE);
    }
}

/* Without a Content-Length, so that only the bytes themselves tell. */
static void test_bounds_the_body(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    Fixture *f = *state;
    size_t size = strlen(head) + HTTP_BODY_MAX;
    char *reply = malloc(size + 1);
    Outcome outcome;

    assert_non_null(reply);
    memset(reply, 'x', size + 1);
    memcpy(reply, head, strlen(head));
    f->plan.reply = reply;
    f->plan.then = SERVER_CLOSE;
    f->plan.reply_size = size;
    outcome = world_post(f);
    world_assert_ok(&outcome);
    assert_int_equal(outcome.body_size, HTTP_BODY_MAX);
    f->plan.reply_size = size + 1;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_UNREADABLE);
    free(reply);
}

static void test_bounds_the_headers(void **state)
{
    Fixture *f = *state;
    size_t size = 0, capacity = 128 * 1024;
    char *reply = malloc(capacity);
    Outcome outcome;

    assert_non_null(reply);
    size += (size_t)sprintf(reply, "HTTP/1.1 200 OK\r\n");
    while (size < 80 * 1024)
        size += (size_t)sprintf(reply + size, "X-Filler: %01000d\r\n", 0);
    size += (size_t)sprintf(reply + size, "Content-Length: 0\r\n\r\n");
    f->plan.reply = reply;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_UNREADABLE);
    free(reply);
}

static void test_cancels(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome in_flight = {0}, queued = {0}, last = {0};
    HttpTransfer *first, *second;

    http_client_set_max_connections(f->http, 1);
    f->plan.reply = NULL;
    first = world_start(f, &request, &in_flight);
    second = world_start(f, &request, &queued);
    while (f->plan.requests == 0)
        event_base_loop(f->base, EVLOOP_ONCE);
    f->http->cancel(f->http, second);
    f->http->cancel(f->http, first);
    f->plan.reply = WORLD_REPLY;
    world_start(f, &request, &last);
    world_wait(f, &last);
    world_assert_ok(&last);
    assert_int_equal(in_flight.calls + queued.calls, 0);
    assert_int_equal(f->plan.requests, 2);
}

/* A transfer that is not to be sent any more, which nobody knows before the last moment. */
typedef struct Doomed {
    Fixture *f;
    HttpTransfer *transfer; /* NULL: given up */
    unsigned turn, doomed_in;
} Doomed;

static void give_up(void *userdata)
{
    Doomed *doomed = userdata;

    if (doomed->turn < doomed->doomed_in || !doomed->transfer)
        return;
    doomed->f->http->cancel(doomed->f->http, doomed->transfer);
    doomed->transfer = NULL;
}

/* Whatever state of its connection the turn finds it in: none of it is written that was not before.
 */
static void test_writes_nothing_that_is_given_up_before(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);

    for (unsigned turn = 0;; turn++) {
        Doomed doomed = {.f = f, .doomed_in = turn};
        Outcome outcome = {0}, other = {0};
        unsigned before = f->plan.requests;

        doomed.transfer = world_start(f, &request, &outcome);
        f->http->before_writing = give_up;
        f->http->userdata = &doomed;
        while (doomed.transfer && f->plan.requests == before) {
            unsigned sent = f->plan.requests;

            assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
            doomed.turn++;
            assert_true(doomed.transfer || f->plan.requests == sent);
        }
        f->http->before_writing = NULL;
        if (doomed.transfer) { /* the request was written in a turn before this one */
            world_wait(f, &outcome);
            world_assert_ok(&outcome);
            assert_true(turn > 0);
            return;
        }
        world_start(f, &request, &other);
        world_wait(f, &other);
        world_assert_ok(&other);
        assert_int_equal(outcome.calls, 0);
        assert_int_equal(f->plan.requests, before + 1); /* the other's */
    }
}

static void test_free_calls_nobody(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome in_flight = {0}, queued = {0};

    f->plan.reply = NULL;
    world_start(f, &request, &in_flight);
    while (f->plan.requests == 0)
        event_base_loop(f->base, EVLOOP_ONCE);
    world_start(f, &request, &queued);
    http_client_free(f->http);
    f->http = NULL;
    assert_int_equal(in_flight.calls + queued.calls, 0);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
}

typedef struct Chain {
    Fixture *f;
    Server *other;
    ServerPlan plan;
    char url[64];
    Outcome outcome;
    bool started;
} Chain;

static void start_chained(void *userdata)
{
    Chain *chain = userdata;
    HttpRequest request = world_request(chain->url);

    if (!chain->started)
        world_start(chain->f, &request, &chain->outcome);
    chain->started = true;
}

/* Two answers are there in one turn of the loop; the callback of the first starts a transfer.
 * libcurl, called for the second, would begin that transfer in the same turn if it knew of it. */
static void test_sends_in_a_later_turn(void **state)
{
    Fixture *f = *state;
    Chain chain = {.f = f, .plan = {.reply = WORLD_REPLY}};
    Outcome outcomes[2] = {{.then = start_chained, .userdata = &chain},
                           {.then = start_chained, .userdata = &chain}};
    HttpRequest request = world_request(f->url);
    uint64_t connections;

    chain.other = server_new(f->base, &chain.plan, NULL);
    snprintf(chain.url, sizeof(chain.url), "http://127.0.0.1:%u/", server_port(chain.other));
    world_start(f, &request, &outcomes[0]);
    world_start(f, &request, &outcomes[1]);
    while (!chain.started)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(outcomes[0].calls + outcomes[1].calls, 2);

    /* Had it begun, giving it up now would count its connection. */
    connections = http_client_connections(f->http);
    http_client_free(f->http);
    f->http = NULL;
    for (int i = 0; i < 3; i++)
        event_base_loop(f->base, EVLOOP_NONBLOCK);
    assert_int_equal(connections, 2);
    assert_int_equal(chain.plan.connections, 0);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
    server_free(chain.other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_carries_request_and_answer),
        TEST(test_adds_no_content_type),
        TEST(test_does_not_follow_redirects),
        TEST(test_drops_interim_headers),
        TEST(test_plain_http_knows_no_proxy),
        TEST(test_refuses_a_line_break_in_a_header),
        TEST(test_tells_unreadable_answers),
        TEST(test_bounds_the_body),
        TEST(test_bounds_the_headers),
        TEST(test_cancels),
        TEST(test_writes_nothing_that_is_given_up_before),
        TEST(test_free_calls_nobody),
        TEST(test_sends_in_a_later_turn),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
