/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the daemon asks of SQS and EventBridge. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "tests/model/request.h"
#include "tests/model/scripted-queue.h"

bool queue_request_is_one(const HttpRequest *http)
{
    return strncmp(http->url, SCRIPTED_QUEUE_ENDPOINT, strlen(SCRIPTED_QUEUE_ENDPOINT)) == 0 ||
           strncmp(http->url, SCRIPTED_EVENTS_ENDPOINT, strlen(SCRIPTED_EVENTS_ENDPOINT)) == 0;
}

static unsigned get_count(json_object *body, const char *name)
{
    int64_t count;

    assert_true(json_get_int64(body, name, &count) > 0);
    return (unsigned)count;
}

static const char *get_text(json_object *body, const char *name)
{
    const char *text;

    assert_true(json_get_string(body, name, &text) > 0);
    return text;
}

static void parse_job(json_object *detail, TakenOutcome *outcome)
{
    json_object *job;

    assert_true(json_get_object(detail, "job", &job) > 0);
    snprintf(outcome->job_id, sizeof(outcome->job_id), "%s", get_text(job, "id"));
    snprintf(outcome->state, sizeof(outcome->state), "%s", get_text(job, "state"));
}

/* The whole event. */
static void parse_message(json_object *body, TakenOutcome *outcome)
{
    json_object *event = json_tokener_parse(get_text(body, "MessageBody"));
    json_object *detail;

    assert_string_equal(get_text(body, "QueueUrl"), SCRIPTED_OUTCOME_URL);
    assert_string_equal(get_text(event, "source"), "io.trailstop");
    assert_string_equal(get_text(event, "detail-type"), "Import stop ended");
    assert_true(json_get_object(event, "detail", &detail) > 0);
    parse_job(detail, outcome);
    json_object_put(event);
}

static void parse_entry(json_object *body, TakenOutcome *outcome)
{
    json_object *entries, *entry, *detail;

    assert_true(json_get_array(body, "Entries", &entries) > 0);
    assert_int_equal(json_object_array_length(entries), 1);
    entry = json_object_array_get_idx(entries, 0);
    assert_string_equal(get_text(entry, "Source"), "io.trailstop");
    assert_string_equal(get_text(entry, "DetailType"), "Import stop ended");
    detail = json_tokener_parse(get_text(entry, "Detail"));
    parse_job(detail, outcome);
    json_object_put(detail);
}

static void parse_receipt(json_object *body, QueueRequest *request)
{
    assert_string_equal(get_text(body, "QueueUrl"), SCRIPTED_QUEUE_URL);
    assert_int_equal(
        sscanf(get_text(body, "ReceiptHandle"), "m%u/%u", &request->message, &request->receipt), 2);
}

static QueueOperation find_operation(const HttpRequest *http)
{
    static const char *const targets[N_QUEUE_OPERATIONS] = {
        "AmazonSQS.ReceiveMessage", "AmazonSQS.ChangeMessageVisibility", "AmazonSQS.DeleteMessage",
        "AmazonSQS.SendMessage", "AWSEvents.PutEvents"};

    for (QueueOperation i = 0; i < N_QUEUE_OPERATIONS; i++)
        if (strcmp(request_header(http, "X-Amz-Target"), targets[i]) == 0)
            return i;
    fail_msg("%s?", request_header(http, "X-Amz-Target"));
    return N_QUEUE_OPERATIONS;
}

void queue_request_parse(const HttpRequest *http, unsigned host, QueueRequest *ret)
{
    json_object *body = request_body(http);

    *ret = (QueueRequest){.operation = find_operation(http),
                          .host = host,
                          .outcome = {.host = host},
                          .signed_usec = request_signing_time_usec(http),
                          .timeout_usec = http->timeout_usec};
    ret->outcome.where = ret->operation;
    assert_string_equal(request_header(http, "Content-Type"), ret->operation == QUEUE_PUT
                                                                  ? "application/x-amz-json-1.1"
                                                                  : "application/x-amz-json-1.0");
    switch (ret->operation) {
    case QUEUE_RECEIVE:
        assert_string_equal(get_text(body, "QueueUrl"), SCRIPTED_QUEUE_URL);
        ret->max_messages = get_count(body, "MaxNumberOfMessages");
        ret->wait_sec = get_count(body, "WaitTimeSeconds");
        ret->visibility_sec = get_count(body, "VisibilityTimeout");
        break;
    case QUEUE_CHANGE_VISIBILITY:
        ret->visibility_sec = get_count(body, "VisibilityTimeout");
        parse_receipt(body, ret);
        break;
    case QUEUE_DELETE:
        parse_receipt(body, ret);
        break;
    case QUEUE_SEND:
        parse_message(body, &ret->outcome);
        break;
    case QUEUE_PUT:
        parse_entry(body, &ret->outcome);
        break;
    case N_QUEUE_OPERATIONS:
        break;
    }
    json_object_put(body);
}
