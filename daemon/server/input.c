/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/input.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/varlink.h"

#define READ_SIZE ((size_t)(16 * 1024)) /* at a time: some hundred calls */
#define GATHER_SIZE ((size_t)(64 * 1024))

struct Input {
    int fd;
    struct evbuffer *bytes;
    size_t searched; /* of the bytes, see varlink_read() */
    VarlinkPeek peek;
    bool starved, checked; /* as of the last input_take() and input_check() */
};

int input_new(int fd, Input **ret)
{
    Input *input = malloc(sizeof(*input));

    if (!input)
        return -ENOMEM;
    *input = (Input){.fd = fd, .bytes = evbuffer_new(), .starved = true, .checked = true};
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
    return input_size(input) <= max_message;
}

/* What is long already is kept in one piece: it doubles as it grows, and is not to be put together
 * from thousands of pieces in the turn in which its end comes. */
static int input_gather(Input *input)
{
    return input_size(input) > GATHER_SIZE && !evbuffer_pullup(input->bytes, -1) ? -ENOMEM : 1;
}

/* Through a buffer that all share, so that a client costs no more than what it sent.
 * evbuffer_read() would take 4096 bytes at a time. */
int input_read(Input *input, size_t max_message)
{
    static char buffer[READ_SIZE];
    size_t size = max_message + 1 - input_size(input); /* a message and its end, or too long */
    ssize_t n;

    assert(input_has_room(input, max_message));
    n = recv(input->fd, buffer, size < sizeof(buffer) ? size : sizeof(buffer), MSG_DONTWAIT);
    if (n > 0) {
        input->starved = input->checked = false;
        if (evbuffer_add(input->bytes, buffer, (size_t)n) < 0)
            return -ENOMEM;
        return input_gather(input);
    }
    if (n == 0)
        return 0;
    return errno == EAGAIN || errno == EINTR ? 1 : -EPIPE;
}

int input_take(Input *input, size_t max_message, json_object **ret, size_t *ret_size)
{
    size_t before = input_size(input), taken;
    const VarlinkLimits limits = {max_message, JSON_WORK_MAX};
    int r = varlink_read(input->bytes, &input->searched, &limits, ret);

    taken = before - input_size(input);
    assert(r > 0 ? taken > 0 : taken == 0);
    varlink_peek_drained(&input->peek, taken);
    input->starved = r == 0;
    *ret_size = taken;
    return r;
}

int input_check(Input *input, size_t max_message, json_object **ret, size_t *ret_size)
{
    size_t before = input->peek.offset;
    const VarlinkLimits limits = {max_message, JSON_WORK_MAX};
    int r = varlink_peek(input->bytes, &input->peek, &limits, ret);

    input->checked = r == 0;
    *ret_size = input->peek.offset - before;
    return r;
}

bool input_is_starved(const Input *input)
{
    return input->starved;
}

bool input_is_checked(const Input *input)
{
    return input->checked;
}

size_t input_size(const Input *input)
{
    return evbuffer_get_length(input->bytes);
}

void input_drop(Input *input)
{
    evbuffer_drain(input->bytes, input_size(input));
    input->searched = 0;
    input->peek = (VarlinkPeek){0};
    input->starved = input->checked = true;
}
