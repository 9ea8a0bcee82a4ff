/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/client.h: libcurl on the event loop, against a server in this process. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/http/client.h"
#include "daemon/http/transfer-clock.h"
#include "tests/unit/http-server.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: a b \r\n\r\nhi"

typedef struct Fixture {
    struct event_base *base;
    HttpClient *http;
    ServerPlan plan;
    Server *server;
    char url[128];
} Fixture;

/* What a callback was given. */
typedef struct Outcome {
    unsigned calls;
    HttpFailure failure;
    char message[1024];
    unsigned status;
    char header[64]; /* X-Test */
    char stray[64];  /* Link */
    size_t body_size;
    char body[16];
    void (*then)(void *userdata);
    void *userdata;
} Outcome;

static void on_done(const HttpResponse *response, void *userdata)
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

static int setup(void **state)
{
    Fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->base = event_base_new();
    assert_non_null(f->base);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
    f->plan.reply = OK_REPLY;
    f->server = server_new(f->base, &f->plan, NULL);
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/", server_port(f->server));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    Fixture *f = *state;

    http_client_free(f->http);
    server_free(f->server);
    event_base_free(f->base);
    free(f);
    return 0;
}

static HttpRequest request_to(const char *url)
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

static HttpTransfer *start(Fixture *f, const HttpRequest *request, Outcome *outcome)
{
    HttpTransfer *transfer = NULL;

    assert_int_equal(f->http->start(f->http, request, on_done, outcome, &transfer), 0);
    assert_non_null(transfer);
    assert_int_equal(outcome->calls, 0);
    return transfer;
}

static void loop_until_called(Fixture *f, const Outcome *outcome)
{
    while (outcome->calls == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
}

static Outcome run(Fixture *f, const HttpRequest *request)
{
    Outcome outcome = {0};

    start(f, request, &outcome);
    loop_until_called(f, &outcome);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static Outcome post(Fixture *f)
{
    HttpRequest request = request_to(f->url);

    return run(f, &request);
}

static void assert_ok(const Outcome *outcome)
{
    assert_string_equal(outcome->message, "");
    assert_int_equal(outcome->failure, HTTP_OK);
    assert_int_equal(outcome->status, 200);
}

/* The message names host and port. */
static void assert_failed(const Fixture *f, const Outcome *outcome, HttpFailure failure)
{
    char host[64];

    snprintf(host, sizeof(host), "127.0.0.1:%u: ", server_port(f->server));
    assert_int_equal(outcome->failure, failure);
    assert_ptr_equal(strstr(outcome->message, host), outcome->message);
    assert_int_equal(outcome->status, 0);
    assert_int_equal(outcome->body_size, 0);
}

static void test_carries_request_and_answer(void **state)
{
    Fixture *f = *state;
    HttpHeader headers[] = {{"Content-Type", "application/json"}, {"Host", "example"}, {"X-A", ""}};
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    request.headers = headers;
    request.n_headers = 3;
    outcome = run(f, &request);
    assert_ok(&outcome);
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
        HttpRequest request = request_to(f->url);
        Outcome outcome;

        request.method = methods[i];
        request.body = NULL;
        request.body_size = 0;
        outcome = run(f, &request);
        assert_ok(&outcome);
        assert_memory_equal(f->plan.last, methods[i], strlen(methods[i]));
        assert_null(strcasestr(f->plan.last, "\r\ncontent-type:"));
    }
}

static void test_keeps_connections(void **state)
{
    Fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        Outcome outcome = post(f);

        assert_ok(&outcome);
    }
    assert_int_equal(f->plan.requests, 5);
    assert_int_equal(f->plan.connections, 1);
    assert_int_equal(http_client_connections(f->http), 1);
}

static void test_queues_past_the_limit(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome outcomes[10] = {0};

    http_client_set_max_connections(f->http, 2);
    for (size_t i = 0; i < 10; i++)
        start(f, &request, &outcomes[i]);
    for (size_t i = 0; i < 10; i++) {
        loop_until_called(f, &outcomes[i]);
        assert_ok(&outcomes[i]);
    }
    assert_int_equal(f->plan.requests, 10);
    assert_int_equal(f->plan.most_open, 2);
}

