/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/input.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <event2/buffer.h>

#include "common/varlink.h"

#define READ_SIZE (64 * 1024) /* at a time, so that every client gets its share */

struct Input {
    int fd;
    struct evbuffer *bytes;
    size_t searched; /* of the bytes, see varlink_read() */
    size_t checked;  /* of the bytes: whole messages that input_check() has seen */
    bool starved;
};

int input_new(int fd, Input **ret)
{
    Input *input = malloc(sizeof(*input));

    if (!input)
        return -ENOMEM;
    *input = (Input){.fd = fd, .bytes = evbuffer_new(), .starved = true};
    if (!input->bytes) {
        free(input);
        return -ENOMEM;
    }
    *ret = input;
    return 0;
}

void input_free(Input *input)
{
    if (!input)
        return;
    evbuffer_free(input->bytes);
    free(input);
}

bool input_has_room(const Input *input, size_t max_message)
{
    return evbuffer_get_length(input->bytes) <= max_message + READ_SIZE;
}

int input_read(Input *input)
{
    int n = evbuffer_read(input->bytes, input->fd, READ_SIZE);

    if (n > 0) {
        input->starved = false;
        return 1;
    }
    if (n == 0)
        return 0;
    if (errno == EAGAIN || errno == EINTR)
        return 1;
    return errno == ENOMEM ? -ENOMEM : -EPIPE;
}

int input_take(Input *input, size_t max_message, json_object **ret)
{
    size_t before = evbuffer_get_length(input->bytes), taken;
    int r = varlink_read(input->bytes, &input->searched, max_message, ret);

    taken = before - evbuffer_get_length(input->bytes);
    assert(r > 0 ? taken > 0 : taken == 0);
    input->checked -= taken < input->checked ? taken : input->checked;
    input->starved = r == 0;
    return r;
}

int input_check(Input *input, size_t max_message, json_object **ret)
{
    return varlink_peek(input->bytes, &input->checked, max_message, ret);
}

bool input_is_starved(const Input *input)
{
    return input->starved;
}

void input_drop(Input *input)
{
    evbuffer_drain(input->bytes, evbuffer_get_length(input->bytes));
    input->searched = input->checked = 0;
    input->starved = true;
}
