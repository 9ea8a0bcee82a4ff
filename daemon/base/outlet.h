/* SPDX-License-Identifier: Apache-2.0 */
/* A way out for records (lines of a log, datagrams to systemd) that a reader at the other end
 * cannot hold up: nothing here waits. What is not taken at once is kept, in order, up to a limit,
 * and sent when outlet_flush() finds room again; what does not fit is lost, and counted.
 *
 * Why not write(2) and sd_journal_sendv(): both block, the first where a pipe or a terminal is not
 * read, the second where journald's queue is full. And O_NONBLOCK may not be set on an inherited
 * descriptor: the flag belongs to the open file, which a shell or another process shares. So:
 *
 * - a socket gets MSG_DONTWAIT;
 * - a pipe or a terminal is opened again, by /proc/self/fd, as a file of our own; where that is not
 *   allowed (another user's pipe, no /proc), it is written to when poll(2) says so, PIPE_BUF bytes
 *   at a time, which a pipe then takes whole;
 * - a regular file takes all at once;
 * - datagrams go through a connected non-blocking socket; one that is too large, as a memfd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/memory.h"

typedef struct Outlet Outlet;

/* Lines to this descriptor, which stays the caller's. 0 or -ENOMEM. */
int outlet_new_stream(int fd, size_t limit_bytes, Outlet **ret);

/* Datagrams to the UNIX socket of that name ("@…": an abstract one). It need not be there yet. 0,
 * -EINVAL for a name that cannot be one, or -ENOMEM. */
int outlet_new_datagrams(const char *address, size_t limit_bytes, Outlet **ret);

void outlet_free(Outlet *outlet); /* takes NULL; what was not taken is gone */
DEFINE_CLEANUP(Outlet, outlet_free)

/* One record, sent whole or not at all; only of a line longer than PIPE_BUF a part may be all that
 * a reader that stopped reading ever gets. True: the other end took it, and all before it. */
bool outlet_send(Outlet *outlet, const char *data, size_t size);

/* Sends what is kept. True: something is left, for a later time. */
bool outlet_flush(Outlet *outlet);

/* Waits for the reader, for that long at most. */
void outlet_drain(Outlet *outlet, uint64_t timeout_usec);

/* Records lost since this was last asked. */
uint64_t outlet_take_lost(Outlet *outlet);
