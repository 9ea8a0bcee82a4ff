/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are made to fail in this program, for a test that links faults.c: allocations, also
 * those of the libraries, and what makes descriptors. Between faults_begin() and faults_end() the
 * at-th call of the kind fails, from 1, and so do those that follow it until so many have. */
#pragma once

#include <stdint.h>

typedef enum FaultKind {
    FAULT_MEMORY,
    FAULT_DESCRIPTOR,
    FAULT_WRITE,
    FAULT_SYNC,
    N_FAULT_KINDS
} FaultKind;

void faults_begin(FaultKind kind, uint64_t at, uint64_t calls);

/* How many calls of that kind there were since then, those that failed included. */
uint64_t faults_end(FaultKind kind);
