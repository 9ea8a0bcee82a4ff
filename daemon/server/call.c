/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/json.h"

#define PIECE_SIZE ((size_t)(8 * 1024)) /* bytes of a long reply, moved at a time */

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

void caller_spend(Caller *caller, size_t units)
{
    caller->work_left -= units < caller->work_left ? (unsigned)units : caller->work_left;
}

bool caller_has_room(const Caller *caller)
{
    const Output *output = caller->output;

    return output_is_closed(output) || (output_has_room(output) && rota_has_room(&caller->place)) ||
           (output_is_empty(output) && rota_has_room_for_one(&caller->place));
}

bool call_may_go_on(const Call *call)
{
    return call->caller->work_left > 0 && caller_has_room(call->caller);
}

void call_hold(Call *call, size_t size)
{
    RotaPlace *place = &call->caller->place;

    call->size += size;
    call->caller->calls_size += size;
    rota_set_size(place, place->size + size);
}

int call_charge(Call *call, size_t size)
{
    if (!rota_may_hold(&call->caller->place, size))
        return -EDQUOT;
    call_hold(call, size);
    return 0;
}

void call_wake(Call *call)
{
    if (output_has_room(call->caller->output)) /* else it goes on when the client has read */
        rota_queue(&call->caller->place);
}

/* Takes the parameters; NULL: there was no memory for them. None at all are left out. */
static json_object *reply_new(const char *error, json_object *parameters)
{
    CLEANUP(json_object_putp) json_object *reply = json_object_new_object(), *owned = parameters;

    if (!reply || !parameters)
        return NULL;
    if (json_object_object_length(parameters) > 0 && json_add(reply, "parameters", TAKE(owned)) < 0)
        return NULL;
    return json_add_string(reply, "error", error) < 0 ? NULL : TAKE(reply);
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

static int call_add_text(Call *call, const char *text)
{
    return call->oneway ? 0 : output_add_text(call->caller->output, text, strlen(text));
}

/* The last piece, with the NUL that ends the message. */
static int call_add_end(Call *call, const char *text)
{
    return call->oneway ? 0 : output_add_text(call->caller->output, text, strlen(text) + 1);
}

static int call_list_begin(Call *call, ReplyList *list)
{
    int r;

    if (list->begun)
        return 0;
    list->begun = true;
    if ((r = call_add_text(call, "{\"parameters\":{\"")) < 0 ||
        (r = call_add_text(call, list->member)) < 0)
        return r;
    return call_add_text(call, "\":[");
}

int call_list(Call *call, ReplyList *list, const char *element)
{
    int r;

    if (!element)
        return -ENOMEM;
    if ((r = call_list_begin(call, list)) < 0 ||
        (list->n > 0 && (r = call_add_text(call, ",")) < 0))
        return r;
    list->n++;
    return call_add_text(call, element);
}

int call_list_elements(Call *call, ReplyList *list, Elements *elements)
{
    Caller *caller = call->caller;
    size_t left = elements->text ? evbuffer_get_length(elements->text) : 0;
    int r = call_list_begin(call, list);

    /* What is sent was held before, so that only the client's own reading counts. */
    while (r >= 0 && left > 0 && caller->work_left > 0 && output_has_room(caller->output)) {
        size_t size = left < PIECE_SIZE ? left : PIECE_SIZE;

        r = call->oneway ? evbuffer_drain(elements->text, size)
                         : output_move(caller->output, elements->text, size);
        left -= size;
        caller_spend(caller, size / BYTES_A_UNIT + 1);
    }
    return r < 0 ? -ENOMEM : left == 0;
}

int call_list_next(Call *call, ReplyList *list, const char *member)
{
    int r = call_list_begin(call, list);

    *list = (ReplyList){.member = member, .begun = true};
    if (r < 0 || (r = call_add_text(call, "],\"")) < 0 || (r = call_add_text(call, member)) < 0)
        return r;
    return call_add_text(call, "\":[");
}

int call_list_end(Call *call, ReplyList *list, bool continues)
{
    int r = call_list_begin(call, list);

    if (r < 0)
        return r;
    *list = (ReplyList){.member = list->member};
    return call_add_end(call, continues ? "]},\"continues\":true}" : "]}}");
}

int call_send_job(Call *call, const char *job, const char *cause, const char *error, bool continues)
{
    int r;

    if ((r = call_add_text(call, "{\"parameters\":{\"job\":")) < 0 ||
        (r = call_add_text(call, job)) < 0 ||
        (cause &&
         ((r = call_add_text(call, ",\"cause\":")) < 0 || (r = call_add_text(call, cause)) < 0)))
        return r;
    if (error &&
        ((r = call_add_text(call, "},\"error\":\"")) < 0 || (r = call_add_text(call, error)) < 0))
        return r;
    if (error)
        return call_add_end(call, "\"}");
    return call_add_end(call, continues ? "},\"continues\":true}" : "}}");
}

int call_send_reply(Call *call)
{
    return call->oneway ? 0 : output_add(call->caller->output, call->reply);
}
