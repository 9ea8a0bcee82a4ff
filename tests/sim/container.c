/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/container.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"
#include "tests/sim/error-form.h"
#include "tests/sim/session.h"

#define SESSION_SECONDS (6.0 * 3600)
#define CONTENT_TYPE "application/json"

static bool recognizes(const SimCall *call)
{
    return strcmp(call->method, "GET") == 0 && containers_find(call->sim->containers, call->path);
}

static void read_call(SimCall *call)
{
    call->operation = OPERATION_CONTAINER_CREDENTIALS;
}

static int authenticate(SimCall *call, Refusal *ret_refusal)
{
    const Container *container = containers_find(call->sim->containers, call->path);
    const char *authorization = evhttp_find_header(call->headers, "Authorization");

    if (container->authorization &&
        (!authorization || strcmp(authorization, container->authorization) != 0))
        return refuse(ret_refusal, 401, "AccessDenied", "The authorization token is not right.");
    return 0;
}

static int run(SimCall *call, json_object **ret, Refusal *ret_refusal)
{
    CLEANUP(json_object_putp) json_object *document = json_object_new_object();
    const Container *container = containers_find(call->sim->containers, call->path);
    const Account *session;
    int r;

    (void)ret_refusal;
    r = session_new(call, container->role, SESSION_SECONDS, &session);
    if (r < 0)
        return r;
    if (!document || json_add_string(document, "RoleArn", container->role) < 0 ||
        json_add_string(document, "AccountId", session->account_id) < 0 ||
        session_add(document, session, "Token") < 0)
        return -ENOMEM;
    *ret = TAKE(document);
    return 0;
}

static unsigned write_answer(SimCall *call, json_object *document)
{
    return answer_set_json(call->request, HTTP_OK, CONTENT_TYPE, document);
}

/* {"code", "message"}, whatever the form is for the others. */
static unsigned write_error(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message)
{
    char header[ERROR_HEADER_SIZE];
    CLEANUP(json_object_putp)
    json_object *body = NULL;

    (void)form;
    body = error_form_body("code", code, message, header);
    return answer_set_json(call->request, status, CONTENT_TYPE, body);
}

const ServiceType container_service = {
    .recognizes = recognizes,
    .read = read_call,
    .authenticate = authenticate,
    .run = run,
    .write = write_answer,
    .write_error = write_error,
};
