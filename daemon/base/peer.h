/* SPDX-License-Identifier: Apache-2.0 */
/* The process at the other end of a connection, as the kernel saw it connect.
 *
 * Source: unix(7), SO_PEERCRED and SO_PEERGROUPS. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

typedef struct Requester {
    uid_t uid;
    gid_t gid;
    pid_t pid; /* decoration: it may be another process's by now */
} Requester;

typedef struct Peer {
    Requester process;
    gid_t *groups; /* supplementary, owned */
    size_t n_groups;
} Peer;

int peer_read(int fd, Peer *ret); /* 0 or negative errno; clear it afterwards */
void peer_clear(Peer *peer);
