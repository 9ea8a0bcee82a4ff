/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/outage-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void world_resume(uint64_t delay_usec, void *userdata)
{
    FakeJob *job = userdata;

    job->n_resumed++;
    job->resumed_usec = job->clock->boottime_usec;
    job->delay_usec = delay_usec;
}

static bool hold(void *userdata)
{
    const FakeJob *job = userdata;

    return !job->on_the_wire;
}

const OutageHooks world_hooks = {.resume = world_resume, .hold = hold};

int outage_world_setup(void **state)
{
    static char code[] = "TimedOut", message[] = "no answer";
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Clock clock;

    assert_non_null(fixture);
    fixture->clock = (VirtualClock){.boottime_usec = START_USEC, .random = 0.5};
    fixture->error = (CallError){.code = code, .message = message};
    fixture->random = virtual_random(&fixture->clock);
    clock = virtual_clock(&fixture->clock);
    assert_int_equal(timers_new(&clock, &fixture->timers), 0);
    assert_int_equal(
        outage_new(fixture->timers, &fixture->random, AWS_OWNER_TARGET, "t", &fixture->outage), 0);
    for (size_t i = 0; i < N_JOBS; i++) {
        fixture->jobs[i].clock = &fixture->clock;
        fixture->jobs[i].wait.hooks = &world_hooks;
        fixture->jobs[i].wait.userdata = &fixture->jobs[i];
    }
    *state = fixture;
    return 0;
}

int outage_world_teardown(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        outage_leave(&fixture->jobs[i].wait);
    outage_unref(fixture->outage);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    timers_free(fixture->timers);
    free(fixture);
    return 0;
}

bool world_enter(Fixture *fixture, size_t i)
{
    return outage_enter(fixture->outage, &fixture->jobs[i].wait);
}

void world_fail(Fixture *fixture, size_t i)
{
    outage_failed(&fixture->jobs[i].wait, &fixture->error);
}

void world_answer(Fixture *fixture, size_t i)
{
    outage_answered(&fixture->jobs[i].wait);
}

void world_advance(Fixture *fixture, uint64_t usec)
{
    virtual_advance(&fixture->clock, fixture->timers, START_USEC + usec);
}

void world_assert_resumed(const Fixture *fixture, size_t i, unsigned n, uint64_t usec)
{
    assert_int_equal(fixture->jobs[i].n_resumed, n);
    assert_int_equal(fixture->jobs[i].resumed_usec, START_USEC + usec);
}
