/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/message-body.h"

#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/varlink.h"

/* The object that the text is. */
static int read_object(const char *text, size_t size, json_object **ret, char **ret_reason)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    int r = json_read(text, size, VARLINK_DEPTH_MAX, &object);

    if (r == -EBADMSG)
        return explain(ret_reason, -EINVAL,
                       "it is not JSON as RFC 8259 has it, or nested more than %u deep",
                       VARLINK_DEPTH_MAX);
    if (r < 0)
        return r;
    if (!json_object_is_type(object, json_type_object))
        return explain(ret_reason, -EINVAL, "it is not a JSON object");
    *ret = TAKE(object);
    return 0;
}

/* Puts what is inside in the place of what it came in. */
static void unwrap(json_object **object, json_object *inside)
{
    json_object_put(*object);
    *object = inside;
}

/* A notification becomes what its Message is. */
static int unwrap_notification(json_object **object, char **ret_reason)
{
    json_object *message = json_object_object_get(*object, "Message"), *inside;
    const char *type;
    int r;

    if (json_get_string(*object, "Type", &type) != 1 || strcmp(type, "Notification") != 0)
        return 0;
    if (!json_object_is_type(message, json_type_string))
        return explain(ret_reason, -EINVAL, "it is a notification without a Message");
    r = read_object(json_object_get_string(message), (size_t)json_object_get_string_len(message),
                    &inside, ret_reason);
    if (r < 0)
        return r;
    unwrap(object, inside);
    return 0;
}

/* An event becomes its detail. */
static int unwrap_event(json_object **object, char **ret_reason)
{
    json_object *detail;

    if (!json_object_object_get_ex(*object, "detail", &detail) ||
        (!json_object_object_get(*object, "detail-type") &&
         !json_object_object_get(*object, "source")))
        return 0;
    if (!json_object_is_type(detail, json_type_object))
        return explain(ret_reason, -EINVAL, "it is an event whose detail is not an object");
    unwrap(object, json_object_get(detail));
    return 0;
}

static int explain_parameter(json_object *object, const char *name, char **ret_reason)
{
    bool known = false;

    for (const ParameterSpec *spec = request_parameters; spec->name; spec++)
        known = known || strcmp(spec->name, name) == 0;
    if (!known)
        return explain(ret_reason, -EINVAL, "\"%.64s\" is not a parameter of Stop", name);
    if (!json_object_object_get(object, name))
        return explain(ret_reason, -EINVAL, "%s is missing", name);
    return explain(ret_reason, -EINVAL, "the value of %s is not valid", name);
}

int message_body_read(const char *text, size_t size, MessageBody *ret, char **ret_reason)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    Parameters parameters;
    const char *name;
    int r;

    if (size > MESSAGE_BODY_MAX)
        return explain(ret_reason, -EINVAL, "it is longer than 64 KiB");
    if ((r = read_object(text, size, &object, ret_reason)) < 0 ||
        (r = unwrap_notification(&object, ret_reason)) < 0 ||
        (r = unwrap_event(&object, ret_reason)) < 0)
        return r;
    if (parameters_read(request_parameters, object, &parameters, &name) < 0)
        return explain_parameter(object, name, ret_reason);
    *ret = (MessageBody){.object = TAKE(object), .parameters = parameters};
    return 0;
}

void message_body_clear(MessageBody *body)
{
    json_object_put(body->object);
    *body = (MessageBody){0};
}
