/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/outage.h: who probes while a target is out, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include <cmocka.h>

#include "daemon/base/journal.h"
#include "tests/unit/outage-world.h"

static void test_one_probes_at_a_time_in_order(void **state)
{
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    world_enter(fixture, 1);
    world_enter(fixture, 2);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC / 2);
    world_advance(fixture, 10 * USEC_PER_SEC);
    world_assert_resumed(fixture, 0, 1, USEC_PER_SEC / 2);
    assert_int_equal(fixture->jobs[1].n_resumed + fixture->jobs[2].n_resumed, 0);
    assert_true(world_enter(fixture, 0));
    world_fail(fixture, 0);
    world_advance(fixture, 11 * USEC_PER_SEC);
    world_assert_resumed(fixture, 1, 1, 11 * USEC_PER_SEC);
    assert_int_equal(fixture->jobs[0].n_resumed + fixture->jobs[2].n_resumed, 1);
}

static void test_doubles_the_wait_with_each_probe(void **state)
{
    static const uint64_t waits_sec[] = {1, 2, 4, 8, 16, 32, 64, 128, 150, 150};
    Fixture *fixture = *state;
    uint64_t at_usec = USEC_PER_SEC / 2;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    for (unsigned i = 0; i < sizeof(waits_sec) / sizeof(waits_sec[0]); i++) {
        world_advance(fixture, at_usec);
        world_assert_resumed(fixture, 0, i + 1, at_usec);
        assert_true(world_enter(fixture, 0));
        world_fail(fixture, 0);
        at_usec += waits_sec[i] * USEC_PER_SEC;
    }
}

static void test_waits_can_begin_again(void **state)
{
    static const unsigned n_failures = 10;
    Fixture *fixture = *state;
    uint64_t probe_usec;

    outage_restart_waits(fixture->outage);
    assert_true(world_enter(fixture, 0));
    world_fail(fixture, 0);
    for (unsigned i = 0; i < n_failures; i++) {
        world_advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
        world_enter(fixture, 0);
        world_fail(fixture, 0);
    }
    probe_usec = outage_next_usec(fixture->outage);
    assert_true(probe_usec > fixture->clock.boottime_usec + USEC_PER_MINUTE);
    outage_restart_waits(fixture->outage);
    probe_usec = outage_next_usec(fixture->outage);
    assert_int_equal(probe_usec, fixture->clock.boottime_usec + USEC_PER_SEC / 2);

    world_advance(fixture, probe_usec - START_USEC);
    world_assert_resumed(fixture, 0, n_failures + 1, probe_usec - START_USEC);
    world_enter(fixture, 0);
    world_fail(fixture, 0);
    assert_int_equal(outage_next_usec(fixture->outage), probe_usec + USEC_PER_SEC);
}

static void test_only_the_probe_counts_as_a_failure(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++) {
        world_enter(fixture, i);
        fixture->jobs[i].on_the_wire = true;
    }
    world_fail(fixture, 0);
    world_fail(fixture, 1);
    world_fail(fixture, 2);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC / 2);
}

static void test_a_probe_that_leaves_makes_room_for_another(void **state)
{
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    world_enter(fixture, 1);
    world_advance(fixture, USEC_PER_SEC);
    assert_true(world_enter(fixture, 0));
    outage_leave(&fixture->jobs[0].wait);
    world_advance(fixture, 2 * USEC_PER_SEC);
    world_assert_resumed(fixture, 1, 1, 3 * USEC_PER_SEC / 2);
}

/* Its jobs may have expired long ago: the wait is for those that wait. */
static void test_who_comes_after_all_have_left_probes_at_once(void **state)
{
    static const uint64_t later_usec[] = {0, 10 * USEC_PER_SEC};

    for (size_t i = 0; i < sizeof(later_usec) / sizeof(later_usec[0]); i++) {
        Fixture *fixture = *state;

        world_enter(fixture, 0);
        world_fail(fixture, 0);
        outage_leave(&fixture->jobs[0].wait);
        outage_leave(&fixture->jobs[0].wait);
        assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
        fixture->clock.boottime_usec += later_usec[i];
        assert_true(world_enter(fixture, 1));
        assert_false(world_enter(fixture, 2));
        world_advance(fixture, fixture->clock.boottime_usec - START_USEC + 10 * USEC_PER_SEC);
        assert_int_equal(fixture->jobs[0].n_resumed, 0);
        assert_int_equal(fixture->jobs[2].n_resumed, i);
        world_answer(fixture, 1);
        assert_int_equal(fixture->jobs[2].n_resumed, i + 1);
    }
}

static void test_a_probe_at_once_that_fails_waits_longer(void **state)
{
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    outage_leave(&fixture->jobs[0].wait);
    world_enter(fixture, 1);
    world_fail(fixture, 1);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC);
    assert_false(world_enter(fixture, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outage_world_setup, outage_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_probes_at_a_time_in_order),
        TEST(test_doubles_the_wait_with_each_probe),
        TEST(test_waits_can_begin_again),
        TEST(test_only_the_probe_counts_as_a_failure),
        TEST(test_a_probe_that_leaves_makes_room_for_another),
        TEST(test_who_comes_after_all_have_left_probes_at_once),
        TEST(test_a_probe_at_once_that_fails_waits_longer),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
