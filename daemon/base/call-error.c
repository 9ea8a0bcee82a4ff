/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/call-error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/utf8.h"

#define SIGNATURE_LENGTH 64 /* of SigV4, in hexadecimal digits */
#define SECRET_MIN 8U       /* what is shorter is nobody's secret, and part of other words */
#define SECRET_PART_MIN 4U  /* so much of a secret at the end of a text is one that was cut */

static char no_memory_code[] = CALL_ERROR_RESOURCES, no_memory_message[] = "out of memory";
const CallError call_error_no_memory = {.code = no_memory_code, .message = no_memory_message};

static int copy_repaired(const char *from, char **ret)
{
    char *copy = NULL;

    if (from && !(copy = utf8_repair(from)))
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int call_error_set(CallError *error, const char *code, const char *message, unsigned http_status,
                   const char *request_id)
{
    CallError fresh = {.http_status = http_status};

    /* Copied before the old one is freed: the strings may be the old one's. */
    if (copy_repaired(code, &fresh.code) < 0 || copy_repaired(message, &fresh.message) < 0 ||
        copy_repaired(request_id, &fresh.request_id) < 0) {
        call_error_clear(&fresh);
        call_error_clear(error);
        return -ENOMEM;
    }
    call_error_clear(error);
    *error = fresh;
    return 0;
}

int call_error_copy(CallError *error, const CallError *from)
{
    return call_error_set(error, from->code, from->message, from->http_status, from->request_id);
}

void call_error_clear(CallError *error)
{
    free(error->code);
    free(error->message);
    free(error->request_id);
    *error = (CallError){0};
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 'a' - 'A';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* How many bytes of the text stand for that character: itself, "%2F", "%252F" and so on, or "\/" as
 * JSON may have it. 0: they stand for another one. */
static size_t match_character(const char *text, char character)
{
    size_t size = 1;

    if (*text == character)
        return 1;
    if (*text == '\\')
        return text[1] == character ? 2 : 0;
    if (*text != '%')
        return 0;
    while (text[size] == '2' && text[size + 1] == '5')
        size += 2;
    if (hex_value(text[size]) < 0 || hex_value(text[size + 1]) < 0)
        return 0;
    return hex_value(text[size]) * 16 + hex_value(text[size + 1]) == (unsigned char)character
               ? size + 2
               : 0;
}

/* Nothing but an escape that was cut short. */
static bool is_cut(const char *text)
{
    return *text == '\0' || (strchr("%\\", *text) && strlen(text) <= 2);
}

/* How many bytes of the text are the secret, or its beginning where the text was cut there. */
static size_t match_secret(const char *text, const char *secret)
{
    size_t matched = 0, size = 0, n;

    while (secret[matched] != '\0' && (n = match_character(text + size, secret[matched])) > 0) {
        size += n;
        matched++;
    }
    if (secret[matched] == '\0')
        return size;
    return matched >= SECRET_PART_MIN && is_cut(text + size) ? strlen(text) : 0;
}

static void mask_secret(char *text, const char *secret)
{
    while (*text != '\0') {
        size_t size = match_secret(text, secret);

        memset(text, '*', size);
        text += size > 0 ? size : 1;
    }
}

static void mask_signatures(char *text)
{
    static const char mark[] = "Signature";

    while ((text = strstr(text, mark))) {
        size_t separator;

        text += strlen(mark);
        separator = match_character(text, '=');
        if (separator == 0)
            continue;
        text += separator;
        for (size_t i = 0; i < SIGNATURE_LENGTH && *text != '\0'; i++)
            *text++ = '*';
        while (((unsigned char)*text & 0xc0) == 0x80) /* half a character is not UTF-8 */
            *text++ = '*';
    }
}

void call_error_mask(CallError *error, const char *secret)
{
    char *texts[] = {error->code, error->message, error->request_id};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] && secret && strlen(secret) >= SECRET_MIN)
            mask_secret(texts[i], secret);
        if (texts[i])
            mask_signatures(texts[i]);
    }
}

json_object *call_error_to_json(const CallError *error)
{
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    if (!json || json_add_string(json, "code", error->code) < 0 ||
        json_add_string(json, "message", error->message ? error->message : "") < 0 ||
        (error->http_status != 0 && json_add_int64(json, "httpStatus", error->http_status) < 0) ||
        json_add_string(json, "requestId", error->request_id) < 0)
        return NULL;
    return TAKE(json);
}

void call_error_write(const CallError *error, JsonWriter *writer, const char *key)
{
    json_write_begin(writer, key, '{');
    json_write_string(writer, "code", error->code);
    json_write_string(writer, "message", error->message);
    if (error->http_status > 0)
        json_write_int64(writer, "httpStatus", error->http_status);
    json_write_string(writer, "requestId", error->request_id);
    json_write_end(writer, '}');
}
