/* SPDX-License-Identifier: Apache-2.0 */
/* What STS answers: XML.
 *
 * Holds: credentials that were understood can be signed with: visible characters, and a time. An
 * error has a code and a message, both UTF-8. */
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/credentials/sts.h"
#include "tests/fuzz/fuzz.h"

static void require_visible(const char *text)
{
    REQUIRE(text && *text && string_is_visible(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(json_object_putp) json_object *shown = NULL;
    HttpResponse response = {.status = 200, .body = (const char *)data, .body_size = size};
    bool named;

    if (sts_decode(&response, &credentials) == 0) {
        require_visible(credentials->access_key_id);
        require_visible(credentials->secret_access_key);
        require_visible(credentials->session_token);
        REQUIRE(credentials->expires_usec > 0);
    }
    response.status = 403;
    REQUIRE(sts_read_error(&response, "host.test", &error, &named) == 0);
    require_visible(error.code);
    REQUIRE(error.message && *error.message);
    shown = call_error_to_json(&error);
    fuzz_require_document(shown, 1);
    return 0;
}
