/* Who is at the other end of a connection, and who may stop and cancel: root, the daemon's own
 * user, and the users and groups of the option `operators`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/jobs/job-record.h"

typedef struct Peer {
    Requester process; /* as the kernel saw it connect (SO_PEERCRED) */
    gid_t *groups;     /* its supplementary groups (SO_PEERGROUPS) */
    size_t n_groups;
} Peer;

int peer_read(int fd, Peer *ret); /* 0 or negative errno; clear it afterwards */
void peer_clear(Peer *peer);

typedef struct Operators Operators;

/* names: NULL-terminated, users and @groups. Those the system does not know (yet) are nobody. */
int operators_new(char *const *names, Operators **ret);
void operators_free(Operators *operators); /* takes NULL */
bool operators_include(const Operators *operators, const Peer *peer);
