/* SPDX-License-Identifier: Apache-2.0 */
/* For entries of the journal that a client can cause at will: one a second, which counts those that
 * were left out since the last one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Begins all zero. */
typedef struct LogLimit {
    uint64_t last_usec; /* CLOCK_BOOTTIME; 0: nothing was logged */
    unsigned n_left_out;
} LogLimit;

/* Whether an entry may be written now; *ret_left_out is for that entry to say. */
bool log_limit_take(LogLimit *limit, unsigned *ret_left_out);
