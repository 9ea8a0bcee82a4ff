/* SPDX-License-Identifier: Apache-2.0 */
/* An outage on a virtual clock, and jobs that it may hold up. */
#pragma once

#include "common/time.h"
#include "daemon/jobs/outage.h"
#include "tests/unit/virtual-clock.h"

#define START_USEC (100 * USEC_PER_SEC)
#define N_JOBS 3U

typedef struct FakeJob {
    OutageWait wait;
    const VirtualClock *clock;
    bool on_the_wire;
    unsigned n_resumed;
    uint64_t resumed_usec, delay_usec;
} FakeJob;

typedef struct Fixture {
    VirtualClock clock;
    Timers *timers;
    Outage *outage;
    Random random;
    FakeJob jobs[N_JOBS];
    CallError error;
} Fixture;

/* The random number is 0.5: waits are half of what they may be at most. */
int outage_world_setup(void **state);
int outage_world_teardown(void **state);

/* Notes it in the FakeJob. */
extern const OutageHooks world_hooks;

/* What job i does or meets. */
bool world_enter(Fixture *fixture, size_t i);
void world_fail(Fixture *fixture, size_t i);
void world_answer(Fixture *fixture, size_t i);

/* To so long after the start. */
void world_advance(Fixture *fixture, uint64_t usec);

/* So many times, the last one so long after the start. */
void world_assert_resumed(const Fixture *fixture, size_t i, unsigned n, uint64_t usec);
