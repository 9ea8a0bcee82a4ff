/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as JSON, from a process and from the metadata services.
 *
 * Holds: the source ends once, with keys that can be signed with, or with a sentence that is UTF-8;
 * where the document is only described, the description is UTF-8 as well. */
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/credentials/source-json.h"
#include "tests/fuzz/fuzz.h"

static const AwsSourceType type = {.check = NULL};

static void take_end(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    unsigned *ended = userdata;

    (*ended)++;
    if (!credentials) {
        REQUIRE(error && error->code && error->message);
        fuzz_require_text(error->message);
        return;
    }
    REQUIRE(string_is_visible(credentials->access_key_id, strlen(credentials->access_key_id)));
    REQUIRE(*credentials->access_key_id && *credentials->secret_access_key);
    REQUIRE(
        string_is_visible(credentials->secret_access_key, strlen(credentials->secret_access_key)));
    REQUIRE(!credentials->session_token ||
            string_is_visible(credentials->session_token, strlen(credentials->session_token)));
}

static void read_document(AwsJsonForm form, const char *text, size_t size)
{
    unsigned ended = 0;
    AwsSource source = {
        .type = &type, .name = (char *)"a source", .done = take_end, .userdata = &ended};

    aws_source_end_with_json(&source, form, "somebody", text, size);
    REQUIRE(ended == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(freep) char *description = NULL;

    read_document(AWS_JSON_PROCESS, (const char *)data, size);
    read_document(AWS_JSON_CONTAINER, (const char *)data, size);
    REQUIRE(aws_json_describe_error((const char *)data, size, &description) == 0);
    fuzz_require_text(description);
    return 0;
}
