/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"
#include "tests/sim/fields.h"
#include "tests/sim/role.h"
#include "tests/sim/session.h"
#include "tests/sim/xml.h"

#define CONTENT_TYPE_FORM "application/x-www-form-urlencoded"
#define CONTENT_TYPE_XML "text/xml"
#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"
#define VERSION "2011-06-15"
#define DURATION_DEFAULT 3600
#define DURATION_MIN 900
#define DURATION_MAX 43200
#define DURATION_MAX_CHAINED 3600 /* for the session of a role that assumes another one */

static bool recognizes(const SimCall *call)
{
    const char *type = evhttp_find_header(call->headers, "Content-Type");

    return type && strncasecmp(type, CONTENT_TYPE_FORM, strlen(CONTENT_TYPE_FORM)) == 0;
}

/* The form as an object of strings. NULL: it cannot be read. */
static json_object *read_form(const SimCall *call)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    CLEANUP(freep) char *text = strndup(call->body_text, call->body_size);
    struct evkeyvalq parameters;
    struct evkeyval *parameter;
    int r = 0;

    if (!object || !text || evhttp_parse_query_str(text, &parameters) < 0)
        return NULL;
    TAILQ_FOREACH (parameter, &parameters, next) {
        if (r == 0)
            r = json_add_string(object, parameter->key, parameter->value);
    }
    evhttp_clear_headers(&parameters);
    return r == 0 ? TAKE(object) : NULL;
}

static const char *parameter(const SimCall *call, const char *name)
{
    const char *value = "";

    (void)json_get_string(call->body, name, &value);
    return value;
}

static void read_call(SimCall *call)
{
    Operation operation;

    call->body = read_form(call);
    if (!call->body || strcmp(call->method, "POST") != 0 || strcmp(call->path, "/") != 0 ||
        strcmp(parameter(call, "Version"), VERSION) != 0)
        return;
    operation = operation_from_name(parameter(call, "Action"));
    if (operation == OPERATION_ASSUME_ROLE ||
        operation == OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY ||
        operation == OPERATION_GET_CALLER_IDENTITY)
        call->operation = operation;
}

/* Services of the query protocol name the same mistakes differently. */
static void rename_refusal(Refusal *refusal)
{
    static const struct {
        const char *json_code, *code;
        unsigned status;
    } codes[] = {
        {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
        {"IncompleteSignatureException", "IncompleteSignature", 400},
        {"InvalidSignatureException", "SignatureDoesNotMatch", 403},
        {"UnrecognizedClientException", "InvalidClientTokenId", 403},
        {"ExpiredTokenException", "ExpiredToken", 403},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (strcmp(refusal->code, codes[i].json_code) == 0) {
            refusal->code = codes[i].code;
            refusal->status = codes[i].status;
            return;
        }
    }
}

static int authenticate(SimCall *call, Refusal *ret_refusal)
{
    int r;

    if (call->operation == OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY)
        return 0;
    r = call_verify_signature(call, "sts", ret_refusal);
    if (r == -EACCES)
        rename_refusal(ret_refusal);
    return r;
}

static int check_session_name(const SimCall *call, Refusal *refusal)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
    const char *name = parameter(call, "RoleSessionName");
    size_t length = strlen(name);

    if (length < 2 || length > 64 || strspn(name, allowed) != length)
        return refuse(refusal, 400, "ValidationError",
                      "RoleSessionName must have 2 to 64 of the characters [\\w+=,.@-].");
    return 0;
}

