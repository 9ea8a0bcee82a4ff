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
    uint64_t due_usec; /* once it is on the wire */
    Answer answer;
};

struct Wire {
    HttpClient http; /* first: the daemon knows no more of it */
    Model *model;
    ScriptedAccount *accounts;
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

    if (attempt->request.import < N_IMPORTS)
        model_note(wire->model, "t%u i%u: %s", attempt->target, attempt->request.import, what);
    else
        model_note(wire->model, "t%u %s %u: %s", attempt->target, attempt->request.status,
                   attempt->request.page, what);
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
    assert_int_equal(sscanf(request->url, "https://aws.t%u.example/", &attempt->target), 1);
    request_parse(request, &wire->accounts[attempt->target], &attempt->request, &attempt->number);
    note(wire, transfer, request_name(&attempt->request));
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

Wire *wire_new(Model *model, ScriptedAccount *accounts, const WireObserver *observer)
{
    Wire *wire = malloc(sizeof(*wire));

    assert_non_null(wire);
    *wire = (Wire){
        .http = {wire_start, wire_cancel},
        .model = model,
        .accounts = accounts,
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
        uint64_t due_usec =
            transfer->attempt.on_the_wire ? transfer->due_usec : wire->model->now_usec;

        if (due_usec < next_usec)
            next_usec = due_usec;
    }
    return next_usec;
}

void wire_send(Wire *wire)
{
    HttpTransfer *transfer;

    TAILQ_FOREACH (transfer, &wire->transfers, entry) {
        if (transfer->attempt.on_the_wire)
            continue;
        transfer->attempt.on_the_wire = true;
        wire->observer.sent(&transfer->attempt, wire->observer.userdata);
        account_call(&wire->accounts[transfer->attempt.target], wire->model,
                     &transfer->attempt.request, &transfer->answer);
        transfer->due_usec = wire->model->now_usec + transfer->answer.delay_usec;
    }
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
        if (!transfer->attempt.on_the_wire || transfer->due_usec > wire->model->now_usec) {
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
