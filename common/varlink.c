/* SPDX-License-Identifier: Apache-2.0 */
#include "common/varlink.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/json-write.h"
#include "common/json.h"
#include "common/memory.h"

/* The message that begins at the offset, and has no end among the bytes searched; *ret_end is where
 * the next one begins. */
static int message_read(struct evbuffer *buffer, size_t offset, size_t searched,
                        const VarlinkLimits *limits, size_t *ret_end, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *message = NULL;
    struct evbuffer_ptr start, end;
    const char *text;
    int r;

    (void)evbuffer_ptr_set(buffer, &start, searched, EVBUFFER_PTR_SET); /* it is that long */
    end = evbuffer_search(buffer, "", 1, &start);
    if (end.pos < 0)
        return evbuffer_get_length(buffer) - offset > limits->size ? -EMSGSIZE : 0;
    if ((size_t)end.pos - offset > limits->size)
        return -EMSGSIZE;
    text = (const char *)evbuffer_pullup(buffer, end.pos + 1);
    if (!text)
        return -ENOMEM;
    r = json_read_within(text + offset, (size_t)end.pos - offset, VARLINK_DEPTH_MAX, limits->work,
                         &message);
    if (r < 0)
        return r;
    if (!json_object_is_type(message, json_type_object))
        return -EBADMSG;
    *ret_end = (size_t)end.pos + 1;
    *ret = TAKE(message);
    return 1;
}

int varlink_read(struct evbuffer *buffer, size_t *searched, const VarlinkLimits *limits,
                 json_object **ret)
{
    size_t size;
    int r = message_read(buffer, 0, *searched, limits, &size, ret);

    if (r > 0)
        evbuffer_drain(buffer, size);
    *searched = r == 0 ? evbuffer_get_length(buffer) : 0;
    return r;
}

int varlink_peek(struct evbuffer *buffer, VarlinkPeek *peek, const VarlinkLimits *limits,
                 json_object **ret)
{
    size_t searched = peek->searched > peek->offset ? peek->searched : peek->offset;
    int r = message_read(buffer, peek->offset, searched, limits, &peek->offset, ret);

    peek->searched = r == 0 ? evbuffer_get_length(buffer) : peek->offset;
    return r;
}

void varlink_peek_drained(VarlinkPeek *peek, size_t size)
{
    peek->offset -= size < peek->offset ? size : peek->offset;
    peek->searched -= size < peek->searched ? size : peek->searched;
}

int varlink_write(struct evbuffer *buffer, json_object *message)
{
    CLEANUP(freep) char *text = NULL;
    JsonWriter writer = {0};
    size_t size;

    json_write_value(&writer, NULL, message);
    text = json_writer_take(&writer, &size);
    if (!text || evbuffer_add(buffer, text, size + 1) < 0)
        return -ENOMEM;
    return 0;
}

void varlink_tag_socket(int fd, const char *role)
{
    (void)!fsetxattr(fd, VARLINK_ATTRIBUTE, role, strlen(role), 0);
}
