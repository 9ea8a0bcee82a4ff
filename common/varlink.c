#include "common/varlink.h"

#include <errno.h>
#include <stdbool.h>

#include "common/json.h"
#include "common/memory.h"

static bool message_is_whole(struct evbuffer *buffer, size_t searched, size_t *ret_size)
{
    struct evbuffer_ptr start;

    if (searched > 0 && evbuffer_ptr_set(buffer, &start, searched, EVBUFFER_PTR_SET) < 0)
        return false;
    struct evbuffer_ptr end = evbuffer_search(buffer, "", 1, searched > 0 ? &start : NULL);
    if (end.pos < 0)
        return false;
    *ret_size = (size_t)end.pos;
    return true;
}

int varlink_read(struct evbuffer *buffer, size_t *searched, size_t max_size, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *message = NULL;
    size_t size;

    if (!message_is_whole(buffer, *searched, &size)) {
        *searched = evbuffer_get_length(buffer);
        return *searched > max_size ? -EMSGSIZE : 0;
    }
    *searched = 0;
    if (size > max_size)
        return -EMSGSIZE;

    const char *text = (const char *)evbuffer_pullup(buffer, (ev_ssize_t)size + 1);
    if (!text)
        return -ENOMEM;
    int r = json_read(text, size, VARLINK_DEPTH_MAX, &message);
    if (r < 0)
        return r;
    if (!json_object_is_type(message, json_type_object))
        return -EBADMSG;
    evbuffer_drain(buffer, size + 1);
    *ret = TAKE(message);
    return 1;
}

int varlink_write(struct evbuffer *buffer, json_object *message)
{
    size_t size;

    const char *text = json_text(message, &size);
    if (!text || evbuffer_add(buffer, text, size + 1) < 0)
        return -ENOMEM;
    return 0;
}
