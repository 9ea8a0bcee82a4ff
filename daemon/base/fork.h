/* SPDX-License-Identifier: Apache-2.0 */
/* fork(2) for a process with signal handlers: the child begins with all signals blocked, so that no
 * handler of its parent ever runs in it. */
#pragma once

#include <sys/types.h>

pid_t fork_blocked(void); /* as fork(2); in the parent, the signals are as before */
