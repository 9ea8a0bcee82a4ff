/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/client.h: connections, how many and to whom, and what becomes of a request on one
 * that is lost. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "common/time.h"
#include "tests/harness/real-call.h"
#include "tests/unit/http-world.h"

static void test_keeps_connections(void **state)
{
    Fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        Outcome outcome = world_post(f);

        world_assert_ok(&outcome);
    }
    assert_int_equal(f->plan.requests, 5);
    assert_int_equal(f->plan.connections, 1);
    assert_int_equal(http_client_connections(f->http), 1);
}

static void test_queues_past_the_limit(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcomes[10] = {0};

    http_client_set_max_connections(f->http, 2);
    for (size_t i = 0; i < 10; i++)
        world_start(f, &request, &outcomes[i]);
    for (size_t i = 0; i < 10; i++) {
        world_wait(f, &outcomes[i]);
        world_assert_ok(&outcomes[i]);
    }
    assert_int_equal(f->plan.requests, 10);
    assert_int_equal(f->plan.most_open, 2);
}

static int n_handles; /* of libcurl, that are there beside its own */
static unsigned n_handles_made;

CURL *curl_easy_init(void)
{
    REAL(curl_easy_init);
    n_handles++;
    n_handles_made++;
    return real();
}

void curl_easy_cleanup(CURL *easy)
{
    REAL(curl_easy_cleanup);
    n_handles--;
    real(easy);
}

#define AT_ONCE_MAX 100U

static void post_at_once(Fixture *f, size_t n)
{
    HttpRequest request = world_request(f->url);
    Outcome outcomes[AT_ONCE_MAX] = {0};

    for (size_t i = 0; i < n; i++)
        world_start(f, &request, &outcomes[i]);
    for (size_t i = 0; i < n; i++) {
        world_wait(f, &outcomes[i]);
        world_assert_ok(&outcomes[i]);
    }
}

static void test_keeps_the_handles_of_a_burst_until_memory_is_given_back(void **state)
{
    Fixture *f = *state;

    http_client_set_max_connections(f->http, AT_ONCE_MAX);
    n_handles = 0;
    post_at_once(f, 30);
    n_handles_made = 0;
    for (unsigned i = 0; i < 3; i++)
        post_at_once(f, 30);
    assert_int_equal(n_handles_made, 0);
    post_at_once(f, AT_ONCE_MAX);
    assert_true(n_handles <= 64);
    http_client_give_back_memory(f->http);
    assert_true(n_handles <= 4);
    post_at_once(f, 1);
}

static void test_what_yields_leaves_connections_to_others(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url), yielding = request;
    Outcome outcomes[7] = {0};
    char url[sizeof(f->url) + 8];

    yielding.yields = true;
    http_client_set_max_connections(f->http, 4);
    f->plan.reply = NULL;
    for (size_t i = 0; i < 6; i++)
        world_start(f, &yielding, &outcomes[i]);
    while (f->plan.requests < 3)
        event_base_loop(f->base, EVLOOP_ONCE);
    snprintf(url, sizeof(url), "%sother", f->url);
    request.url = url;
    world_start(f, &request, &outcomes[6]);
    while (f->plan.requests < 4)
        event_base_loop(f->base, EVLOOP_ONCE);
    assert_memory_equal(f->plan.last, "POST /other ", 12);
}

static void test_what_yields_goes_after_nine_others(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url), yielding = request;
    Outcome others[12] = {0}, outcomes[2] = {0};
    unsigned n_others = 0;

    yielding.yields = true;
    http_client_set_max_connections(f->http, 1);
    for (size_t i = 0; i < 2; i++)
        world_start(f, &yielding, &outcomes[i]);
    for (size_t i = 0; i < 12; i++)
        world_start(f, &request, &others[i]);
    world_wait(f, &outcomes[0]);
    for (size_t i = 0; i < 12; i++)
        n_others += others[i].calls;
    assert_int_equal(n_others, 9);
    world_wait(f, &outcomes[1]);
    world_assert_ok(&outcomes[1]);
}

static void test_tells_a_lost_connection(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "";
    f->plan.then = SERVER_RESET;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    f->plan.then = SERVER_CLOSE;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_int_equal(f->plan.requests, 2);
}