static void test_what_yields_leaves_connections_to_others(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url), yielding = request;
    Outcome outcomes[7] = {0};
    char url[sizeof(f->url) + 8];

    yielding.yields = true;
    http_client_set_max_connections(f->http, 4);
    f->plan.reply = NULL;
    for (size_t i = 0; i < 6; i++)
        start(f, &yielding, &outcomes[i]);
    while (f->plan.requests < 3)
        event_base_loop(f->base, EVLOOP_ONCE);
    snprintf(url, sizeof(url), "%sother", f->url);
    request.url = url;
    start(f, &request, &outcomes[6]);
    while (f->plan.requests < 4)
        event_base_loop(f->base, EVLOOP_ONCE);
    assert_memory_equal(f->plan.last, "POST /other ", 12);
}

static void test_what_yields_goes_after_nine_others(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url), yielding = request;
    Outcome others[12] = {0}, outcomes[2] = {0};
    unsigned n_others = 0;

    yielding.yields = true;
    http_client_set_max_connections(f->http, 1);
    for (size_t i = 0; i < 2; i++)
        start(f, &yielding, &outcomes[i]);
    for (size_t i = 0; i < 12; i++)
        start(f, &request, &others[i]);
    loop_until_called(f, &outcomes[0]);
    for (size_t i = 0; i < 12; i++)
        n_others += others[i].calls;
    assert_int_equal(n_others, 9);
    loop_until_called(f, &outcomes[1]);
    assert_ok(&outcomes[1]);
}

static void test_does_not_follow_redirects(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    outcome = post(f);
    assert_int_equal(outcome.failure, HTTP_OK);
    assert_int_equal(outcome.status, 302);
    assert_int_equal(f->plan.requests, 1);
}

static void test_drops_interim_headers(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK_REPLY;
    outcome = post(f);
    assert_ok(&outcome);
    assert_string_equal(outcome.stray, "");
    assert_string_equal(outcome.header, "a b");
}

static void test_plain_http_knows_no_proxy(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    outcome = post(f);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_ok(&outcome);
}

static void test_refuses_a_line_break_in_a_header(void **state)
{
    Fixture *f = *state;
    static const HttpHeader wrong[] = {{"X-A", "b\r\nX-C: d"}, {"X-A\r\nX-C", "d"}, {"X-A:", "b"}};
    HttpRequest request = request_to(f->url);
    HttpTransfer *transfer = NULL;
    Outcome outcome = {0};

    request.n_headers = 1;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        request.headers = &wrong[i];
        assert_int_equal(f->http->start(f->http, &request, on_done, &outcome, &transfer), -EINVAL);
    }
    assert_null(transfer);
}

static void test_times_out(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    f->plan.reply = NULL;
    request.timeout_usec = 30 * USEC_PER_MSEC;
    outcome = run(f, &request);
    assert_failed(f, &outcome, HTTP_TIMED_OUT);
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
    request = request_to(url);
    waiting = start(f, &request, &later);
    request.connect_timeout_usec = 100 * USEC_PER_MSEC;
    request.timeout_usec = USEC_PER_HOUR;
    start(f, &request, &sooner);
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
    HttpRequest request = request_to(f->url);
    Outcome outcome = run(f, &request);

    assert_ok(&outcome);
    f->plan.reply = NULL;
    request.connect_timeout_usec = 60 * USEC_PER_MSEC;
    request.timeout_usec = 250 * USEC_PER_MSEC;
    for (unsigned i = 0; i < 2; i++) { /* over the kept connection, then over another */
        request.method = i == 0 ? "POST" : "GET";
        outcome = run(f, &request);
        assert_failed(f, &outcome, HTTP_TIMED_OUT);
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
    start(f, request, &outcome);
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
    HttpRequest request = request_to(f->url);
    Outcome outcome = run_with_pauses(f, &request);

    assert_ok(&outcome);
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
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    make_certificate(path);
    server_free(f->server);
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    request.ca_bundle = path;
    outcome = run_with_pauses(f, &request);
    assert_ok(&outcome);
    assert_int_equal(f->plan.requests, 1);
    unlink(path);
}

static void test_a_time_out_is_kept_in_spite_of_a_pause(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome outcome = {0};

    f->plan.reply = NULL;
    request.timeout_usec = 200 * USEC_PER_MSEC;
    start(f, &request, &outcome);
    while (f->plan.requests == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    usleep(300 * USEC_PER_MSEC);
    loop_until_called(f, &outcome);
    assert_failed(f, &outcome, HTTP_TIMED_OUT);
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
        outcome = post(f);
        assert_failed(f, &outcome, HTTP_UNREADABLE);
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
    outcome = post(f);
    assert_ok(&outcome);
    assert_int_equal(outcome.body_size, HTTP_BODY_MAX);
    f->plan.reply_size = size + 1;
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_UNREADABLE);
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
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_UNREADABLE);
    free(reply);
}

