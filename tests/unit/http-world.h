/* SPDX-License-Identifier: Apache-2.0 */
/* The real HTTP client on an event loop in tests, beside a server in this process that answers what
 * the test says. */
#pragma once

#include "daemon/http/client.h"
#include "tests/unit/http-server.h"

#define WORLD_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: a b \r\n\r\nhi"

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

/* Notes it in an Outcome. */
void world_on_done(const HttpResponse *response, void *userdata);

int world_setup(void **state);
int world_teardown(void **state);

/* A POST, with time-outs that no test waits for. */
HttpRequest world_request(const char *url);

HttpTransfer *world_start(Fixture *f, const HttpRequest *request, Outcome *outcome);

/* Runs the loop until the callback comes. */
void world_wait(Fixture *f, const Outcome *outcome);

/* All of it: this request, or a POST to the server. */
Outcome world_run(Fixture *f, const HttpRequest *request);
Outcome world_post(Fixture *f);

void world_assert_ok(const Outcome *outcome);

/* The message names host and port. */
void world_assert_failed(const Fixture *f, const Outcome *outcome, HttpFailure failure);
