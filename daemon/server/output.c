/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/output.h"

#include <errno.h>
#include <stdlib.h>

#include <event2/buffer.h>

#include "common/varlink.h"

#define OUTPUT_HIGH_MAX ((size_t)(64 * 1024))

struct Output {
    int fd;
    struct evbuffer *bytes; /* nothing is in it once the output is closed */
    size_t high;            /* bytes, with which there is no more room */
    bool closed;
};

int output_new(int fd, size_t high, Output **ret)
{
    Output *output = malloc(sizeof(*output));

    if (!output)
        return -ENOMEM;
    *output = (Output){
        .fd = fd, .bytes = evbuffer_new(), .high = high < OUTPUT_HIGH_MAX ? high : OUTPUT_HIGH_MAX};
    if (!output->bytes) {
        free(output);
        return -ENOMEM;
    }
    *ret = output;
    return 0;
}

void output_free(Output *output)
{
    if (!output)
        return;
    evbuffer_free(output->bytes);
    free(output);
}

int output_add(Output *output, json_object *message)
{
    return output->closed ? 0 : varlink_write(output->bytes, message);
}

int output_add_text(Output *output, const char *text, size_t size)
{
    return output->closed || evbuffer_add(output->bytes, text, size) == 0 ? 0 : -ENOMEM;
}

int output_move(Output *output, struct evbuffer *from, size_t size)
{
    if (output->closed)
        return evbuffer_drain(from, size) < 0 ? -ENOMEM : 0;
    return evbuffer_remove_buffer(from, output->bytes, size) < 0 ? -ENOMEM : 0;
}

bool output_has_room(const Output *output)
{
    return output->closed || evbuffer_get_length(output->bytes) < output->high;
}

void output_write(Output *output)
{
    while (!output_is_empty(output))
        if (evbuffer_write(output->bytes, output->fd) < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return;
            output_close(output);
        }
}

size_t output_size(const Output *output)
{
    return evbuffer_get_length(output->bytes);
}

bool output_is_empty(const Output *output)
{
    return evbuffer_get_length(output->bytes) == 0;
}

void output_close(Output *output)
{
    output->closed = true;
    evbuffer_drain(output->bytes, evbuffer_get_length(output->bytes));
}

bool output_is_closed(const Output *output)
{
    return output->closed;
}
