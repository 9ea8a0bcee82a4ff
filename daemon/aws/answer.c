/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "common/utf8.h"

/* What is kept of a text that somebody else writes. AWS's own are far shorter. */
#define CODE_SIZE 128U
#define REQUEST_ID_SIZE 128U
#define MESSAGE_SIZE 4096U
#define EXCERPT_SIZE 201U /* of a body that is not JSON */

bool aws_answer_is_success(const HttpResponse *response)
{
    return response->failure == HTTP_OK && response->status >= 200 && response->status <= 299;
}

int aws_answer_read_object(const HttpResponse *response, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    int r = json_read_leniently(response->body_size > 0 ? response->body : "", response->body_size,
                                AWS_ANSWER_DEPTH_MAX, &object);

    if (r < 0)
        return r;
    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    *ret = TAKE(object);
    return 0;
}

/* Copies a token: printable ASCII without spaces, and not empty. A header may hold other bytes, but
 * a text with them names nothing. */
static bool copy_token(const char *from, size_t length, char *buffer, size_t size)
{
    if (length == 0 || length >= size || !string_is_visible(from, length))
        return false;
    memcpy(buffer, from, length);
    buffer[length] = '\0';
    return true;
}

/* Copies what can be the code of an error. A text that holds anything else is not AWS's, and may be
 * part of something that it quotes; a number is a status, as gateways write it into JSON. */
static bool copy_code(const char *from, size_t length, char buffer[static CODE_SIZE])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    return strspn(from, allowed) >= length && strspn(from, "0123456789.-") < length &&
           copy_token(from, length, buffer, CODE_SIZE);
}

/* "com.amazonaws.cloudtrail#ImportNotFoundException:http://internal.amazon.com/" is
 * ImportNotFoundException. */
static bool parse_code(const char *text, char buffer[static CODE_SIZE])
{
    size_t length = strcspn(text, ":");

    for (size_t i = length; i > 0; i--)
        if (text[i - 1] == '#') {
            text += i;
            length -= i;
            break;
        }
    while (length > 0 && text[0] == ' ') {
        text++;
        length--;
    }
    return copy_code(text, string_trim_end(text, length, " "), buffer);
}

static bool read_code(const HttpResponse *response, json_object *body,
                      char buffer[static CODE_SIZE])
{
    static const char *const members[] = {"__type", "code"};
    const char *text = http_response_header(response, "x-amzn-errortype");

    if (text && parse_code(text, buffer))
        return true;
    for (size_t i = 0; body && i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_string(body, members[i], &text) > 0 && parse_code(text, buffer))
            return true;
    return false;
}

/* Cut between characters, so that what is left is still UTF-8. */
static void copy_message(const char *text, char buffer[static MESSAGE_SIZE])
{
    size_t length = 0;

    for (size_t left = strlen(text), n; (n = utf8_character_size(text + length, left)) > 0;
         left -= n) {
        if (length + n >= MESSAGE_SIZE)
            break;
        length += n;
    }
    memcpy(buffer, text, length);
    buffer[length] = '\0';
}

/* What a person can read of the beginning of a body whose format is not known: white space and what
 * may not go to a terminal become one blank. */
static const char *copy_excerpt(const HttpResponse *response, char buffer[static EXCERPT_SIZE])
{
    size_t length = 0, size;
    bool blank = false;

    for (size_t i = 0; i < response->body_size; i += size ? size : 1) {
        const char *at = response->body + i;

        size = utf8_character_size(at, response->body_size - i);
        if (size == 0 || *at == ' ' || utf8_is_deceptive(utf8_decode(at, size))) {
            blank = length > 0;
            continue;
        }
        if (length + blank + size >= EXCERPT_SIZE)
            break;
        if (blank)
            buffer[length++] = ' ';
        memcpy(buffer + length, at, size);
        length += size;
        blank = false;
    }
    buffer[length] = '\0';
    return buffer;
}

/* Text: of the answer's body, or NULL. */
static const char *read_request_id(const HttpResponse *response, const char *text,
                                   char buffer[static REQUEST_ID_SIZE])
{
    if (!text)
        text = http_response_header(response, "x-amzn-requestid");
    return text && copy_token(text, strlen(text), buffer, REQUEST_ID_SIZE) ? buffer : NULL;
}

static int describe_failure(const HttpResponse *response, CallError *error)
{
    static const char *const codes[] = {
        [HTTP_CONNECT_FAILED] = CALL_ERROR_CONNECTION,
        [HTTP_TIMED_OUT] = CALL_ERROR_TIMEOUT,
        [HTTP_TLS_FAILED] = CALL_ERROR_TLS,
        [HTTP_UNREADABLE] = CALL_ERROR_UNREADABLE,
        [HTTP_NO_RESOURCES] = CALL_ERROR_RESOURCES,
    };

    assert(response->failure < sizeof(codes) / sizeof(codes[0]) && codes[response->failure]);
    return call_error_set(error, codes[response->failure], response->message, 0, NULL);
}

/* For an answer that is not AWS's, such as the page of a proxy: "HOST answered 502 with no AWS
 * error, 1234 bytes of text/html: <html>…". */
