/* SPDX-License-Identifier: Apache-2.0 */
#include "client/call.h"

#include "client/connection.h"
#include "client/outcome.h"
#include "client/text.h"
#include "client/unit.h"
#include "common/json.h"
#include "common/memory.h"

struct call {
    const Options *options;
    CallHandler handler;
    void *userdata;
    int outcome;
    int error; /* of the handler */
};

static void on_reply(const Reply *reply, void *userdata)
{
    struct call *call = userdata;

    if (call->options->json)
        text_print_json(reply->parameters);
    if (reply->error) {
        outcome_complain_error(reply, NULL);
        call->outcome = outcome_of_error(reply);
    } else if (call->handler && call->error == 0) {
        call->error = call->handler(call->options, reply->parameters, call->userdata);
    }
}

int call_run(const Options *options, const char *method, json_object *parameters, bool more,
             CallHandler handler, void *userdata)
{
    CLEANUP(json_object_putp) json_object *owned = parameters;
    CLEANUP(connection_freep) Connection *connection = NULL;
    struct call call = {.options = options, .handler = handler, .userdata = userdata};

    int r = connection_new(options->socket_path, &connection);
    if (r >= 0)
        r = connection_open(connection);
    if (r >= 0)
        r = connection_call(connection, method, TAKE(owned), more, on_reply, &call);
    if (r >= 0)
        r = unit_run_connection(connection, options);
    if (r >= 0)
        r = call.error;
    text_flush();
    return r < 0 ? outcome_complain(options, r) : call.outcome;
}

int call_print(const Options *options, const char *method, json_object *parameters, bool more,
               CallHandler handler, void *userdata)
{
    return call_run(options, method, parameters, more, options->silent ? NULL : handler, userdata);
}

json_object *call_parameters(const CallString *strings)
{
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();

    if (!parameters)
        return NULL;
    for (; strings->key; strings++)
        if (json_add_string(parameters, strings->key, strings->value) < 0)
            return NULL;
    return TAKE(parameters);
}

const char *call_target(const Options *options)
{
    return options->n_targets > 0 ? options->targets[0] : NULL;
}
