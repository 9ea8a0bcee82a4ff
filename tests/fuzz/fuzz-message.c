/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a queue's message.
 *
 * Holds: what is taken is what Stop takes for the same object over the socket, and asks for the
 * same when it is sent again as it was understood; what is not taken has a reason, which is text.
 */
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/varlink.h"
#include "daemon/queue/message-body.h"
#include "tests/fuzz/fuzz.h"

static void require_same_text(const char *first, const char *second)
{
    REQUIRE(!first == !second);
    REQUIRE(!first || strcmp(first, second) == 0);
    fuzz_require_text(first);
}

static void require_same(const Parameters *first, const Parameters *second)
{
    REQUIRE(first->service == second->service);
    REQUIRE(*first->import_id && strcmp(first->import_id, second->import_id) == 0);
    require_same_text(first->target, second->target);
    require_same_text(first->reason, second->reason);
    REQUIRE(first->has_timeout == second->has_timeout && first->timeout == second->timeout);
}

/* As the parameters of a call. */
static void require_stop_takes(json_object *object, const Parameters *taken)
{
    Parameters parameters;
    const char *name;

    fuzz_require_document(object, VARLINK_DEPTH_MAX);
    REQUIRE(parameters_read(request_parameters, object, &parameters, &name) == 0);
    require_same(taken, &parameters);
}

static void require_again(json_object *object, const Parameters *taken)
{
    CLEANUP(message_body_clear) MessageBody body = {0};
    size_t size;
    const char *text = json_text(object, &size);
    char *reason;

    REQUIRE(text);
    if (size > MESSAGE_BODY_MAX) /* printed longer than it came */
        return;
    REQUIRE(message_body_read(text, size, &body, &reason) == 0);
    require_same(taken, &body.parameters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(message_body_clear) MessageBody body = {0};
    CLEANUP(freep) char *reason = NULL;

    if (message_body_read((const char *)data, size, &body, &reason) < 0) {
        REQUIRE(reason && *reason);
        fuzz_require_text(reason);
        return 0;
    }
    require_stop_takes(body.object, &body.parameters);
    require_again(body.object, &body.parameters);
    return 0;
}
