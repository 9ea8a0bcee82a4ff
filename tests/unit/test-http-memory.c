/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/: whatever allocation or descriptor is missing, a transfer ends once, with the answer
 * or with a failure, and the next one succeeds. The server is a process of its own, for which
 * nothing fails. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "common/time.h"
#include "daemon/http/client.h"
#include "daemon/http/proxy.h"
#include "tests/unit/every-call.h"
#include "tests/unit/http-server.h"

#define BODY_SIZE 40000 /* more than what an answer has room for at first */

typedef struct Fixture {
    struct event_base *base;
    pid_t server;
    char url[64];
    char named_url[64]; /* the same by name */
} Fixture;

static void serve(int port_pipe)
{
    static ServerPlan plan;
    struct event_base *base = event_base_new();
    char *reply = calloc(1, BODY_SIZE + 512);
    int head = snprintf(reply, 512,
                        "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nA: 1\r\nB: 2\r\nC: 3\r\n"
                        "D: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\nH: 8\r\nI: 9\r\n\r\n",
                        BODY_SIZE);
    unsigned port;

    memset(reply + head, 'x', BODY_SIZE);
    plan.reply = reply;
    port = server_port(server_new(base, &plan, NULL));
    assert_int_equal(write(port_pipe, &port, sizeof(port)), sizeof(port));
    event_base_dispatch(base);
}

static int set_up(void **state)
{
    static Fixture f;
    int pipe_fds[2];
    unsigned port;

    /* OpenSSL does not try again what failed when it was first set up. */
    assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    unsetenv("no_proxy");
    unsetenv("https_proxy");
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("HTTPS_PROXY", "http://user:p%40ss@proxy.example:3128", 1);
    assert_int_equal(pipe(pipe_fds), 0);
    f.server = fork();
    assert_true(f.server >= 0);
    if (f.server == 0) {
        serve(pipe_fds[1]);
        _exit(1);
    }
    assert_int_equal(read(pipe_fds[0], &port, sizeof(port)), sizeof(port));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%u/", port);
    snprintf(f.named_url, sizeof(f.named_url), "http://localhost:%u/", port);
    f.base = event_base_new();
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    kill(f->server, SIGKILL);
    waitpid(f->server, NULL, 0);
    event_base_free(f->base);
    curl_global_cleanup();
    return 0;
}

typedef struct Outcome {
    unsigned calls;
    HttpFailure failure;
} Outcome;

static void on_done(const HttpResponse *response, void *userdata)
{
    Outcome *outcome = userdata;

    outcome->calls++;
    outcome->failure = response->failure;
    if (response->failure == HTTP_OK) {
        assert_int_equal(response->status, 200);
        assert_int_equal(response->body_size, BODY_SIZE);
        assert_int_equal(response->n_headers, 10);
        assert_string_equal(http_response_header(response, "i"), "9");
    } else {
        assert_non_null(response->message);
    }
}

static int check_descriptor(const struct event_base *base, const struct event *event,
                            void *userdata)
{
    evutil_socket_t fd = event_get_fd(event);

    (void)base, (void)userdata;
    if (event_get_events(event) & (EV_READ | EV_WRITE))
        assert_true(fcntl(fd, F_GETFD) >= 0);
    return 0;
}

/* The next owner of that number would not be read. */
static void assert_no_event_outlives_its_descriptor(const Fixture *f)
{
    assert_int_equal(event_base_foreach_event(f->base, check_descriptor, NULL), 0);
}

/* Whether there was an answer. */
static bool transfer(const Fixture *f, HttpClient *http, uint64_t timeout_usec)
{
    static const HttpHeader headers[] = {{"X-Header", "value"}, {"Content-Type", "text/plain"}};
    const HttpRequest request = {
        .method = "PUT",
        .url = f->url,
        .headers = headers,
        .n_headers = 2,
        .body = "{}",
        .body_size = 2,
        .connect_timeout_usec = timeout_usec,
        .timeout_usec = timeout_usec,
    };
    HttpTransfer *untouched = (HttpTransfer *)&request, *transfer = untouched;
    Outcome outcome = {0};
    int r = http->start(http, &request, on_done, &outcome, &transfer);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(transfer, untouched);
        assert_int_equal(outcome.calls, 0);
        return false;
    }
    while (outcome.calls == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(outcome.calls, 1);
    assert_no_event_outlives_its_descriptor(f);
    return outcome.failure == HTTP_OK;
}

static bool make_client_and_ask(void *data)
{
    Fixture f = *(Fixture *)data;
    HttpClient *untouched = data, *http = untouched;
    bool one, other;
    int r;

    f.base = event_base_new(); /* which has no room for any event yet */
    if (!f.base)
        return false;
    r = http_client_new(f.base, 2, &http);
    if (r < 0) {
        assert_true(r == -ENOMEM);
        assert_ptr_equal(http, untouched);
        event_base_free(f.base);
        return false;
    }
    /* What could not be watched is left to the time-out. */
    one = transfer(&f, http, 2 * USEC_PER_SEC);
    other = transfer(&f, http, one ? 2 * USEC_PER_SEC : 30 * USEC_PER_SEC);
    assert_true(one || other);
    http_client_free(http);
    http_client_free(NULL);
    event_base_free(f.base);
    return one && other;
}

