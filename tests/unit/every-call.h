/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a piece of a test again and again, each time with the next allocation in it failing, or the
 * next call that makes a descriptor: the code's own calls and those of its libraries. Each test
 * program that uses it links tests/torture/faults.c.
 *
 * A piece says whether it got what it asked for. Where it did not it checks what the function
 * promises of its failures (the error, that what it returns is untouched); LeakSanitizer looks
 * after the rest. */
#pragma once

#include <stdbool.h>

#include "tests/torture/faults.h"

typedef bool EveryCallPiece(void *data);

/* Until a run has no call left to fail; that one has to succeed, and at least one call has to have
 * failed. */
void every_call(FaultKind kind, EveryCallPiece *piece, void *data);

static inline void every_allocation(EveryCallPiece *piece, void *data)
{
    every_call(FAULT_MEMORY, piece, data);
}
