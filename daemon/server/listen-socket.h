/* SPDX-License-Identifier: Apache-2.0 */
/* A listening UNIX stream socket: handed over by systemd, or made here and removed at the end. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define LISTEN_SOCKETS_MAX 2U /* for clients, and where systemd-report looks */

typedef struct ListenSocket {
    int fd;
    char *path; /* made here, and ours to remove; NULL: by systemd */
    dev_t device;
    ino_t inode; /* of the path, as it was made */
} ListenSocket;

/* Makes a socket of that name, readable and writable for owner and group. A name that is left over
 * from a daemon that is gone is taken over. Negative errno and an owned sentence. */
int listen_socket_bind(const char *path, ListenSocket *ret, char **ret_error);

/* Those that systemd handed over, at most LISTEN_SOCKETS_MAX. How many, 0 where there are none, or
 * negative errno and an owned sentence. */
int listen_socket_inherit(ListenSocket ret[static LISTEN_SOCKETS_MAX], char **ret_error);

/* Closes it, and removes its name unless another socket has that by now. */
void listen_socket_close(ListenSocket *listening);
