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

/* These documents are flat. */
#define DEPTH_MAX 4U

static int read_object(const char *text, size_t size, json_object **ret)
{
    CLEANUP(json_wipep) json_object *object = NULL;

    int r = size > 0 ? json_read(text, size, DEPTH_MAX, &object) : -EBADMSG;
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

static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* RFC 3339 knows "Z" and a distance from UTC such as "+01:00". */
static int parse_expiration(const char *text, uint64_t *ret)
{
    static const size_t size = sizeof("+00:00") - 1;
    size_t length = strlen(text);
    const char *zone = length > size ? text + length - size : text;

    if (*zone != '+' && *zone != '-')
        return time_parse_rfc3339(text, ret);
    int hours = two_digits(zone + 1), minutes = two_digits(zone + 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || zone[3] != ':')
        return -EINVAL;
    CLEANUP(freep) char *as_utc = strdup(text);
    if (!as_utc)
        return -ENOMEM;
    strcpy(as_utc + (zone - text), "Z");
    uint64_t usec, distance = (uint64_t)(hours * 60 + minutes) * USEC_PER_MINUTE;
    int r = time_parse_rfc3339(as_utc, &usec);
    if (r < 0)
        return r;
    if (*zone == '+' && usec < distance)
        return -EINVAL;
    *ret = *zone == '+' ? usec - distance : usec + distance;
    return 0;
}

typedef struct Members {
    const char *access_key_id, *secret_access_key, *session_token, *expiration;
    uint64_t expires_usec;
} Members;

static int get_member(json_object *object, const char *name, bool required, const char **ret,
                      char **ret_error)
{
    int r = json_get_string(object, name, ret);

    if (r < 0)
        return explain(ret_error, -EBADMSG, "%s is no string", name);
    if ((r == 0 || !**ret) && required)
        return explain(ret_error, -EBADMSG, "%s is missing", name);
    return 0;
}

static int check_version(json_object *object, char **ret_error)
{
    int64_t version = 0;

    int r = json_get_int64(object, "Version", &version);
    if (r == 0)
        return explain(ret_error, -EBADMSG, "Version is missing");
    if (r < 0 || version != 1)
        return explain(ret_error, -EBADMSG, "Version is not 1, the only one there is");
    return 0;
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

static int read_members(json_object *object, AwsJsonForm form, Members *ret, char **ret_error)
{
    bool from_process = form == AWS_JSON_PROCESS;
    const char *token = from_process ? "SessionToken" : "Token";
    int r;

    if ((r = from_process ? check_version(object, ret_error) : check_code(object, ret_error)) < 0 ||
        (r = get_member(object, "AccessKeyId", true, &ret->access_key_id, ret_error)) < 0 ||
        (r = get_member(object, "SecretAccessKey", true, &ret->secret_access_key, ret_error)) < 0 ||
        (r = get_member(object, token, !from_process, &ret->session_token, ret_error)) < 0 ||
        (r = get_member(object, "Expiration", !from_process, &ret->expiration, ret_error)) < 0)
        return r;
    if (!ret->expiration)
        return 0;
    r = parse_expiration(ret->expiration, &ret->expires_usec);
    if (r == -EINVAL)
        return explain(ret_error, -EBADMSG, "Expiration is no time of RFC 3339");
    return r;
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
        r = explain(&sentence, r, "that is no JSON object%s",
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
