/* SPDX-License-Identifier: Apache-2.0 */
/* For entries of the journal that somebody outside can cause at will: so many a second, with a
 * count of those that were left out since the last one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Begins all zero, except for burst and reserve. */
typedef struct LogLimit {
    unsigned burst;      /* entries of one second; 0 stands for one */
    unsigned reserve;    /* so many more; what a second leaves of its burst fills it again */
    uint64_t began_usec; /* this second; CLOCK_BOOTTIME; 0: nothing was logged */
    unsigned n_logged;   /* in it */
    unsigned n_spent;    /* of the reserve */
    unsigned n_left_out;
} LogLimit;

/* Whether an entry may be written now (CLOCK_BOOTTIME); *ret_left_out is for that entry to say. */
bool log_limit_take(LogLimit *limit, uint64_t now_usec, unsigned *ret_left_out);
