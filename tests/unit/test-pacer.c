/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/pacer.h: calls go 1/rate apart, first come first served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/aws/pacer.h"
#include "tests/unit/virtual-clock.h"

#define START_USEC (100 * USEC_PER_SEC)
#define N_WAITS 4U
#define N_CLIENTS 3U
#define N_JOBS 40U

typedef struct Caller {
    PacerWait wait;
    uint64_t granted_usec; /* 0: not yet */
    const VirtualClock *clock;
} Caller;

typedef struct Fixture {
    VirtualClock clock;
    Timers *timers;
    Pacer *pacer;
    Caller callers[N_WAITS]; /* jobs, as far as it matters */
    Caller clients[N_CLIENTS];
    Caller jobs[N_JOBS];
} Fixture;

static void granted(void *userdata)
{
    Caller *caller = userdata;

    assert_int_equal(caller->granted_usec, 0);
    assert_null(caller->wait.pacer);
    caller->granted_usec = caller->clock->boottime_usec;
}

static void prepare(Fixture *fixture, Caller *caller, PacerClass of)
{
    *caller = (Caller){
        .wait = {.of = of, .granted = granted, .userdata = caller},
        .clock = &fixture->clock,
    };
}

/* 2 calls per second. */
static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Clock clock;

    assert_non_null(fixture);
    fixture->clock.boottime_usec = START_USEC;
    clock = virtual_clock(&fixture->clock);
    assert_int_equal(timers_new(&clock, &fixture->timers), 0);
    assert_int_equal(pacer_new(fixture->timers, 2, &fixture->pacer), 0);
    for (size_t i = 0; i < N_WAITS; i++)
        prepare(fixture, &fixture->callers[i], PACER_JOB);
    for (size_t i = 0; i < N_CLIENTS; i++)
        prepare(fixture, &fixture->clients[i], PACER_CLIENT);
    for (size_t i = 0; i < N_JOBS; i++)
        prepare(fixture, &fixture->jobs[i], PACER_JOB);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    pacer_unref(fixture->pacer);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    timers_free(fixture->timers);
    free(fixture);
    return 0;
}

static void enter(Fixture *fixture, size_t i)
{
    pacer_enter(fixture->pacer, &fixture->callers[i].wait);
}

static void advance(Fixture *fixture, uint64_t usec)
{
    virtual_advance(&fixture->clock, fixture->timers, START_USEC + usec);
}

static void assert_granted(const Fixture *fixture, size_t i, uint64_t usec)
{
    assert_int_equal(fixture->callers[i].granted_usec, START_USEC + usec);
}

static void test_lets_the_first_go_at_once(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    assert_int_equal(fixture->callers[0].granted_usec, 0); /* but not from pacer_enter() */
    advance(fixture, 0);
    assert_granted(fixture, 0, 0);
}

static void test_spaces_the_others_in_order(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_WAITS; i++)
        enter(fixture, i);
    advance(fixture, 10 * USEC_PER_SEC);
    for (size_t i = 0; i < N_WAITS; i++)
        assert_granted(fixture, i, i * USEC_PER_SEC / 2);
}

static void test_saves_up_nothing(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    advance(fixture, 10 * USEC_PER_SEC);
    enter(fixture, 1);
    enter(fixture, 2);
    advance(fixture, 20 * USEC_PER_SEC);
    assert_granted(fixture, 1, 10 * USEC_PER_SEC);
    assert_granted(fixture, 2, 10 * USEC_PER_SEC + USEC_PER_SEC / 2);
}

static void test_leaving_leaves_no_hole(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_WAITS; i++)
        enter(fixture, i);
    advance(fixture, 0);
    pacer_leave(&fixture->callers[1].wait);
    pacer_leave(&fixture->callers[1].wait);
    advance(fixture, 10 * USEC_PER_SEC);
    assert_int_equal(fixture->callers[1].granted_usec, 0);
    assert_granted(fixture, 2, USEC_PER_SEC / 2);
    assert_granted(fixture, 3, USEC_PER_SEC);
}

static void test_a_slower_rate_counts_from_the_last_call(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    enter(fixture, 1);
    advance(fixture, USEC_PER_SEC / 4);
    pacer_set_rate(fixture->pacer, 0.1);
    advance(fixture, 20 * USEC_PER_SEC);
    assert_granted(fixture, 1, 10 * USEC_PER_SEC);
}

static void test_a_faster_rate_lets_those_who_wait_go_sooner(void **state)
{
    Fixture *fixture = *state;

    pacer_set_rate(fixture->pacer, 0.1);
    enter(fixture, 0);
    enter(fixture, 1);
    enter(fixture, 2);
    advance(fixture, 3 * USEC_PER_SEC);
    pacer_set_rate(fixture->pacer, 1);
    advance(fixture, 20 * USEC_PER_SEC);
    assert_granted(fixture, 1, 3 * USEC_PER_SEC);
    assert_granted(fixture, 2, 4 * USEC_PER_SEC);
}

