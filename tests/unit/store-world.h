/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, on a clock that a test moves. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/jobs/store.h"
#include "tests/unit/virtual-clock.h"

#define BOOTTIME_USEC (1000 * USEC_PER_SEC)
#define REALTIME_USEC (UINT64_C(1795348800) * USEC_PER_SEC)

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    char directory[64], path[96];
    Store *store;
} Fixture;

int set_up_store(void **state);
int tear_down_store(void **state); /* also where the test has closed it */

void open_store(Fixture *fixture);
void close_store(Fixture *fixture);
void reopen_store(Fixture *fixture);

/* Of a store that is closed, as another program would. */
void execute(const Fixture *fixture, const char *sql);

/* A job that knows nothing but what every job has. Its strings are not owned. */
JobRecord plain_job(uint64_t number, JobState state);

/* In one transaction. */
int try_save(Fixture *fixture, const JobRecord *const records[], size_t n_records);
void save(Fixture *fixture, const JobRecord *record);

void assert_stored(Fixture *fixture, const JobRecord *expected);

/* Jobs 1 to 6: odd ones run, even ones have ended; the last two are of another target. */
void save_six(Fixture *fixture);
