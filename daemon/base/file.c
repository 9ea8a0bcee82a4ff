/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/explain.h"
#include "common/memory.h"

static int read_all(int fd, char *buffer, size_t size, size_t *length)
{
    while (*length < size) {
        ssize_t n = read(fd, buffer + *length, size - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        *length += (size_t)n;
    }
    return 0;
}

int file_read_text(const char *path, char **ret, char **ret_error)
{
    const size_t size = FILE_TEXT_MAX + 1;
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;

    if (fd < 0)
        return explain(ret_error, -errno, "%s: cannot be read: %s", path, strerror(errno));
    char *buffer = OPENSSL_malloc(size);
    if (!buffer)
        return -ENOMEM;

    char *text = NULL;
    int r = read_all(fd, buffer, size, &length);
    if (r < 0)
        r = explain(ret_error, r, "%s: cannot be read: %s", path, strerror(-r));
    else if (length == size)
        r = explain(ret_error, -EFBIG, "%s: is larger than %u bytes", path, FILE_TEXT_MAX);
    else if (memchr(buffer, '\0', length))
        r = explain(ret_error, -EINVAL, "%s: holds a NUL byte; this is no text file", path);
    else if (!(text = strndup(buffer, length)))
        r = -ENOMEM;
    OPENSSL_cleanse(buffer, length);
    OPENSSL_free(buffer);
    if (r < 0)
        return r;

    *ret = text;
    return 0;
}
