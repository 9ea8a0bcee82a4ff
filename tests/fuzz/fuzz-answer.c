/* SPDX-License-Identifier: Apache-2.0 */
/* What CloudTrail or CloudWatch Logs, or whatever stands in their place, answers.
 *
 * Holds: an import that was understood is a document that can be stored and shown, with an id only
 * where it is a text; an error has a code without blanks and a message, both UTF-8. */
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "daemon/aws/answer.h"
#include "daemon/aws/import-operations.h"
#include "tests/fuzz/fuzz.h"

#define IMPORT_DEPTH_MAX 4U

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

static void read_error(const HttpResponse *response)
{
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(json_object_putp) json_object *shown = NULL;
    bool named;

    REQUIRE(aws_answer_read_error(response, "host.test", &error, &named) == 0);
    REQUIRE(error.code && *error.code && string_is_visible(error.code, strlen(error.code)));
    REQUIRE(error.message && *error.message);
    shown = call_error_to_json(&error);
    fuzz_require_document(shown, 1);
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
    return 0;
}