static int get_duration(const SimCall *call, int *ret, Refusal *refusal)
{
    const char *text = parameter(call, "DurationSeconds");
    bool is_chained = call->account && call->account->role_arn;
    int duration = DURATION_DEFAULT, end = 0;

    if (*text && (sscanf(text, "%6d%n", &duration, &end) != 1 || text[end] ||
                  duration < DURATION_MIN || duration > DURATION_MAX))
        return refuse(refusal, 400, "ValidationError", "DurationSeconds must be from %d to %d.",
                      DURATION_MIN, DURATION_MAX);
    if (is_chained && duration > DURATION_MAX_CHAINED)
        return refuse(refusal, 400, "ValidationError",
                      "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                      "assumed by role chaining");
    *ret = duration;
    return 0;
}

/* What both operations answer; subject: who came with a token, or NULL. */
static int answer_session(SimCall *call, const Role *role, const char *subject, json_object **ret,
                          Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *document = json_object_new_object();
    CLEANUP(json_object_putp) json_object *credentials = json_object_new_object();
    CLEANUP(json_object_putp) json_object *user = json_object_new_object();
    CLEANUP(freep) char *error = NULL;
    const char *name = parameter(call, "RoleSessionName");
    char user_arn[256], user_id[128];
    const Account *session;
    int duration = 0;
    RoleArn arn;

    int r = check_session_name(call, refusal);
    if (r == 0)
        r = get_duration(call, &duration, refusal);
    if (r == 0)
        r = role_arn_parse(role->arn, &arn, &error);
    if (r == 0)
        r = session_new(call, role->arn, duration, &session);
    if (r < 0)
        return r;
    snprintf(user_arn, sizeof(user_arn), "arn:%s:sts::%s:assumed-role/%s/%s", arn.partition,
             arn.account_id, arn.name, name);
    snprintf(user_id, sizeof(user_id), "AROA0000000000000EXAMPLE:%s", name);
    if (!document || !credentials || !user ||
        session_add(credentials, session, "SessionToken") < 0 ||
        json_add(document, "Credentials", TAKE(credentials)) < 0 ||
        json_add_string(user, "AssumedRoleId", user_id) < 0 ||
        json_add_string(user, "Arn", user_arn) < 0 ||
        json_add(document, "AssumedRoleUser", TAKE(user)) < 0 ||
        json_add_string(document, "SubjectFromWebIdentityToken", subject) < 0)
        return -ENOMEM;
    *ret = TAKE(document);
    return 0;
}

static int assume_role(SimCall *call, json_object **ret, Refusal *refusal)
{
    const char *arn = parameter(call, "RoleArn");
    const Role *role = roles_find(call->sim->roles, arn);

    if (!role || !role_trusts(role, call->account) ||
        (role->external_id && strcmp(parameter(call, "ExternalId"), role->external_id) != 0))
        return refuse(refusal, 403, "AccessDenied",
                      "User: %s is not authorized to perform: sts:AssumeRole on resource: %s",
                      call->account->role_arn ? call->account->role_arn : call->account->account_id,
                      arn);
    return answer_session(call, role, NULL, ret, refusal);
}

static int assume_role_with_web_identity(SimCall *call, json_object **ret, Refusal *refusal)
{
    const Role *role = roles_find(call->sim->roles, parameter(call, "RoleArn"));
    const char *token = parameter(call, "WebIdentityToken");

    if (!role || !role->web_identity_tokens)
        return refuse(refusal, 403, "AccessDenied",
                      "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    if (role->expired_web_identity_tokens &&
        fields_names_have(role->expired_web_identity_tokens, token))
        return refuse(refusal, 400, "ExpiredTokenException",
                      "The token that was passed is expired.");
    if (!fields_names_have(role->web_identity_tokens, token))
        return refuse(refusal, 400, "InvalidIdentityToken",
                      "The web identity token that was passed could not be validated.");
    return answer_session(call, role, "trailstop-sim", ret, refusal);
}

/* Needs no permission: who can sign may ask. */
static int get_caller_identity(const SimCall *call, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *document = json_object_new_object();
    const Account *account = call->account;
    CLEANUP(freep) char *error = NULL;
    RoleArn role;
    char arn[256];

    if (account->role_arn && role_arn_parse(account->role_arn, &role, &error) == 0)
        snprintf(arn, sizeof(arn), "arn:%s:sts::%s:assumed-role/%s/session", role.partition,
                 role.account_id, role.name);
    else
        snprintf(arn, sizeof(arn), "arn:aws:iam::%s:user/trailstop", account->account_id);
    if (!document || json_add_string(document, "Arn", arn) < 0 ||
        json_add_string(document, "UserId", "AIDAEXAMPLE") < 0 ||
        json_add_string(document, "Account", account->account_id) < 0)
        return -ENOMEM;
    *ret = TAKE(document);
    return 0;
}

static int run(SimCall *call, json_object **ret, Refusal *ret_refusal)
{
    switch (call->operation) {
    case OPERATION_ASSUME_ROLE:
        return assume_role(call, ret, ret_refusal);
    case OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY:
        return assume_role_with_web_identity(call, ret, ret_refusal);
    case OPERATION_GET_CALLER_IDENTITY:
        return get_caller_identity(call, ret);
    default:
        return refuse(ret_refusal, 400, "InvalidAction",
                      "Could not find this operation for version " VERSION);
    }
}

static const char *request_id(const SimCall *call)
{
    const char *id =
        evhttp_find_header(evhttp_request_get_output_headers(call->request), "x-amzn-RequestId");

    return id ? id : "";
}

static unsigned begin_xml(SimCall *call, unsigned status)
{
    return answer_set_text(call->request, status, CONTENT_TYPE_XML, "");
}

static unsigned write_answer(SimCall *call, json_object *document)
{
    struct evbuffer *out = evhttp_request_get_output_buffer(call->request);
    const char *name = operation_name(call->operation);

    if (evbuffer_add_printf(out, "<%sResponse xmlns=\"" NAMESPACE "\"><%sResult>", name, name) <
            0 ||
        !xml_write(out, document) ||
        evbuffer_add_printf(out,
                            "</%sResult><ResponseMetadata><RequestId>%s</RequestId>"
                            "</ResponseMetadata></%sResponse>\n",
                            name, request_id(call), name) < 0)
        return HTTP_INTERNAL;
    return begin_xml(call, HTTP_OK);
}

static unsigned write_error(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message)
{
    CLEANUP(json_object_putp) json_object *error = json_object_new_object();
    struct evbuffer *out = evhttp_request_get_output_buffer(call->request);

    (void)form;
    if (!error || json_add_string(error, "Type", status < 500 ? "Sender" : "Receiver") < 0 ||
        json_add_string(error, "Code", code) < 0 || json_add_string(error, "Message", message) < 0)
        return HTTP_INTERNAL;
    if (evbuffer_add_printf(out, "<ErrorResponse xmlns=\"" NAMESPACE "\"><Error>") < 0 ||
        !xml_write(out, error) ||
        evbuffer_add_printf(out, "</Error><RequestId>%s</RequestId></ErrorResponse>\n",
                            request_id(call)) < 0)
        return HTTP_INTERNAL;
    return begin_xml(call, status);
}

const ServiceType sts_service = {
    .recognizes = recognizes,
    .read = read_call,
    .authenticate = authenticate,
    .run = run,
    .write = write_answer,
    .write_error = write_error,
};
