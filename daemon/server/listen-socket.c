/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/listen-socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <event2/util.h>
#include <systemd/sd-daemon.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/varlink.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif

/* Without waiting for room in the backlog: that there is none means that somebody listens. */
static bool is_in_use(const struct sockaddr_un *address)
{
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
           errno != ECONNREFUSED;
}

static int clear_name(const struct sockaddr_un *address, char **ret_error)
{
    const char *path = address->sun_path;
    struct stat status;

    if (lstat(path, &status) < 0)
        return 0;
    if (!S_ISSOCK(status.st_mode))
        return explain(
            ret_error, -EEXIST,
            "socket %s: there is something else of that name; remove it, or set another path",
            path);
    if (is_in_use(address))
        return explain(ret_error, -EADDRINUSE, "socket %s: another trailstopd listens there", path);
    (void)unlink(path); /* left over; bind says so where it could not be removed */
    return 0;
}

/* No method takes descriptors: a client that sends some is refused by kernels from Linux 6.16 on,
 * and they do not stay in a queue meanwhile. */
static void prepare(int fd)
{
    const int off = 0;

    (void)!setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
    varlink_tag_socket(fd, "listen");
}

int listen_socket_bind(const char *path, ListenSocket *ret, char **ret_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP(closep) int fd = -1;
    struct stat status;
    int r;

    assert(strlen(path) < sizeof(address.sun_path)); /* the configuration sees to it */
    strcpy(address.sun_path, path);
    r = clear_name(&address, ret_error);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return explain(ret_error, -errno, "socket %s cannot be made: %m", path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return explain(ret_error, -errno, "socket %s cannot be bound: %m", path);
    if (chmod(path, 0660) < 0 || listen(fd, SOMAXCONN) < 0 || lstat(path, &status) < 0) {
        r = explain(ret_error, -errno, "socket %s cannot be listened on: %m", path);
        (void)unlink(path);
        return r;
    }
    prepare(fd);
    (void)!setxattr(path, VARLINK_ATTRIBUTE, "entrypoint", strlen("entrypoint"), 0);
    *ret = (ListenSocket){
        .fd = fd, .path = strdup(path), .device = status.st_dev, .inode = status.st_ino};
    fd = -1;
    if (!ret->path) {
        listen_socket_close(ret);
        return -ENOMEM;
    }
    return 0;
}

int listen_socket_inherit(ListenSocket ret[static LISTEN_SOCKETS_MAX], char **ret_error)
{
    int n = sd_listen_fds(1);

    if (n < 0)
        return explain(ret_error, n, "the sockets of systemd cannot be taken over: %s",
                       strerror(-n));
    if ((unsigned)n > LISTEN_SOCKETS_MAX)
        return explain(ret_error, -EINVAL,
                       "systemd handed over %d sockets, more than %u: see trailstopd.socket", n,
                       LISTEN_SOCKETS_MAX);
    for (int i = 0; i < n; i++) {
        int fd = SD_LISTEN_FDS_START + i;

        if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
            return explain(ret_error, -EINVAL,
                           "descriptor %d that systemd handed over is not a listening UNIX stream "
                           "socket: see trailstopd.socket",
                           fd);
        if (evutil_make_socket_nonblocking(fd) < 0)
            return explain(ret_error, -EIO, "the socket of systemd cannot be made non-blocking");
        prepare(fd); /* the name of the socket is systemd's */
        ret[i] = (ListenSocket){.fd = fd};
    }
    return n;
}

void listen_socket_close(ListenSocket *listening)
{
    struct stat status;

    if (listening->path && lstat(listening->path, &status) == 0 &&
        status.st_dev == listening->device && status.st_ino == listening->inode)
        (void)unlink(listening->path);
    free(listening->path);
    close(listening->fd);
    *listening = (ListenSocket){.fd = -1};
}
