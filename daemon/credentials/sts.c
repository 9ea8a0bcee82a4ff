/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/sts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/string.h"
#include "common/time.h"
#include "daemon/aws/answer.h"
#include "daemon/base/secret-text.h"
#include "daemon/base/xml.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *sts_make_session_name(char buffer[static STS_SESSION_NAME_SIZE])
{
    static const char allowed[] = LETTERS_AND_DIGITS "_+=,.@-";
    char host[STS_SESSION_NAME_SIZE - sizeof("trailstop-") + 1] = "";

    (void)!gethostname(host, sizeof(host) - 1); /* a longer name is cut, and then without an end */
    for (char *at = host; (at += strspn(at, allowed)) && *at;)
        *at = '-';
    snprintf(buffer, STS_SESSION_NAME_SIZE, "trailstop%s%s", host[0] ? "-" : "", host);
    return buffer;
}

/* As application/x-www-form-urlencoded; all but RFC 3986's unreserved characters are encoded. */
static void add_encoded(SecretText *text, const char *value)
{
    static const char unreserved[] = LETTERS_AND_DIGITS "-._~";
    char code[4];

    for (;;) {
        size_t length = strspn(value, unreserved);
        secret_text_append(text, value, length);
        value += length;
        if (!*value)
            return;
        snprintf(code, sizeof(code), "%%%02X", (unsigned char)*value++);
        secret_text_add(text, code);
    }
}

static void add_parameter(SecretText *text, const char *name, const char *value)
{
    if (!value)
        return;
    if (text->size > 0)
        secret_text_add_char(text, '&');
    secret_text_add(text, name);
    secret_text_add_char(text, '=');
    add_encoded(text, value);
}

int sts_encode(const AwsRole *role, const char *web_identity_token, char **ret)
{
    CLEANUP(secret_text_clear) SecretText text = {0};
    char duration[24], session_name[STS_SESSION_NAME_SIZE];

    snprintf(duration, sizeof(duration), "%" PRIu64, role->duration_usec / USEC_PER_SEC);
    add_parameter(&text, "Action", web_identity_token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    add_parameter(&text, "Version", "2011-06-15");
    add_parameter(&text, "RoleArn", role->arn);
    add_parameter(&text, "RoleSessionName",
                  role->session_name ? role->session_name : sts_make_session_name(session_name));
    add_parameter(&text, "ExternalId", role->external_id);
    add_parameter(&text, "DurationSeconds", role->duration_usec > 0 ? duration : NULL);
    add_parameter(&text, "WebIdentityToken", web_identity_token);
    return secret_text_finish(&text, ret);
}

/* They go into headers. */
static bool is_header_text(const SecretText *text)
{
    return text->size > 0 && text->size <= AWS_SECRET_MAX &&
           string_is_visible(text->data, text->size);
}

static void clear_fields(XmlField *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++)
        secret_text_clear(&fields[i].text);
}

/* As arn:aws:sts::123456789012:assumed-role/NAME/SESSION has it; NULL where it is not there. */
static int copy_account_id(const char *arn, char **ret)
{
    static const unsigned n_fields_before = 4;
    size_t length;

    for (unsigned i = 0; arn && i < n_fields_before; i++) {
        arn = strchr(arn, ':');
        arn = arn ? arn + 1 : NULL;
    }
    length = arn ? strspn(arn, "0123456789") : 0;
    if (length == 0 || arn[length] != ':')
        return 0;
    return string_format(ret, "%.*s", (int)length, arn);
}

int sts_decode(const HttpResponse *response, AwsCredentials **ret)
{
    enum { KEY_ID, SECRET, TOKEN, EXPIRATION, USER, N_FIELDS };
    XmlField fields[N_FIELDS] = {
        [KEY_ID] = {.path = "Credentials/AccessKeyId"},
        [SECRET] = {.path = "Credentials/SecretAccessKey"},
        [TOKEN] = {.path = "Credentials/SessionToken"},
        [EXPIRATION] = {.path = "Credentials/Expiration"},
        [USER] = {.path = "AssumedRoleUser/Arn"},
    };
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;
    uint64_t expires_usec;

    int r = xml_read(response->body, response->body_size, fields, N_FIELDS);
    for (size_t i = KEY_ID; r == 0 && i <= TOKEN; i++)
        if (!is_header_text(&fields[i].text))
            r = -EBADMSG;
    if (r == 0 && (!fields[EXPIRATION].text.data ||
                   time_parse_iso8601(fields[EXPIRATION].text.data, &expires_usec) < 0))
        r = -EBADMSG;
    if (r == 0)
        r = aws_credentials_new(fields[KEY_ID].text.data, fields[SECRET].text.data,
                                fields[TOKEN].text.data, expires_usec, &credentials);
    if (r == 0)
        r = copy_account_id(fields[USER].text.data, &credentials->account_id);
    if (r == 0)
        *ret = TAKE(credentials);
    clear_fields(fields, N_FIELDS);
    return r;
}

int sts_read_error(const HttpResponse *response, const char *host, CallError *error,
                   bool *ret_named)
{
    enum { CODE, MESSAGE, REQUEST_ID, N_FIELDS };
    XmlField fields[N_FIELDS] = {
        [CODE] = {.path = "ErrorResponse/Error/Code"},
        [MESSAGE] = {.path = "ErrorResponse/Error/Message"},
        [REQUEST_ID] = {.path = "ErrorResponse/RequestId"},
    };
    int r = 0;

    if (response->failure == HTTP_OK)
        r = xml_read(response->body, response->body_size, fields, N_FIELDS);
    if (r == -EBADMSG) /* what was read of it counts for nothing */
        clear_fields(fields, N_FIELDS);
    if (r == 0 || r == -EBADMSG) {
        const AwsErrorText text = {
            .code = fields[CODE].text.data,
            .message = fields[MESSAGE].text.data,
            .request_id = fields[REQUEST_ID].text.data,
        };
        r = aws_answer_make_error(response, host, &text, error, ret_named);
    }
    clear_fields(fields, N_FIELDS);
    return r;
}
