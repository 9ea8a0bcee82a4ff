/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as JSON: what a credential_process, a container's agent and the instance metadata
 * service answer with. */
#include "daemon/credentials/source-json.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/time.h"
#include "daemon/base/mask.h"

/* What is read of these documents is flat. */
#define DEPTH_MAX 4U

static int read_object(const char *text, size_t size, json_object **ret)
{
    CLEANUP(json_wipep) json_object *object = NULL;

    int r = size > 0 ? json_read_leniently(text, size, DEPTH_MAX, &object) : -EBADMSG;
    if (r < 0)
        return r;
    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    *ret = TAKE(object);
    return 0;
}

/* The services do not agree on the case of these names: Code or code, Message or message. */
static const char *find_text(json_object *object, const char *key)
{
    json_object_object_foreach (object, name, value) {
        const char *text;
        (void)value;
        if (strcasecmp(name, key) == 0 && json_get_string(object, name, &text) > 0)
            return text;
    }
    return NULL;
}

typedef struct Members {
    const char *access_key_id, *secret_access_key, *session_token, *expiration;
    uint64_t expires_usec;
} Members;

/* What is NULL or empty is as good as missing. */
static int get_member(json_object *object, const char *name, bool required, const char **ret,
                      char **ret_error)
{
    const char *text = NULL;
    int r = json_get_string(object, name, &text);

    if (r < 0)
        return explain(ret_error, -EBADMSG, "%s is not a string", name);
    if (text && !*text)
        text = NULL;
    if (!text && required)
        return explain(ret_error, -EBADMSG, "%s is missing", name);
    *ret = text;
    return 0;
}

/* 1, which as a number may be written 1.0 too. */
static int check_version(json_object *object, char **ret_error)
{
    json_object *version = NULL;

    if (!json_object_object_get_ex(object, "Version", &version) || !version)
        return explain(ret_error, -EBADMSG, "Version is missing");
    if ((json_object_is_type(version, json_type_int) ||
         json_object_is_type(version, json_type_double)) &&
        json_object_get_double(version) == 1.0)
        return 0;
    return explain(ret_error, -EBADMSG, "Version is not 1, the only version there is");
}

/* The metadata services answer some of their failures with a success of HTTP. */
static int check_code(json_object *object, char **ret_error)
{
    const char *code = find_text(object, "Code"), *message = find_text(object, "Message");

    if (!code || strcmp(code, "Success") == 0)
        return 0;
    return explain(ret_error, -EBADMSG, "%s%s%s", code, message ? ": " : "",
                   message ? message : "");
}

static int read_expiration(Members *members, char **ret_error)
{
    if (time_parse_iso8601(members->expiration, &members->expires_usec) < 0)
        return explain(ret_error, -EBADMSG,
                       "Expiration is not a time of ISO 8601 with a zone, such as "
                       "2026-11-22T12:23:45Z");
    members->expires_usec += members->expires_usec == 0; /* else it would be "never" */
    return 0;
}

static int read_members(json_object *object, AwsJsonForm form, Members *ret, char **ret_error)
{
    static const struct {
        const char *token;
        bool required; /* and so is Expiration */
    } forms[] = {
        [AWS_JSON_PROCESS] = {"SessionToken", false},
        [AWS_JSON_CONTAINER] = {"Token", false},
        [AWS_JSON_INSTANCE] = {"Token", true},
    };
    int r;

    _Static_assert(sizeof(forms) / sizeof(*forms) == N_AWS_JSON_FORMS, "a form is missing");
    if ((r = form == AWS_JSON_PROCESS ? check_version(object, ret_error)
                                      : check_code(object, ret_error)) < 0 ||
        (r = get_member(object, "AccessKeyId", true, &ret->access_key_id, ret_error)) < 0 ||
        (r = get_member(object, "SecretAccessKey", true, &ret->secret_access_key, ret_error)) < 0 ||
        (r = get_member(object, forms[form].token, forms[form].required, &ret->session_token,
                        ret_error)) < 0 ||
        (r = get_member(object, "Expiration", forms[form].required, &ret->expiration, ret_error)) <
            0)
        return r;
    return ret->expiration ? read_expiration(ret, ret_error) : 0;
}

void aws_source_end_with_json(AwsSource *source, AwsJsonForm form, const char *where,
                              const char *text, size_t size)
{
    CLEANUP(json_wipep) json_object *object = NULL;
    CLEANUP(freep) char *sentence = NULL;
    char *whole = NULL;
    Members members = {0};

    int r = read_object(text, size, &object);
    if (r >= 0)
        r = read_members(object, form, &members, &sentence);
    else if (r == -EBADMSG)
        r = explain(&sentence, r, "that is not a JSON object%s",
                    form == AWS_JSON_PROCESS ? " (no shell runs the command)" : "");
    if (r >= 0) {
        aws_source_end_with_keys(source, members.access_key_id, members.secret_access_key,
                                 members.session_token, members.expires_usec);
        return;
    }
    if (sentence)
        (void)explain(&whole, r, "%s answered: %s", where, sentence);
    aws_source_fail_sentence(source, whole);
}

void aws_json_mask_secrets(const char *text, size_t size, char *sentence)
{
    static const char *const members[] = {"SecretAccessKey", "SessionToken", "Token"};
    CLEANUP(json_wipep) json_object *object = NULL;
    const char *secret;

    if (read_object(text, size, &object) < 0)
        return;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_string(object, members[i], &secret) > 0 && strlen(secret) <= AWS_SECRET_MAX)
            mask_secret(sentence, secret);
}

int aws_json_describe_error(const char *text, size_t size, char **ret)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    const char *code = NULL, *message = NULL;

    int r = read_object(text, size, &object);
    if (r == -ENOMEM)
        return r;
    if (r >= 0) {
        code = find_text(object, "Code");
        message = find_text(object, "Message");
    }
    return string_format(ret, "%s%s%s%s", code || message ? ": " : "", code ? code : "",
                         code && message ? ": " : "", message ? message : "");
}
