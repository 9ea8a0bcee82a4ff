/* SPDX-License-Identifier: Apache-2.0 */
/* The clock by which transfers have their time: it stands still while this process pauses. Part of
 * the HTTP client.
 *
 * Between two looks at it either the loop turned, and little time passed, or this process was held
 * up: by a sync of the disk, by SIGSTOP, a debugger, a suspended host. What AWS sent meanwhile lies
 * in the sockets, so a pause is not AWS's silence. */
#pragma once

#include <stdint.h>

/* Begins all zero. */
typedef struct TransferClock {
    uint64_t usec;        /* its time */
    uint64_t look_usec;   /* how often it is to be looked at now */
    uint64_t looked_usec; /* when it was last looked at, CLOCK_BOOTTIME */
} TransferClock;

/* Nobody looked, and nobody had to. */
void transfer_clock_restart(TransferClock *clock);

/* Returns how much of the time since the last look is not counted. */
uint64_t transfer_clock_look(TransferClock *clock);

/* How often to look while the least patient transfer waits for so long: often enough that its
 * time-out is kept, and as seldom as that allows, since each look wakes the host up. */
uint64_t transfer_clock_choose_look(uint64_t patience_usec);
