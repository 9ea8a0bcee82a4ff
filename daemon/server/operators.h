/* SPDX-License-Identifier: Apache-2.0 */
/* Who may stop and cancel: root, the daemon's own user, and the users and groups of the option
 * `operators`. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/memory.h"
#include "daemon/base/peer.h"

typedef struct Operators Operators;

/* names: NULL-terminated, users and @groups. Those the system does not know (yet) are nobody. A
 * directory service may be asked, and may not answer. 0, -errno and an owned sentence, or -ENOMEM.
 */
int operators_new(char *const *names, Operators **ret, char **ret_error);
void operators_free(Operators *operators); /* takes NULL */
DEFINE_CLEANUP(Operators, operators_free)
bool operators_include(const Operators *operators, const Peer *peer);

/* False: the kernel has no number here for whoever calls, who can be no operator for that reason.
 */
bool operators_know(uid_t uid);
