/* SPDX-License-Identifier: Apache-2.0 */
/* What CloudTrail, CloudWatch Logs, SQS or EventBridge, or whatever stands in their place, answers.
 *
 * Holds: an import that was understood is a document that can be stored and shown, with an id only
 * where it is a text; an error has a code without blanks and a message, both UTF-8; of messages
 * there are no more than an answer may hold, each of texts, and one that cannot be answered or has
 * no text asks for nothing; an event was put or there is an error. */
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "daemon/aws/answer.h"
#include "daemon/aws/events.h"
#include "daemon/aws/import-operations.h"
#include "daemon/aws/sqs.h"
#include "tests/fuzz/answered-call.h"
#include "tests/fuzz/fuzz.h"

#define IMPORT_DEPTH_MAX 4U
#define MESSAGES_DEPTH_MAX 4U

static void read_import(const HttpResponse *response, const ImportOperations *operations)
{
    CLEANUP(json_object_putp) json_object *answer = NULL;
    CLEANUP(json_object_putp) json_object *import = NULL;
    const char *name;

    if (aws_answer_read_object(response, &answer) < 0 ||
        operations->get.decode(answer, &import) < 0)
        return;
    fuzz_require_document(import, IMPORT_DEPTH_MAX);
    name = import_status_name(operations, import);
    REQUIRE(name || import_status(operations, import) == IMPORT_STATUS_UNKNOWN);
    fuzz_require_text(name);
}

static void read_imports(const HttpResponse *response)
{
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        read_import(response, import_operations(service));
}

static void require_error(const CallError *error)
{
    CLEANUP(json_object_putp) json_object *shown = call_error_to_json(error);

    REQUIRE(error->code && *error->code && string_is_visible(error->code, strlen(error->code)));
    REQUIRE(error->message && *error->message);
    fuzz_require_document(shown, 1);
}

static void read_error(const HttpResponse *response)
{
    CLEANUP(call_error_clear) CallError error = {0};
    bool named;

    REQUIRE(aws_answer_read_error(response, "host.test", &error, &named) == 0);
    require_error(&error);
}

static int start_receive(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_receive(client, "https://host.test/1/q", SQS_MESSAGES_MAX, 20, 120, caller, ret);
}

static void check_messages(const AwsResult *result)
{
    SqsMessage messages[SQS_MESSAGES_MAX];
    size_t n;

    if (result->error) {
        require_error(result->error);
        return;
    }
    fuzz_require_document(result->body, MESSAGES_DEPTH_MAX);
    n = sqs_messages(result->body, messages);
    REQUIRE(n <= SQS_MESSAGES_MAX);
    for (size_t i = 0; i < n; i++) {
        const SqsMessage *message = &messages[i];

        REQUIRE(message->id && message->receipt && message->body);
        REQUIRE(message->body_size == strlen(message->body));
        REQUIRE(!*message->id == !*message->receipt && (*message->id || !*message->body));
        fuzz_require_text(message->id);
        fuzz_require_text(message->receipt);
        fuzz_require_text(message->body);
        fuzz_require_text(message->sender);
    }
}

static int start_delete(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_delete(client, "https://host.test/1/q", "receipt", caller, ret);
}

static int start_send(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_send(client, "https://host.test/1/q.fifo", "{}", "group", "once", caller, ret);
}

static int start_put(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return events_put(client, NULL, "source", "type", "{}", caller, ret);
}

static void check_error(const AwsResult *result)
{
    if (result->error)
        require_error(result->error);
}

static void read_calls(const HttpResponse *response)
{
    static const AnsweredCall calls[] = {{start_receive, check_messages},
                                         {start_delete, check_error},
                                         {start_send, check_error},
                                         {start_put, check_error}};

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        answered_call_run(&calls[i], response);
}

/* The header x-amzn-errortype, then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned statuses[] = {200, 400, 403, 404, 429, 500, 503};
    CLEANUP(freep) char *header = fuzz_take_part(&data, &size, NULL);
    HttpHeader headers[] = {{"x-amzn-errortype", header}, {"x-amzn-requestid", header}};
    HttpResponse response = {
        .body = (const char *)data,
        .body_size = size,
        .headers = headers,
        .n_headers = *header ? 2 : 0,
    };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        response.status = statuses[i];
        if (aws_answer_is_success(&response))
            read_imports(&response);
        else
            read_error(&response);
    }
    response.status = 200;
    read_calls(&response);
    response.status = 400;
    read_calls(&response);
    return 0;
}