static void test_tells_a_lost_connection(void **state)
{
    Fixture *f = *state;
    Outcome outcome;

    f->plan.reply = "";
    f->plan.then = SERVER_RESET;
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    f->plan.then = SERVER_CLOSE;
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_int_equal(f->plan.requests, 2);
}

/* Retries are counted and paid for elsewhere; none may happen here. */
static void test_never_sends_twice(void **state)
{
    Fixture *f = *state;
    Outcome outcome = post(f);

    assert_ok(&outcome);
    f->plan.reply = "";
    f->plan.then = SERVER_CLOSE;
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_non_null(strstr(outcome.message, "closed before an answer came"));
    assert_int_equal(f->plan.requests, 2);
    assert_int_equal(f->plan.connections, 1);
}

static void test_never_sends_twice_over_another_kept_connection(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome outcomes[2] = {0}, outcome;

    for (size_t i = 0; i < 2; i++)
        start(f, &request, &outcomes[i]);
    for (size_t i = 0; i < 2; i++)
        loop_until_called(f, &outcomes[i]);
    assert_int_equal(f->plan.connections, 2);
    f->plan.reply = "";
    f->plan.then = SERVER_CLOSE;
    outcome = post(f);
    assert_failed(f, &outcome, HTTP_CONNECT_FAILED);
    assert_int_equal(f->plan.requests, 3);
}

static void test_tells_a_refused_connection(void **state)
{
    Fixture *f = *state;
    Server *other = server_new(f->base, &f->plan, NULL);
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/", server_port(other));
    server_free(other);
    outcome = run(f, &request);
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
    outcome = post(f);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_failed(f, &outcome, HTTP_NO_RESOURCES);
    outcome = post(f);
    assert_ok(&outcome);
}

static void test_cancels(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome in_flight = {0}, queued = {0}, last = {0};
    HttpTransfer *first, *second;

    http_client_set_max_connections(f->http, 1);
    f->plan.reply = NULL;
    first = start(f, &request, &in_flight);
    second = start(f, &request, &queued);
    while (f->plan.requests == 0)
        event_base_loop(f->base, EVLOOP_ONCE);
    f->http->cancel(f->http, second);
    f->http->cancel(f->http, first);
    f->plan.reply = OK_REPLY;
    start(f, &request, &last);
    loop_until_called(f, &last);
    assert_ok(&last);
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
    HttpRequest request = request_to(f->url);

    for (unsigned turn = 0;; turn++) {
        Doomed doomed = {.f = f, .doomed_in = turn};
        Outcome outcome = {0}, other = {0};
        unsigned before = f->plan.requests;

        doomed.transfer = start(f, &request, &outcome);
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
            loop_until_called(f, &outcome);
            assert_ok(&outcome);
            assert_true(turn > 0);
            return;
        }
        start(f, &request, &other);
        loop_until_called(f, &other);
        assert_ok(&other);
        assert_int_equal(outcome.calls, 0);
        assert_int_equal(f->plan.requests, before + 1); /* the other's */
    }
}

static void test_free_calls_nobody(void **state)
{
    Fixture *f = *state;
    HttpRequest request = request_to(f->url);
    Outcome in_flight = {0}, queued = {0};

    f->plan.reply = NULL;
    start(f, &request, &in_flight);
    while (f->plan.requests == 0)
        event_base_loop(f->base, EVLOOP_ONCE);
    start(f, &request, &queued);
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
    HttpRequest request = request_to(chain->url);

    if (!chain->started)
        start(chain->f, &request, &chain->outcome);
    chain->started = true;
}

/* Two answers are there in one turn of the loop; the callback of the first starts a transfer.
 * libcurl, called for the second, would begin that transfer in the same turn if it knew of it. */
