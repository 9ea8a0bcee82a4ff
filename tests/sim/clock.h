/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's clocks, in microseconds. */
#pragma once

#include <stdint.h>
#include <time.h>

#include "common/time.h"

/* CLOCK_MONOTONIC, which tests can read too (Python's time.monotonic()). */
static inline uint64_t clock_monotonic_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}
