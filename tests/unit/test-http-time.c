/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/client.h: time-outs, by a clock that stands still while this process does. */
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/http/transfer-clock.h"
#include "tests/unit/http-world.h"

static void test_times_out(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    f->plan.reply = NULL;
    request.timeout_usec = 30 * USEC_PER_MSEC;
    outcome = world_run(f, &request);
    world_assert_failed(f, &outcome, HTTP_TIMED_OUT);
    assert_int_equal(f->plan.requests, 1);
}

/* Nobody accepts, and the queue of connections is full. */
static int fill_backlog(unsigned *ret_port, int fds[static 4])
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listening, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listening, 0), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    for (size_t i = 0; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fds[i] >= 0);
        (void)connect(fds[i], (struct sockaddr *)&address, size); /* goes on by itself */
    }
    return listening;
}

static void test_a_connection_has_a_time_of_its_own(void **state)
{
    Fixture *f = *state;
    Outcome sooner = {0}, later = {0};
    HttpTransfer *waiting;
    HttpRequest request;
    unsigned port;
    char url[64];
    int fds[4], listening = fill_backlog(&port, fds);

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
    request = world_request(url);
    waiting = world_start(f, &request, &later);
    request.connect_timeout_usec = 100 * USEC_PER_MSEC;
    request.timeout_usec = USEC_PER_HOUR;
    world_start(f, &request, &sooner);
    while (sooner.calls + later.calls == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(sooner.calls, 1);
    assert_int_equal(sooner.failure, HTTP_TIMED_OUT);
    f->http->cancel(f->http, waiting);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    close(listening);
}

static void test_the_time_of_a_connection_ends_with_it(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcome = world_run(f, &request);

    world_assert_ok(&outcome);
    f->plan.reply = NULL;
    request.connect_timeout_usec = 60 * USEC_PER_MSEC;
    request.timeout_usec = 250 * USEC_PER_MSEC;
    for (unsigned i = 0; i < 2; i++) { /* over the kept connection, then over another */
        request.method = i == 0 ? "POST" : "GET";
        outcome = world_run(f, &request);
        world_assert_failed(f, &outcome, HTTP_TIMED_OUT);
        assert_non_null(strstr(outcome.message, "no whole answer within 250 ms"));
    }
    assert_int_equal(f->plan.connections, 2);
}

/* A transfer while each turn of the loop takes longer than its time-outs, as with a disk that takes
 * its time to sync. */
static Outcome run_with_pauses(Fixture *f, HttpRequest *request)
{
    Outcome outcome = {0};

    request->connect_timeout_usec = request->timeout_usec = 200 * USEC_PER_MSEC;
    world_start(f, request, &outcome);
    while (outcome.calls == 0) {
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
        if (outcome.calls == 0)
            usleep(300 * USEC_PER_MSEC);
    }
    return outcome;
}

static void test_no_time_passes_while_this_process_does_not_look(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcome = run_with_pauses(f, &request);

    world_assert_ok(&outcome);
    assert_int_equal(f->plan.requests, 1);
}

static void test_looks_as_seldom_as_the_time_outs_allow(void **state)
{
    (void)state;
    assert_int_equal(transfer_clock_choose_look(100 * USEC_PER_MSEC), 50 * USEC_PER_MSEC);
    assert_int_equal(transfer_clock_choose_look(3 * USEC_PER_SEC), 100 * USEC_PER_MSEC);
    assert_int_equal(transfer_clock_choose_look(50 * USEC_PER_SEC), USEC_PER_SEC);
    assert_int_equal(transfer_clock_choose_look(UINT64_MAX), USEC_PER_SEC);
}

static void test_no_time_passes_for_a_handshake_either(void **state)
{
    Fixture *f = *state;
    char path[] = "/tmp/trailstop-test-XXXXXX";
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    make_certificate(path);
    server_free(f->server);
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    request.ca_bundle = path;
    outcome = run_with_pauses(f, &request);
    world_assert_ok(&outcome);
    assert_int_equal(f->plan.requests, 1);
    unlink(path);
}

static void test_a_time_out_is_kept_in_spite_of_a_pause(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcome = {0};

    f->plan.reply = NULL;
    request.timeout_usec = 200 * USEC_PER_MSEC;
    world_start(f, &request, &outcome);
    while (f->plan.requests == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    usleep(300 * USEC_PER_MSEC);
    world_wait(f, &outcome);
    world_assert_failed(f, &outcome, HTTP_TIMED_OUT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_times_out),
        TEST(test_a_connection_has_a_time_of_its_own),
        TEST(test_the_time_of_a_connection_ends_with_it),
        TEST(test_no_time_passes_while_this_process_does_not_look),
        TEST(test_looks_as_seldom_as_the_time_outs_allow),
        TEST(test_no_time_passes_for_a_handshake_either),
        TEST(test_a_time_out_is_kept_in_spite_of_a_pause),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
