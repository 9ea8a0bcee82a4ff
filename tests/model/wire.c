/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/model/request.h"

struct HttpTransfer {
    TAILQ_ENTRY(HttpTransfer) entry;
    HttpCallback callback;
    void *userdata;
    Attempt attempt;
    bool waits;        /* at the queue, for messages */
    uint64_t due_usec; /* of the answer, once it is on the wire and does not wait */
    Answer answer;
};

struct Wire {
    HttpClient http; /* first: the daemon knows no more of it */
    Model *model;
    ScriptedAccount *accounts;
    ScriptedQueue *queue;
    unsigned host;
    WireObserver observer;
    double scarce;
    bool stopping;
    TAILQ_HEAD(, HttpTransfer) transfers;
};

const char *wire_url(unsigned target, char buffer[static WIRE_URL_SIZE])
{
    snprintf(buffer, WIRE_URL_SIZE, "https://aws.t%u.example", target);
    return buffer;
}

/* For the account of the history. */
static void note(const Wire *wire, const HttpTransfer *transfer, const char *what)
{
    const Attempt *attempt = &transfer->attempt;
    char host[16] = "";

    if (wire->queue)
        snprintf(host, sizeof(host), "h%u ", wire->host);
    if (attempt->of_queue && attempt->queue.receipt > 0)
        model_note(wire->model, "%sm%u/%u %s: %s", host, attempt->queue.message,
                   attempt->queue.receipt, queue_request_name(&attempt->queue), what);
    else if (attempt->of_queue)
        model_note(wire->model, "%s%s: %s", host, queue_request_name(&attempt->queue), what);
    else if (attempt->request.import < N_IMPORTS)
        model_note(wire->model, "%st%u i%u: %s", host, attempt->target, attempt->request.import,
                   what);
    else
        model_note(wire->model, "%st%u %s %u: %s", host, attempt->target, attempt->request.status,
                   attempt->request.page, what);
}

static void parse(const Wire *wire, const HttpRequest *request, Attempt *attempt)
{
    attempt->of_queue = wire->queue && queue_request_is_one(request);
    attempt->number = request_attempt(request);
    if (attempt->of_queue) {
        queue_request_parse(request, wire->host, &attempt->queue);
        return;
    }
    assert_int_equal(sscanf(request->url, "https://aws.t%u.example/", &attempt->target), 1);
    request_parse(request, &wire->accounts[attempt->target], &attempt->request);
}

static int wire_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
                      void *userdata, HttpTransfer **ret)
{
    Wire *wire = (Wire *)client;
    HttpTransfer *transfer = calloc(1, sizeof(*transfer));
    Attempt *attempt = &transfer->attempt;

    assert_non_null(transfer);
    transfer->callback = callback;
    transfer->userdata = userdata;
    attempt->call = userdata;
    parse(wire, request, attempt);
    note(wire, transfer, attempt->of_queue ? "" : request_name(&attempt->request));
    model_hold(wire->model, !wire->stopping, "a call begins during a shutdown");
    attempt->about = wire->observer.attempt(attempt, wire->observer.userdata);
    if (dice_chance(&wire->model->dice, wire->scarce)) {
        note(wire, transfer, "no memory for it");
        wire->observer.dropped(attempt, wire->observer.userdata);
        free(transfer);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&wire->transfers, transfer, entry);
    *ret = transfer;
    return 0;
}

static void wire_cancel(HttpClient *client, HttpTransfer *transfer)
{
    Wire *wire = (Wire *)client;

    note(wire, transfer,
         transfer->attempt.on_the_wire ? "given up" : "given up before it was on the wire");
    wire->observer.dropped(&transfer->attempt, wire->observer.userdata);
    TAILQ_REMOVE(&wire->transfers, transfer, entry);
    free(transfer);
}

Wire *wire_new(Model *model, ScriptedAccount *accounts, ScriptedQueue *queue, unsigned host,
               const WireObserver *observer)
{
    Wire *wire = malloc(sizeof(*wire));

    assert_non_null(wire);
    *wire = (Wire){
        .http = {.start = wire_start, .cancel = wire_cancel},
        .model = model,
        .accounts = accounts,
        .queue = queue,
        .host = host,
        .observer = *observer,
    };
    TAILQ_INIT(&wire->transfers);
    return wire;
}

