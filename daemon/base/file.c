/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"

static int explain_unreadable(const char *path, int error, char **ret_error)
{
    return explain(ret_error, error, "%s: cannot be read: %s", path, strerror(-error));
}

/* O_NONBLOCK: a FIFO's other end is not waited for. O_NOCTTY: a terminal stays nobody's. */
static int open_file(const char *path, int *ret_fd, struct stat *ret_status, char **ret_error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return explain_unreadable(path, -errno, ret_error);
    if (fstat(fd, ret_status) < 0) {
        int r = -errno;

        close(fd);
        return explain_unreadable(path, r, ret_error);
    }
    *ret_fd = fd;
    return 0;
}

static bool is_readable_kind(const struct stat *status)
{
    return S_ISREG(status->st_mode) || S_ISFIFO(status->st_mode) ||
           (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3)); /* /dev/null */
}

static int explain_kind(const char *path, const struct stat *status, char **ret_error)
{
    return S_ISDIR(status->st_mode)
               ? explain_unreadable(path, -EISDIR, ret_error)
               : explain(ret_error, -EINVAL, "%s: is not a regular file", path);
}

/* Waits until there is something to read from the pipe, or its end. */
static int wait_for_writer(int fd, uint64_t until_usec)
{
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    uint64_t now_usec = time_now_boottime();
    uint64_t left_usec = now_usec < until_usec ? until_usec - now_usec : 0;
    int n = poll(&pipe, 1, (int)(left_usec / USEC_PER_MSEC));

    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n == 0 ? -ETIMEDOUT : 0;
}

static int read_all(int fd, char *buffer, size_t size, size_t *length)
{
    uint64_t until_usec = time_now_boottime() + FILE_WAIT_USEC;

    while (*length < size) {
        ssize_t n = read(fd, buffer + *length, size - *length);
        int r = 0;

        if (n == 0)
            return 0;
        if (n > 0)
            *length += (size_t)n;
        else if (errno == EAGAIN)
            r = wait_for_writer(fd, until_usec);
        else if (errno != EINTR)
            r = -errno;
        if (r < 0)
            return r;
    }
    return 0;
}

/* What was read, as text. */
static int take_text(const char *path, const char *data, size_t length, char **ret,
                     char **ret_error)
{
    char *text;

    if (length > FILE_TEXT_MAX)
        return explain(ret_error, -EFBIG, "%s: is larger than %u bytes", path, FILE_TEXT_MAX);
    if (memchr(data, '\0', length))
        return explain(ret_error, -EINVAL, "%s: holds a NUL byte, so it is not a text file", path);
    text = strndup(data, length);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

int file_read_text(const char *path, char **ret, char **ret_error)
{
    const size_t size = FILE_TEXT_MAX + 1;
    CLEANUP(closep) int fd = -1;
    struct stat status;
    size_t length = 0;
    char *buffer;
    int r = open_file(path, &fd, &status, ret_error);

    if (r < 0)
        return r;
    if (!is_readable_kind(&status))
        return explain_kind(path, &status, ret_error);
    buffer = OPENSSL_malloc(size);
    if (!buffer)
        return -ENOMEM;
    r = read_all(fd, buffer, size, &length);
    if (r == -ETIMEDOUT)
        r = explain(ret_error, r, "%s: is a pipe whose writer does not come to an end", path);
    else if (r < 0)
        r = explain_unreadable(path, r, ret_error);
    else if (length == 0 && S_ISFIFO(status.st_mode))
        r = explain(ret_error, -ENODATA, "%s: is a pipe that nobody has written to", path);
    else
        r = take_text(path, buffer, length, ret, ret_error);
    OPENSSL_cleanse(buffer, length);
    OPENSSL_free(buffer);
    return r;
}

int file_check_regular(const char *path, char **ret_error)
{
    CLEANUP(closep) int fd = -1;
    struct stat status;
    int r = open_file(path, &fd, &status, ret_error);

    if (r < 0)
        return r;
    if (!S_ISREG(status.st_mode))
        return explain_kind(path, &status, ret_error);
    return status.st_size > 0 ? 0 : explain(ret_error, -ENODATA, "%s: is empty", path);
}