static void test_an_allocation(void **state)
{
    every_allocation(make_client_and_ask, *state);
}

/* Stands for a libcurl that lost its notes, as it does where memory runs out at the wrong moment:
 * it never says that a socket is not to be watched any more. */
static bool forgetful;
static curl_socket_callback on_socket;

static int forget_removal(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socketp)
{
    return forgetful && what == CURL_POLL_REMOVE ? 0 : on_socket(easy, fd, what, userdata, socketp);
}

#undef curl_multi_setopt
CURLMcode curl_multi_setopt(CURLM *handle, CURLMoption option, ...)
{
    union {
        void *found;
        CURLMcode (*call)(CURLM *handle, CURLMoption option, ...);
    } original = {.found = dlsym(RTLD_NEXT, "curl_multi_setopt")};
    CURLMcode code;
    va_list list;

    va_start(list, option);
    if (option == CURLMOPT_SOCKETFUNCTION) {
        on_socket = va_arg(list, curl_socket_callback);
        code = original.call(handle, option, forget_removal);
    } else if (option < CURLOPTTYPE_OBJECTPOINT) {
        code = original.call(handle, option, va_arg(list, long));
    } else {
        code = original.call(handle, option, va_arg(list, void *));
    }
    va_end(list);
    return code;
}

static int refuse_descriptor(const struct event_base *base, const struct event *event,
                             void *userdata)
{
    (void)base, (void)userdata;
    assert_false(event_get_events(event) & (EV_READ | EV_WRITE));
    return 0;
}

static void test_nothing_is_watched_after_a_transfer_whatever_libcurl_forgets(void **state)
{
    Fixture f = *(Fixture *)*state;
    HttpClient *http;

    forgetful = true;
    assert_int_equal(http_client_new(f.base, 2, &http), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(transfer(&f, http, 30 * USEC_PER_SEC));
        assert_int_equal(event_base_foreach_event(f.base, refuse_descriptor, NULL), 0);
    }
    http_client_free(http);
    forgetful = false;
}

static void test_an_allocation_while_a_name_is_resolved(void **state)
{
    Fixture f = *(Fixture *)*state;

    strcpy(f.url, f.named_url);
    every_allocation(make_client_and_ask, &f);
}

static void on_refused(const HttpResponse *response, void *userdata)
{
    unsigned *calls = userdata;

    ++*calls;
    /* The host is excepted, so what fails is never the proxy. What it is called where memory ran
     * out within libcurl differs from version to version. */
    assert_int_not_equal(response->failure, HTTP_OK);
    assert_null(strstr(response->message, "proxy"));
}

static bool be_refused(void *data)
{
    const Fixture *f = data;
    const HttpRequest request = {
        .method = "GET",
        .url = "https://127.0.0.1:1/",
        .connect_timeout_usec = 30 * USEC_PER_SEC,
        .timeout_usec = 30 * USEC_PER_SEC,
    };
    HttpClient *http;
    HttpTransfer *transfer;
    unsigned calls = 0;
    int r = http_client_new(f->base, 2, &http);

    if (r < 0)
        return false;
    r = http->start(http, &request, on_refused, &calls, &transfer);
    while (r >= 0 && calls == 0)
        assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
    http_client_free(http);
    return r >= 0;
}

static void test_an_exception_from_the_proxy(void **state)
{
    every_allocation(be_refused, *state);
}

static void test_a_descriptor(void **state)
{
    every_call(FAULT_DESCRIPTOR, make_client_and_ask, *state);
}

/* Never another proxy than the one that was meant. */
static bool read_proxy(void *data)
{
    HttpProxy proxy = {0};
    int r = http_proxy_read(&proxy, "https_proxy", " socks5h://user:p%40ss@proxy.example:3128/ ");

    (void)data;
    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_null(proxy.url);
        return false;
    }
    assert_null(proxy.fault);
    assert_string_equal(proxy.name, "proxy.example:3128");
    assert_string_equal(proxy.url, "socks5h://user:p%40ss@proxy.example:3128/");
    http_proxy_clear(&proxy);
    return true;
}

static bool refuse_proxy(void *data)
{
    HttpProxy proxy = {0};
    int r = http_proxy_read(&proxy, "https_proxy", data);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        return false;
    }
    assert_null(proxy.url);
    assert_non_null(proxy.fault);
    http_proxy_clear(&proxy);
    return true;
}

static void test_a_proxy(void **state)
{
    char bad_port[] = "http://proxy.example:0", bad_scheme[] = "ftp://proxy.example";

    (void)state;
    every_allocation(read_proxy, NULL);
    every_allocation(refuse_proxy, bad_port);
    every_allocation(refuse_proxy, bad_scheme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation),
        cmocka_unit_test(test_nothing_is_watched_after_a_transfer_whatever_libcurl_forgets),
        cmocka_unit_test(test_an_allocation_while_a_name_is_resolved),
        cmocka_unit_test(test_an_exception_from_the_proxy),
        cmocka_unit_test(test_a_descriptor),
        cmocka_unit_test(test_a_proxy),
    };

    return cmocka_run_group_tests_name("http-memory", tests, set_up, tear_down);
}