/* Retries are counted and paid for elsewhere; none may happen here. */
static void test_never_sends_twice(void **state)
{
    Fixture *f = *state;
    Outcome outcome = world_post(f);

    world_assert_ok(&outcome);
    f->plan.reply = "";
    f->plan.then = SERVER_CLOSE;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_non_null(strstr(outcome.message, "closed before an answer came"));
    assert_int_equal(f->plan.requests, 2);
    assert_int_equal(f->plan.connections, 1);
}

static void test_never_sends_twice_over_another_kept_connection(void **state)
{
    Fixture *f = *state;
    HttpRequest request = world_request(f->url);
    Outcome outcomes[2] = {0}, outcome;

    for (size_t i = 0; i < 2; i++)
        world_start(f, &request, &outcomes[i]);
    for (size_t i = 0; i < 2; i++)
        world_wait(f, &outcomes[i]);
    assert_int_equal(f->plan.connections, 2);
    f->plan.reply = "";
    f->plan.then = SERVER_CLOSE;
    outcome = world_post(f);
    world_assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_int_equal(f->plan.requests, 3);
}

static void test_tells_a_refused_connection(void **state)
{
    Fixture *f = *state;
    Server *other = server_new(f->base, &f->plan, NULL);
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/", server_port(other));
    server_free(other);
    outcome = world_run(f, &request);
    assert_int_equal(outcome.failure, HTTP_CONNECT_FAILED);
    assert_non_null(strcasestr(outcome.message, "refused"));
}

static void test_tells_lack_of_descriptors(void **state)
{
    Fixture *f = *state;
    struct rlimit limit, low;
    int next = fcntl(0, F_DUPFD, 0);
    Outcome outcome;

    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    outcome = world_post(f);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    world_assert_failed(f, &outcome, HTTP_NO_RESOURCES);
    outcome = world_post(f);
    world_assert_ok(&outcome);
}

static void test_verifies_tls(void **state)
{
    Fixture *f = *state;
    char path[] = "/tmp/trailstop-test-XXXXXX";
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    make_certificate(path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    outcome = world_run(f, &request); /* the server speaks no TLS */
    world_assert_failed(f, &outcome, HTTP_TLS_FAILED);

    server_free(f->server);
    f->plan = (ServerPlan){.reply = WORLD_REPLY};
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    outcome = world_run(f, &request);
    world_assert_failed(f, &outcome, HTTP_TLS_FAILED);
    assert_int_equal(f->plan.requests, 0);

    request.ca_bundle = path;
    f->plan.connections = 0;
    for (int i = 0; i < 3; i++) {
        outcome = world_run(f, &request);
        world_assert_ok(&outcome);
    }
    assert_int_equal(f->plan.connections, 1);
    unlink(path);
}

static void test_a_ca_bundle_is_needed_for_new_connections_alone(void **state)
{
    Fixture *f = *state;
    char path[] = "/tmp/trailstop-test-XXXXXX", away[64];
    HttpRequest request = world_request(f->url);
    Outcome outcome;

    make_certificate(path);
    snprintf(away, sizeof(away), "%s.away", path);
    server_free(f->server);
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    request.ca_bundle = path;
    outcome = world_run(f, &request);
    world_assert_ok(&outcome);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    outcome = world_run(f, &request);
    world_assert_ok(&outcome);
    assert_int_equal(f->plan.connections, 1);

    http_client_free(f->http);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
    usleep(200 * USEC_PER_MSEC); /* for so long a bundle that was fine is not looked at again */
    outcome = world_run(f, &request);
    world_assert_failed(f, &outcome, HTTP_TLS_FAILED);
    assert_non_null(strstr(outcome.message, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(away, path), 0);
    outcome = world_run(f, &request);
    world_assert_ok(&outcome);
    unlink(path);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keeps_connections),
        TEST(test_queues_past_the_limit),
        TEST(test_keeps_the_handles_of_a_burst_until_memory_is_given_back),
        TEST(test_what_yields_leaves_connections_to_others),
        TEST(test_what_yields_goes_after_nine_others),
        TEST(test_tells_a_lost_connection),
        TEST(test_never_sends_twice),
        TEST(test_never_sends_twice_over_another_kept_connection),
        TEST(test_tells_a_refused_connection),
        TEST(test_tells_lack_of_descriptors),
        TEST(test_verifies_tls),
        TEST(test_a_ca_bundle_is_needed_for_new_connections_alone),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
