/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/call.h"

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"

int call_new(Caller *caller, Service *service, json_object *message, Call **ret)
{
    Call *call = calloc(1, sizeof(*call));

    if (!call) {
        json_object_put(message);
        return -ENOMEM;
    }
    call->caller = caller;
    call->service = service;
    call->message = message;
    *ret = call;
    return 0;
}

void call_free(Call *call)
{
    if (!call)
        return;
    if (call->free_state)
        call->free_state(call->state);
    json_object_put(call->reply);
    json_object_put(call->message);
    free(call);
}

static json_object *reply_new(const char *error, json_object *parameters)
{
    CLEANUP(json_object_putp) json_object *reply = json_object_new_object();

    if (!reply) {
        json_object_put(parameters);
        return NULL;
    }
    if (json_add(reply, "parameters", parameters) < 0 || json_add_string(reply, "error", error) < 0)
        return NULL;
    return TAKE(reply);
}

int call_reply_error(Call *call, const char *error, json_object *parameters)
{
    json_object_put(call->reply);
    call->reply = reply_new(error, parameters);
    return call->reply ? 0 : -ENOMEM;
}

int call_reply(Call *call, json_object *parameters)
{
    return call_reply_error(call, NULL, parameters);
}

int call_reply_continues(Call *call, json_object *parameters)
{
    CLEANUP(json_object_putp) json_object *reply = reply_new(NULL, parameters);

    if (!reply || json_add_bool(reply, "continues", true) < 0)
        return -ENOMEM;
    return output_add(call->caller->output, reply);
}

int call_send_reply(Call *call)
{
    return call->oneway ? 0 : output_add(call->caller->output, call->reply);
}
