/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends: bytes to messages, messages to the parameters of every method.
 *
 * Holds: however the bytes are cut, the same messages and the same end come out; a message prints
 * as what it was read from; parameters that were taken are what the interface allows. */
#include <string.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/varlink.h"
#include "daemon/server/methods.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_SIZE_MAX 4096U
#define N_MESSAGES_MAX 64U

typedef struct Messages {
    json_object *messages[N_MESSAGES_MAX];
    size_t n;
    int end; /* 0: more bytes could make another; else what ended it */
} Messages;

static void read_messages(struct evbuffer *buffer, size_t *searched, Messages *messages)
{
    const VarlinkLimits limits = {MESSAGE_SIZE_MAX, JSON_WORK_MAX};
    int r = 1;

    while (messages->end == 0 && r > 0 && messages->n < N_MESSAGES_MAX) {
        r = varlink_read(buffer, searched, &limits, &messages->messages[messages->n]);
        if (r > 0)
            messages->n++;
        else
            messages->end = r;
    }
}

/* chunk: how many bytes arrive at a time, grown by step from one arrival to the next. */
static void feed(const uint8_t *data, size_t size, size_t chunk, size_t step, Messages *messages)
{
    struct evbuffer *buffer = evbuffer_new();
    size_t searched = 0;

    REQUIRE(buffer);
    while (size > 0 && messages->end == 0) {
        size_t n = chunk < size ? chunk : size;

        REQUIRE(evbuffer_add(buffer, data, n) == 0);
        read_messages(buffer, &searched, messages);
        data += n;
        size -= n;
        chunk += step;
    }
    evbuffer_free(buffer);
}

static void require_import_id(ImportService service, const char *id)
{
    char again[IMPORT_ID_SIZE];

    REQUIRE(!*id || import_id_parse(service, id, strlen(id), again) == 0);
    REQUIRE(!*id || strcmp(id, again) == 0);
}

static void read_parameters(json_object *message, const Method *method)
{
    Parameters parameters = {0};
    json_object *object = NULL;
    const char *name = NULL;

    if (json_get_object(message, "parameters", &object) < 0)
        return;
    if (parameters_read(method->parameters, object, &parameters, &name) < 0) {
        REQUIRE(name); /* it may be empty, as a member's name may */
        return;
    }
    require_import_id(parameters.service, parameters.import_id);
    fuzz_require_text(parameters.destination);
    fuzz_require_text(parameters.id);
    fuzz_require_text(parameters.reason);
    fuzz_require_text(parameters.status);
    fuzz_require_text(parameters.target);
    REQUIRE(!parameters.has_timeout || parameters.timeout >= 0);
    REQUIRE(!parameters.has_limit || parameters.limit > 0);
    REQUIRE(!parameters.has_state || parameters.state < N_JOB_STATES);
}

static void read_all_parameters(json_object *message)
{
    static const Method *const tables[] = {methods_job, methods_import, methods_service,
                                           methods_systemd};

    if (methods_check(message) < 0)
        return;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const Method *method = tables[i]; method->name; method++)
            read_parameters(message, method);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Messages whole = {.n = 0}, cut = {.n = 0};
    size_t chunk, step;

    if (size < 2)
        return 0;
    chunk = 1U + data[0] % 64U;
    step = data[1] % 8U;
    data += 2;
    size -= 2;

    feed(data, size, size + 1, 0, &whole);
    feed(data, size, chunk, step, &cut);
    REQUIRE(whole.n == cut.n && whole.end == cut.end);
    for (size_t i = 0; i < whole.n; i++) {
        fuzz_require_document(whole.messages[i], VARLINK_DEPTH_MAX);
        REQUIRE(strcmp(json_text(whole.messages[i], NULL), json_text(cut.messages[i], NULL)) == 0);
        read_all_parameters(whole.messages[i]);
        json_object_put(whole.messages[i]);
        json_object_put(cut.messages[i]);
    }
    return 0;
}
