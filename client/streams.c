/* SPDX-License-Identifier: Apache-2.0 */
#include "client/streams.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct Stream {
    int fd;
    int error; /* errno of the first failure */
} Stream;

static Stream input = {.fd = STDIN_FILENO};
static Stream output = {.fd = STDOUT_FILENO};
static Stream errors = {.fd = STDERR_FILENO};

/* Whether a call that failed with errno is to be made again, after waiting where it did not. */
static bool stream_waits(const Stream *stream, short events)
{
    struct pollfd ready = {.fd = stream->fd, .events = events};

    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    return poll(&ready, 1, -1) >= 0 || errno == EINTR;
}

static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
    Stream *stream = cookie;
    ssize_t n;

    do
        n = read(stream->fd, buffer, size);
    while (n < 0 && stream_waits(stream, POLLIN));
    return n;
}

/* All of it, or what could be written before a failure. */
static ssize_t stream_write(void *cookie, const char *buffer, size_t size)
{
    Stream *stream = cookie;
    size_t written = 0;

    while (written < size) {
        ssize_t n = write(stream->fd, buffer + written, size - written);

        if (n >= 0)
            written += (size_t)n;
        else if (!stream_waits(stream, POLLOUT))
            break;
    }
    if (written < size && stream->error == 0)
        stream->error = errno;
    return (ssize_t)written;
}

static FILE *stream_open(Stream *stream, const char *mode, int buffering)
{
    cookie_io_functions_t functions = {.read = stream_read, .write = stream_write};
    FILE *file = fopencookie(stream, mode, functions);

    if (file)
        setvbuf(file, NULL, buffering, BUFSIZ);
    return file;
}

int streams_open(void)
{
    FILE *in = stream_open(&input, "r", _IOFBF);
    FILE *out = stream_open(&output, "w", isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    FILE *err = stream_open(&errors, "w", _IOLBF);

    if (!in || !out || !err)
        return -ENOMEM; /* the program ends, and what was opened with it */
    stdin = in;
    stdout = out;
    stderr = err;
    return 0;
}

int streams_output_error(void)
{
    return output.error;
}

/* Of a terminal that does not tell. */
static const struct winsize usual_size = {.ws_col = 80, .ws_row = 24};

/* False: it is not a terminal. */
static bool stream_size(const Stream *stream, struct winsize *ret)
{
    struct winsize size = {0};

    if (!isatty(stream->fd))
        return false;
    (void)ioctl(stream->fd, TIOCGWINSZ, &size);
    ret->ws_col = size.ws_col > 0 ? size.ws_col : usual_size.ws_col;
    ret->ws_row = size.ws_row > 0 ? size.ws_row : usual_size.ws_row;
    return true;
}

size_t streams_output_columns(void)
{
    struct winsize size;

    return stream_size(&output, &size) ? size.ws_col : 0;
}

size_t streams_error_columns(void)
{
    struct winsize size;

    return stream_size(&errors, &size) ? size.ws_col : 0;
}

size_t streams_output_rows(void)
{
    struct winsize size;

    return stream_size(&output, &size) ? size.ws_row : 0;
}
