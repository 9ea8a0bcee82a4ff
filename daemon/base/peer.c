/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/peer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

int peer_read(int fd, Peer *ret)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials), groups_size = 0;
    Peer peer = {0};
    int r;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return -errno;
    peer.process = (Requester){credentials.uid, credentials.gid, credentials.pid};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &groups_size) < 0 && errno == ERANGE) {
        peer.groups = malloc(groups_size);
        if (!peer.groups)
            return -ENOMEM;
        r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups, &groups_size);
        assert(r == 0); /* they stay what they were when it connected */
        peer.n_groups = groups_size / sizeof(gid_t);
    }
    *ret = peer;
    return 0;
}

void peer_clear(Peer *peer)
{
    free(peer->groups);
    *peer = (Peer){0};
}