static void test_knows_when_a_call_will_go(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_WAITS; i++)
        enter(fixture, i);
    advance(fixture, 0);
    assert_int_equal(pacer_expected_usec(&fixture->callers[1].wait), START_USEC + USEC_PER_SEC / 2);
    assert_int_equal(pacer_place(&fixture->callers[1].wait).before, 0);
    assert_int_equal(pacer_place(&fixture->callers[3].wait).before, 2);
    assert_int_equal(pacer_place(&fixture->callers[3].wait).interval_usec, USEC_PER_SEC / 2);
    assert_int_equal(pacer_expected_usec(&fixture->callers[3].wait),
                     START_USEC + 3 * USEC_PER_SEC / 2);
    for (size_t i = 1; i < N_WAITS; i++)
        pacer_leave(&fixture->callers[i].wait);
}

static void test_lives_on_for_those_who_wait(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    pacer_unref(fixture->pacer);
    fixture->pacer = NULL;
    advance(fixture, 0);
    assert_granted(fixture, 0, 0);
}

static void enter_clients(Fixture *fixture)
{
    for (size_t i = 0; i < N_CLIENTS; i++)
        pacer_enter(fixture->pacer, &fixture->clients[i].wait);
}

static void enter_jobs(Fixture *fixture)
{
    for (size_t i = 0; i < N_JOBS; i++)
        pacer_enter(fixture->pacer, &fixture->jobs[i].wait);
}

static void test_jobs_go_before_clients(void **state)
{
    Fixture *fixture = *state;

    enter_clients(fixture);
    enter(fixture, 0);
    advance(fixture, 0);
    assert_granted(fixture, 0, 0);
    enter(fixture, 1);
    enter(fixture, 2);
    advance(fixture, 10 * USEC_PER_SEC);
    assert_granted(fixture, 1, USEC_PER_SEC / 2);
    assert_granted(fixture, 2, USEC_PER_SEC);
    for (size_t i = 0; i < N_CLIENTS; i++)
        assert_int_equal(fixture->clients[i].granted_usec, START_USEC + (i + 3) * USEC_PER_SEC / 2);
}

static void test_jobs_do_not_starve_clients(void **state)
{
    Fixture *fixture = *state;

    enter_jobs(fixture);
    enter_clients(fixture);
    advance(fixture, 60 * USEC_PER_SEC);
    for (size_t i = 0; i < N_CLIENTS; i++) /* after nine jobs each */
        assert_int_equal(fixture->clients[i].granted_usec,
                         START_USEC + (10 * i + 9) * USEC_PER_SEC / 2);
    for (size_t i = 0; i < N_JOBS; i++)
        assert_int_equal(fixture->jobs[i].granted_usec,
                         START_USEC +
                             (i + (i / 9 < N_CLIENTS ? i / 9 : N_CLIENTS)) * USEC_PER_SEC / 2);
}

static void test_expects_of_both_what_comes(void **state)
{
    Fixture *fixture = *state;
    uint64_t clients[N_CLIENTS], jobs[N_JOBS];

    enter(fixture, 0);
    enter_jobs(fixture);
    enter_clients(fixture);
    advance(fixture, 0);
    for (size_t i = 0; i < N_CLIENTS; i++)
        clients[i] = pacer_expected_usec(&fixture->clients[i].wait);
    for (size_t i = 0; i < N_JOBS; i++)
        jobs[i] = pacer_expected_usec(&fixture->jobs[i].wait);
    advance(fixture, 60 * USEC_PER_SEC);
    for (size_t i = 0; i < N_CLIENTS; i++)
        assert_int_equal(fixture->clients[i].granted_usec, clients[i]);
    for (size_t i = 0; i < N_JOBS; i++)
        assert_int_equal(fixture->jobs[i].granted_usec, jobs[i]);
}

static void test_a_client_goes_at_once_where_no_job_waits(void **state)
{
    Fixture *fixture = *state;

    enter_clients(fixture);
    assert_int_equal(pacer_expected_usec(&fixture->clients[2].wait), START_USEC + USEC_PER_SEC);
    advance(fixture, USEC_PER_SEC);
    assert_int_equal(fixture->clients[0].granted_usec, START_USEC);
    assert_int_equal(fixture->clients[2].granted_usec, START_USEC + USEC_PER_SEC);
}

static void test_both_classes_move_to_another_pacer(void **state)
{
    Fixture *fixture = *state;
    Pacer *to;

    assert_int_equal(pacer_new(fixture->timers, 2, &to), 0);
    enter_clients(fixture);
    enter(fixture, 0);
    enter(fixture, 1);
    fixture->clients[1].wait.owner = fixture->callers[1].wait.owner = fixture;
    pacer_move(fixture->pacer, fixture, to);
    assert_ptr_equal(fixture->clients[1].wait.pacer, to);
    assert_ptr_equal(fixture->callers[1].wait.pacer, to);
    assert_ptr_equal(fixture->callers[0].wait.pacer, fixture->pacer);
    advance(fixture, 10 * USEC_PER_SEC);
    assert_granted(fixture, 1, 0);
    assert_int_equal(fixture->clients[1].granted_usec, START_USEC + USEC_PER_SEC / 2);
    pacer_unref(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lets_the_first_go_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spaces_the_others_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_saves_up_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_leaving_leaves_no_hole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_slower_rate_counts_from_the_last_call, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_faster_rate_lets_those_who_wait_go_sooner, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_knows_when_a_call_will_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_jobs_go_before_clients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_jobs_do_not_starve_clients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expects_of_both_what_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_goes_at_once_where_no_job_waits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_both_classes_move_to_another_pacer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lives_on_for_those_who_wait, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