static int describe_stranger(const HttpResponse *response, const char *host, const char *code,
                             const char *lack, const char *excerpt, CallError *error)
{
    const char *type = http_response_header(response, "content-type");
    char type_name[64], message[768], request_id[REQUEST_ID_SIZE];

    if (!type || !copy_token(type, strcspn(type, "; "), type_name, sizeof(type_name)))
        snprintf(type_name, sizeof(type_name), "an unknown type");
    snprintf(message, sizeof(message), "%s answered %u with %s, %zu bytes of %s%s%s", host,
             response->status, lack, response->body_size, type_name, *excerpt ? ": " : "", excerpt);
    return call_error_set(error, code, message, response->status,
                          read_request_id(response, NULL, request_id));
}

int aws_answer_describe_unreadable(const HttpResponse *response, const char *host, CallError *error)
{
    /* Nothing of it is quoted: an answer of STS would hold secrets. */
    return describe_stranger(response, host, CALL_ERROR_UNREADABLE, "unexpected contents", "",
                             error);
}

int aws_answer_describe_other(const HttpResponse *response, const char *host, const char *named,
                              CallError *error)
{
    char name[128], message[512], request_id[REQUEST_ID_SIZE];

    if (!copy_token(named, strlen(named), name, sizeof(name)))
        snprintf(name, sizeof(name), "what has no readable name");
    snprintf(message, sizeof(message), "%s answered about %s, which was not asked for", host, name);
    return call_error_set(error, CALL_ERROR_UNREADABLE, message, response->status,
                          read_request_id(response, NULL, request_id));
}

int aws_answer_describe_missing(const HttpResponse *response, const char *host, const char *missing,
                                CallError *error)
{
    char message[512], request_id[REQUEST_ID_SIZE];

    snprintf(message, sizeof(message), "%s lists no %s", host, missing);
    return call_error_set(error, CALL_ERROR_NOT_LISTED, message, response->status,
                          read_request_id(response, NULL, request_id));
}

/* The error that AWS named. */
static int describe_error(const HttpResponse *response, const char *code, const AwsErrorText *text,
                          CallError *error)
{
    char message[MESSAGE_SIZE], request_id[REQUEST_ID_SIZE];

    if (text->message && text->message[strspn(text->message, " \t\r\n")])
        copy_message(text->message, message);
    else
        snprintf(message, sizeof(message), "HTTP status %u without a message", response->status);
    return call_error_set(error, code, message, response->status,
                          read_request_id(response, text->request_id, request_id));
}

int aws_answer_make_error(const HttpResponse *response, const char *host, const AwsErrorText *text,
                          CallError *error, bool *ret_named)
{
    char code[CODE_SIZE], excerpt[EXCERPT_SIZE];
    bool named = response->failure == HTTP_OK && text->code &&
                 copy_code(text->code, strlen(text->code), code);
    int r;

    if (named)
        r = describe_error(response, code, text, error);
    else if (response->failure == HTTP_OK)
        r = describe_stranger(response, host, CALL_ERROR_HTTP, "no AWS error",
                              copy_excerpt(response, excerpt), error);
    else
        r = describe_failure(response, error);
    if (r >= 0)
        *ret_named = named;
    return r;
}

int aws_answer_read_error(const HttpResponse *response, const char *host, CallError *error,
                          bool *ret_named)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    char code[CODE_SIZE], excerpt[EXCERPT_SIZE];
    AwsErrorText text = {0};

    if (response->failure == HTTP_OK) {
        int r = aws_answer_read_object(response, &body);
        if (r < 0 && r != -EBADMSG)
            return r;
        if (read_code(response, body, code))
            text.code = code;
        if (!body && *copy_excerpt(response, excerpt))
            text.message = excerpt;
        if (body && json_get_string(body, "message", &text.message) <= 0)
            (void)json_get_string(body, "Message", &text.message); /* else it has none */
    }
    return aws_answer_make_error(response, host, &text, error, ret_named);
}

/* A date as headers have it. False: there is none, or it is not one. */
static bool parse_date(const char *text, uint64_t *ret_realtime_usec)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *found;
    char month[4] = "", zone[4] = "";
    struct tm tm = {0};
    time_t seconds;

    if (!text || sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d %3s", &tm.tm_mday, month, &tm.tm_year,
                        &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7)
        return false;
    found = strstr(months, month);
    if (!found || strlen(month) != 3 || (found - months) % 3 != 0 || strcmp(zone, "GMT") != 0)
        return false;
    tm.tm_mon = (int)(found - months) / 3;
    tm.tm_year -= 1900;
    seconds = timegm(&tm);
    if (seconds < 0)
        return false;
    *ret_realtime_usec = (uint64_t)seconds * USEC_PER_SEC;
    return true;
}

bool aws_answer_read_date(const HttpResponse *response, uint64_t *ret_realtime_usec)
{
    return parse_date(http_response_header(response, "date"), ret_realtime_usec);
}

AwsRetryAfter aws_answer_read_retry_after(const HttpResponse *response, uint64_t now_usec)
{
    bool busy = response->status == 429 || response->status == 503;
    AwsRetryAfter after = {
        .msec = http_response_header(response, "x-amz-retry-after"),
        .seconds = busy ? http_response_header(response, "retry-after") : NULL,
    };
    uint64_t until_usec;

    (void)aws_answer_read_date(response, &now_usec); /* else as it was given */
    if (parse_date(after.seconds, &until_usec) && until_usec > now_usec)
        after.until_usec = until_usec - now_usec;
    return after;
}
