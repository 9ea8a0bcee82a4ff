/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <time.h>

#include <cmocka.h>

#include "common/time.h"

struct HttpTransfer {
    TAILQ_ENTRY(HttpTransfer) entry;
    HttpCallback callback;
    void *userdata;
    unsigned target, import;
    bool stop;
    uint64_t signed_usec, timeout_usec;
    ExpectedJob *job;
    bool on_the_wire;
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
    snprintf(buffer, WIRE_URL_SIZE, "https://cloudtrail.t%u.example", target);
    return buffer;
}

static const char *request_header(const HttpRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return "";
}

static uint64_t parse_signing_time(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y%m%dT%H%M%SZ", &tm);

    assert_true(end && *end == '\0');
    return (uint64_t)timegm(&tm) * USEC_PER_SEC;
}

/* Reads the request as CloudTrail would. */
static unsigned parse_request(const Wire *wire, const HttpRequest *request, HttpTransfer *transfer)
{
    const char *operation = strrchr(request_header(request, "X-Amz-Target"), '.');
    unsigned number;

    assert_string_equal(request->method, "POST");
    assert_int_equal(sscanf(request->url, "https://cloudtrail.t%u.example/", &transfer->target), 1);
    assert_int_equal(sscanf(request_header(request, "amz-sdk-request"), "attempt=%u;", &number), 1);
    assert_non_null(strstr(request_header(request, "Authorization"), "Signature="));
    assert_non_null(operation);
    transfer->stop = strcmp(operation, ".StopImport") == 0;
    assert_true(transfer->stop || strcmp(operation, ".GetImport") == 0);
    transfer->signed_usec = parse_signing_time(request_header(request, "X-Amz-Date"));
    transfer->timeout_usec = request->timeout_usec;
    for (transfer->import = 0; transfer->import < N_IMPORTS; transfer->import++)
        if (memmem(request->body, request->body_size,
                   wire->accounts[transfer->target].imports[transfer->import].id,
                   strlen(wire->accounts[transfer->target].imports[transfer->import].id)))
            return number;
    fail_msg("a request for an import that no job is about");
    return 0;
}

static int wire_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
                      void *userdata, HttpTransfer **ret)
{
    Wire *wire = (Wire *)client;
    HttpTransfer *transfer = calloc(1, sizeof(*transfer));
    unsigned number;

    assert_non_null(transfer);
    transfer->callback = callback;
    transfer->userdata = userdata;
    number = parse_request(wire, request, transfer);
    model_note(wire->model, "t%u i%u: %s, attempt %u", transfer->target, transfer->import,
               transfer->stop ? "StopImport" : "GetImport", number);
    model_hold(wire->model, !wire->stopping, "a call begins during a shutdown");
    transfer->job = wire->observer.attempt(transfer->target, transfer->import, transfer->stop,
                                           number, wire->observer.userdata);
    if (dice_chance(&wire->model->dice, wire->scarce)) {
        model_note(wire->model, "t%u i%u: no memory for it", transfer->target, transfer->import);
        expected_job_held_back(transfer->job, transfer->stop);
        transfer->job->calling = false;
        free(transfer);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&wire->transfers, transfer, entry);
    *ret = transfer;
    return 0;
}

static void wire_drop(Wire *wire, HttpTransfer *transfer)
{
    transfer->job->calling = false;
    if (!transfer->on_the_wire)
        expected_job_held_back(transfer->job, transfer->stop);
    TAILQ_REMOVE(&wire->transfers, transfer, entry);
    free(transfer);
}

static void wire_cancel(HttpClient *client, HttpTransfer *transfer)
{
    Wire *wire = (Wire *)client;

    model_note(wire->model, "t%u i%u: given up%s", transfer->target, transfer->import,
               transfer->on_the_wire ? "" : " before it was on the wire");
    model_hold(wire->model,
               !wire->stopping || !transfer->stop || expected_job_is_over(transfer->job),
               "job %s: its StopImport is given up by a shutdown", transfer->job->id);
    wire_drop(wire, transfer);
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
        uint64_t due_usec = transfer->on_the_wire ? transfer->due_usec : wire->model->now_usec;

        if (due_usec < next_usec)
            next_usec = due_usec;
    }
    return next_usec;
}

void wire_send(Wire *wire)
{
    HttpTransfer *transfer;

    TAILQ_FOREACH (transfer, &wire->transfers, entry) {
        if (transfer->on_the_wire)
            continue;
        transfer->on_the_wire = true;
        expected_job_sent(transfer->job, transfer->stop);
        account_call(&wire->accounts[transfer->target], wire->model, transfer->import,
                     transfer->stop, transfer->signed_usec, transfer->timeout_usec,
                     &transfer->answer);
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
    wire->observer.handled(transfer->target, answer, wire->observer.userdata);
}

void wire_deliver(Wire *wire)
{
    HttpTransfer *transfer = TAILQ_FIRST(&wire->transfers);

    while (transfer) {
        if (!transfer->on_the_wire || transfer->due_usec > wire->model->now_usec) {
            transfer = TAILQ_NEXT(transfer, entry);
            continue;
        }
        TAILQ_REMOVE(&wire->transfers, transfer, entry);
        model_note(wire->model, "t%u i%u: %s", transfer->target, transfer->import,
                   transfer->answer.name);
        wire->observer.answer(transfer->job, transfer->stop, &transfer->answer,
                              wire->observer.userdata);
        call_back(wire, transfer);
        free(transfer);
        transfer = TAILQ_FIRST(&wire->transfers); /* the callback may have changed the list */
    }
}
