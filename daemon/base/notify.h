/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is notified of, as sd_notify(3) does, except that it never waits: a notify socket
 * that nobody reads must not stop the daemon. What is not taken is sent with a later turn of the
 * loop, in order.
 *
 * Source: sd_notify(3), "NOTIFY_SOCKET". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* At the start, so that nothing is missing later; 0 also where nobody asked to be notified,
 * -ENOMEM, or -EINVAL: $NOTIFY_SOCKET is not an address. */
int notify_open(void);

/* Lines as sd_notify(3) has them, such as "READY=1". */
__attribute__((format(printf, 1, 2))) void notify_send(const char *format, ...);

/* True: something is left, for a later time. */
bool notify_flush(void);

/* At the end of the process; waits for the reader for that long at most. */
void notify_close(uint64_t timeout_usec);
