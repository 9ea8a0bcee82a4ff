/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/instance.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"
#include "tests/sim/clock.h"
#include "tests/sim/session.h"

#define PREFIX "/latest/"
#define TOKEN_PATH "/latest/api/token"
#define CREDENTIALS_PATH "/latest/meta-data/iam/security-credentials"
#define TTL_HEADER "X-aws-ec2-metadata-token-ttl-seconds"
#define TTL_MAX 21600
#define SESSION_SECONDS (6.0 * 3600)
#define CONTENT_TYPE "text/plain"
/* A token is opaque to clients: the time at which it ends, in microseconds of CLOCK_MONOTONIC. */
#define TOKEN_FORMAT "AQAEA-trailstop-sim-%020" PRIu64 "=="

static bool recognizes(const SimCall *call)
{
    return strncmp(call->path, PREFIX, strlen(PREFIX)) == 0;
}

/* What follows the path of the credentials: empty, or a slash and more. NULL: another path. */
static const char *after_credentials(const SimCall *call)
{
    const char *rest = call->path + strlen(CREDENTIALS_PATH);

    if (strncmp(call->path, CREDENTIALS_PATH, strlen(CREDENTIALS_PATH)) != 0)
        return NULL;
    return *rest == '\0' || *rest == '/' ? rest : NULL;
}

static void read_call(SimCall *call)
{
    const char *rest = after_credentials(call);

    if (strcmp(call->method, "PUT") == 0 && strcmp(call->path, TOKEN_PATH) == 0)
        call->operation = OPERATION_INSTANCE_TOKEN;
    else if (strcmp(call->method, "GET") == 0 && rest)
        call->operation =
            *rest && rest[1] ? OPERATION_INSTANCE_CREDENTIALS : OPERATION_INSTANCE_ROLE;
}

/* It serves the instance itself, and whoever has a token of version 2. */
static int authenticate(SimCall *call, Refusal *ret_refusal)
{
    const char *token = evhttp_find_header(call->headers, "X-aws-ec2-metadata-token");
    char expected[64] = "";
    uint64_t end_usec = 0;

    if (evhttp_find_header(call->headers, "X-Forwarded-For"))
        return refuse(ret_refusal, 403, "Forbidden", "This call came through a proxy.");
    if (call->operation == OPERATION_INSTANCE_TOKEN)
        return 0;
    if (token && sscanf(token, TOKEN_FORMAT, &end_usec) == 1)
        snprintf(expected, sizeof(expected), TOKEN_FORMAT, end_usec);
    if (!token || strcmp(token, expected) != 0 || clock_monotonic_usec() >= end_usec)
        return refuse(ret_refusal, 401, "Unauthorized", "There is no token, or it has expired.");
    return 0;
}

static int answer_text(const char *text, json_object **ret)
{
    *ret = json_object_new_string(text);
    return *ret ? 0 : -ENOMEM;
}

static int make_token(SimCall *call, json_object **ret, Refusal *refusal)
{
    const char *header = evhttp_find_header(call->headers, TTL_HEADER);
    double most = call->sim->instance.token_seconds;
    char token[64];
    int ttl = 0, end = -1;
    double seconds;

    if (!header || sscanf(header, "%5d%n", &ttl, &end) != 1 || header[end] || ttl < 1 ||
        ttl > TTL_MAX)
        return refuse(refusal, 400, "BadRequest", "The time to live must be from 1 to %d seconds.",
                      TTL_MAX);
    seconds = most > 0 && most < ttl ? most : ttl;
    snprintf(token, sizeof(token), TOKEN_FORMAT,
             clock_monotonic_usec() + (uint64_t)(seconds * (double)USEC_PER_SEC));
    if (evhttp_add_header(evhttp_request_get_output_headers(call->request), TTL_HEADER, header) < 0)
        return -ENOMEM;
    return answer_text(token, ret);
}

static int answer_credentials(SimCall *call, const char *role, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *document = json_object_new_object();
    char now[SESSION_TIME_SIZE];
    const Account *session;

    int r = session_new(call, role, SESSION_SECONDS, &session);
    if (r < 0)
        return r;
    session_format_time(call->realtime_usec, now);
    if (!document || json_add_string(document, "Code", "Success") < 0 ||
        json_add_string(document, "LastUpdated", now) < 0 ||
        json_add_string(document, "Type", "AWS-HMAC") < 0 ||
        session_add(document, session, "Token") < 0)
        return -ENOMEM;
    *ret = TAKE(document);
    return 0;
}

static int run(SimCall *call, json_object **ret, Refusal *ret_refusal)
{
    const char *role = call->sim->instance.role;
    const char *name = role ? strrchr(role, '/') + 1 : "";

    switch (call->operation) {
    case OPERATION_INSTANCE_TOKEN:
        return make_token(call, ret, ret_refusal);
    case OPERATION_INSTANCE_ROLE:
        if (role)
            return answer_text(name, ret);
        break;
    case OPERATION_INSTANCE_CREDENTIALS:
        if (role && strcmp(after_credentials(call) + 1, name) == 0)
            return answer_credentials(call, role, ret);
        break;
    default:
        break;
    }
    return refuse(ret_refusal, 404, "NotFound", "There is nothing here.");
}

static unsigned write_answer(SimCall *call, json_object *document)
{
    if (json_object_is_type(document, json_type_object))
        return answer_set_json(call->request, HTTP_OK, CONTENT_TYPE, document);
    return answer_set_text(call->request, HTTP_OK, CONTENT_TYPE, json_object_get_string(document));
}

/* Its errors are pages for people. */
static unsigned write_error(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message)
{
    char page[512];

    (void)form;
    snprintf(page, sizeof(page),
             "<html><head><title>%u - %.64s</title></head>"
             "<body><h1>%u - %.64s</h1><p>%.256s</p></body></html>\n",
             status, code, status, code, message);
    return answer_set_text(call->request, status, "text/html", page);
}

const ServiceType instance_service = {
    .recognizes = recognizes,
    .read = read_call,
    .authenticate = authenticate,
    .run = run,
    .write = write_answer,
    .write_error = write_error,
};