void wire_free(Wire *wire)
{
    model_hold(wire->model, TAILQ_EMPTY(&wire->transfers), "a request outlives the daemon");
    free(wire);
}

HttpClient *wire_http(Wire *wire)
{
    return &wire->http;
}

void wire_set_scarce(Wire *wire, double probability)
{
    wire->scarce = probability;
}

void wire_set_stopping(Wire *wire, bool stopping)
{
    wire->stopping = stopping;
}

uint64_t wire_next_usec(const Wire *wire)
{
    const HttpTransfer *transfer;
    uint64_t next_usec = TIMER_NEVER;

    TAILQ_FOREACH (transfer, &wire->transfers, entry) {
        uint64_t due_usec = !transfer->attempt.on_the_wire ? wire->model->now_usec
                            : transfer->waits
                                ? queue_next_usec(wire->queue, &transfer->attempt.queue)
                                : transfer->due_usec;

        if (due_usec < next_usec)
            next_usec = due_usec;
    }
    return next_usec;
}

static void send_one(Wire *wire, HttpTransfer *transfer)
{
    Attempt *attempt = &transfer->attempt;

    attempt->on_the_wire = true;
    attempt->queue.arrived_usec = wire->model->now_usec;
    wire->observer.sent(attempt, wire->observer.userdata);
    transfer->waits = attempt->of_queue;
    if (attempt->of_queue)
        return;
    account_call(&wire->accounts[attempt->target], wire->model, &attempt->request,
                 &transfer->answer);
    transfer->due_usec = wire->model->now_usec + transfer->answer.delay_usec;
}

void wire_serve(Wire *wire)
{
    HttpTransfer *transfer;

    TAILQ_FOREACH (transfer, &wire->transfers, entry) {
        if (!transfer->waits ||
            !queue_call(wire->queue, wire->model, &transfer->attempt.queue, &transfer->answer))
            continue;
        transfer->waits = false;
        transfer->due_usec = wire->model->now_usec + transfer->answer.delay_usec;
    }
}

void wire_send(Wire *wire)
{
    HttpTransfer *transfer;

    if (wire->http.before_writing)
        wire->http.before_writing(wire->http.userdata);
    TAILQ_FOREACH (transfer, &wire->transfers, entry)
        if (!transfer->attempt.on_the_wire)
            send_one(wire, transfer);
    wire_serve(wire);
}

static void call_back(Wire *wire, const HttpTransfer *transfer)
{
    const Answer *answer = &transfer->answer;
    time_t seconds = (time_t)(answer->date_usec / USEC_PER_SEC);
    HttpHeader headers[3] = {{"Content-Type", "application/x-amz-json-1.1"}};
    HttpResponse response = {
        .failure = answer->failure,
        .headers = headers,
        .n_headers = 1,
        .status = answer->status,
        .body = answer->body,
        .body_size = strlen(answer->body),
    };
    struct tm tm;
    char date[64];

    if (answer->failure != HTTP_OK)
        response = (HttpResponse){.failure = answer->failure, .message = answer->name};
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &tm));
    headers[response.n_headers++] = (HttpHeader){"Date", date};
    if (answer->code && !answer->code_in_body)
        headers[response.n_headers++] = (HttpHeader){"x-amzn-ErrorType", answer->code};
    if (answer->failure != HTTP_OK)
        response.n_headers = 0;
    transfer->callback(&response, transfer->userdata);
    wire->observer.handled(&transfer->attempt, answer, wire->observer.userdata);
}

void wire_deliver(Wire *wire)
{
    HttpTransfer *transfer = TAILQ_FIRST(&wire->transfers);

    while (transfer) {
        if (!transfer->attempt.on_the_wire || transfer->waits ||
            transfer->due_usec > wire->model->now_usec) {
            transfer = TAILQ_NEXT(transfer, entry);
            continue;
        }
        TAILQ_REMOVE(&wire->transfers, transfer, entry);
        note(wire, transfer, transfer->answer.name);
        wire->observer.answer(&transfer->attempt, &transfer->answer, wire->observer.userdata);
        call_back(wire, transfer);
        free(transfer);
        transfer = TAILQ_FIRST(&wire->transfers); /* the callback may have changed the list */
    }
}
