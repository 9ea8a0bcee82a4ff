/* SPDX-License-Identifier: Apache-2.0 */
/* Who may stop and cancel: root, the daemon's own user, and the users and groups of the option
 * `operators`, which a target may set for itself in place of the daemon's. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/memory.h"
#include "daemon/base/peer.h"
#include "daemon/config/config.h"

typedef struct Operators Operators;

/* Looks up the names of all lists together. Those the system does not know (yet) are nobody. A
 * directory service may be asked, and may not answer. 0, or -errno and an owned sentence; -ENOMEM.
 */
int operators_new(const Config *config, Operators **ret, char **ret_error);
void operators_free(Operators *operators); /* takes NULL */
DEFINE_CLEANUP(Operators, operators_free)

/* target: its name. One without a list of its own has the daemon's, as NULL and a name that is not
 * a target's have. */
bool operators_include(const Operators *operators, const char *target, const Peer *peer);

/* Whether the peer is an operator of the daemon or of some target: what a call that can act on
 * nothing is answered with is for any of them. */
bool operators_include_any(const Operators *operators, const Peer *peer);

/* False: the kernel has no number here for whoever calls, who cannot be an operator for that
 * reason. */
bool operators_know(uid_t uid);