static void test_sends_in_a_later_turn(void **state)
{
    Fixture *f = *state;
    Chain chain = {.f = f, .plan = {.reply = OK_REPLY}};
    Outcome outcomes[2] = {{.then = start_chained, .userdata = &chain},
                           {.then = start_chained, .userdata = &chain}};
    HttpRequest request = request_to(f->url);
    uint64_t connections;

    chain.other = server_new(f->base, &chain.plan, NULL);
    snprintf(chain.url, sizeof(chain.url), "http://127.0.0.1:%u/", server_port(chain.other));
    start(f, &request, &outcomes[0]);
    start(f, &request, &outcomes[1]);
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

static void test_verifies_tls(void **state)
{
    Fixture *f = *state;
    char path[] = "/tmp/trailstop-test-XXXXXX";
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    make_certificate(path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    outcome = run(f, &request); /* the server speaks no TLS */
    assert_failed(f, &outcome, HTTP_TLS_FAILED);

    server_free(f->server);
    f->plan = (ServerPlan){.reply = OK_REPLY};
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    outcome = run(f, &request);
    assert_failed(f, &outcome, HTTP_TLS_FAILED);
    assert_int_equal(f->plan.requests, 0);

    request.ca_bundle = path;
    f->plan.connections = 0;
    for (int i = 0; i < 3; i++) {
        outcome = run(f, &request);
        assert_ok(&outcome);
    }
    assert_int_equal(f->plan.connections, 1);
    unlink(path);
}

static void test_a_ca_bundle_is_needed_for_new_connections_alone(void **state)
{
    Fixture *f = *state;
    char path[] = "/tmp/trailstop-test-XXXXXX", away[64];
    HttpRequest request = request_to(f->url);
    Outcome outcome;

    make_certificate(path);
    snprintf(away, sizeof(away), "%s.away", path);
    server_free(f->server);
    f->server = server_new(f->base, &f->plan, path);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/", server_port(f->server));
    request.ca_bundle = path;
    outcome = run(f, &request);
    assert_ok(&outcome);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    outcome = run(f, &request);
    assert_ok(&outcome);
    assert_int_equal(f->plan.connections, 1);

    http_client_free(f->http);
    assert_int_equal(http_client_new(f->base, 8, &f->http), 0);
    usleep(200 * USEC_PER_MSEC); /* for so long a bundle that was fine is not looked at again */
    outcome = run(f, &request);
    assert_failed(f, &outcome, HTTP_TLS_FAILED);
    assert_non_null(strstr(outcome.message, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(away, path), 0);
    outcome = run(f, &request);
    assert_ok(&outcome);
    unlink(path);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_carries_request_and_answer),
        TEST(test_adds_no_content_type),
        TEST(test_keeps_connections),
        TEST(test_queues_past_the_limit),
        TEST(test_what_yields_leaves_connections_to_others),
        TEST(test_what_yields_goes_after_nine_others),
        TEST(test_does_not_follow_redirects),
        TEST(test_drops_interim_headers),
        TEST(test_plain_http_knows_no_proxy),
        TEST(test_refuses_a_line_break_in_a_header),
        TEST(test_times_out),
        TEST(test_a_connection_has_a_time_of_its_own),
        TEST(test_the_time_of_a_connection_ends_with_it),
        TEST(test_no_time_passes_while_this_process_does_not_look),
        TEST(test_looks_as_seldom_as_the_time_outs_allow),
        TEST(test_no_time_passes_for_a_handshake_either),
        TEST(test_a_time_out_is_kept_in_spite_of_a_pause),
        TEST(test_tells_unreadable_answers),
        TEST(test_bounds_the_body),
        TEST(test_bounds_the_headers),
        TEST(test_tells_a_lost_connection),
        TEST(test_never_sends_twice),
        TEST(test_never_sends_twice_over_another_kept_connection),
        TEST(test_tells_a_refused_connection),
        TEST(test_tells_lack_of_descriptors),
        TEST(test_cancels),
        TEST(test_writes_nothing_that_is_given_up_before),
        TEST(test_free_calls_nobody),
        TEST(test_sends_in_a_later_turn),
        TEST(test_verifies_tls),
        TEST(test_a_ca_bundle_is_needed_for_new_connections_alone),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
