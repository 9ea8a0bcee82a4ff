/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/timer.h: timers fire in order, never from within timer_set(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/virtual-clock.h"

typedef struct Fixture {
    VirtualClock clock;
    Timers *timers;
    Timer a, b, c;
    char fired[64]; /* names of the timers in the order they fired */
} Fixture;

static void note(Fixture *fixture, char name)
{
    size_t n = strlen(fixture->fired);

    assert_true(n + 1 < sizeof(fixture->fired));
    fixture->fired[n] = name;
}

static void fire_a(void *userdata)
{
    note(userdata, 'a');
}

static void fire_b(void *userdata)
{
    note(userdata, 'b');
}

static void fire_c(void *userdata)
{
    note(userdata, 'c');
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Clock clock;

    assert_non_null(fixture);
    fixture->clock.boottime_usec = 1000;
    clock = virtual_clock(&fixture->clock);
    assert_int_equal(timers_new(&clock, &fixture->timers), 0);
    timer_init(&fixture->a, fixture->timers, fire_a, fixture);
    timer_init(&fixture->b, fixture->timers, fire_b, fixture);
    timer_init(&fixture->c, fixture->timers, fire_c, fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    timers_free(fixture->timers);
    free(fixture);
    return 0;
}

static void test_fires_in_order_of_time(void **state)
{
    Fixture *fixture = *state;

    timer_set(&fixture->a, 1030);
    timer_set(&fixture->b, 1010);
    timer_set(&fixture->c, 1020);
    assert_int_equal(timers_next_usec(fixture->timers), 1010);
    fixture->clock.boottime_usec = 1030;
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "bca");
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
}

static void test_fires_at_its_time_and_not_before(void **state)
{
    Fixture *fixture = *state;

    timer_set(&fixture->a, 1001);
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "");
    fixture->clock.boottime_usec = 1001;
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "a");
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "a");
}

static void test_sets_anew(void **state)
{
    Fixture *fixture = *state;

    timer_set(&fixture->a, 1001);
    timer_set(&fixture->a, 1005);
    assert_int_equal(timers_next_usec(fixture->timers), 1005);
    timer_set(&fixture->a, 1002);
    assert_int_equal(timers_next_usec(fixture->timers), 1002);
}

static void test_clears(void **state)
{
    Fixture *fixture = *state;

    timer_set(&fixture->a, 1000);
    timer_clear(&fixture->a);
    timer_clear(&fixture->a);
    timers_run(fixture->timers);
    assert_false(fixture->a.set);
    assert_string_equal(fixture->fired, "");
}

static void test_clears_one_that_is_all_zero(void **state)
{
    Timer timer = {0};

    (void)state;
    timer_clear(&timer);
    assert_false(timer.set);
}

static void set_a_to_now(void *userdata)
{
    Fixture *fixture = userdata;

    note(fixture, 'b');
    timer_set(&fixture->a, 1000);
    timer_set(&fixture->c, 0);
}

static void test_what_is_set_to_now_waits_for_the_next_run(void **state)
{
    Fixture *fixture = *state;

    fixture->b.fire = set_a_to_now;
    timer_set(&fixture->b, 1000);
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "b");
    assert_int_equal(timers_next_usec(fixture->timers), 1001);
    fixture->clock.boottime_usec = 1001;
    timers_run(fixture->timers);
    assert_int_equal(strlen(fixture->fired), 3);
}

static void clear_a(void *userdata)
{
    Fixture *fixture = userdata;

    note(fixture, 'b');
    timer_clear(&fixture->a);
}

static void test_clears_another_that_is_due(void **state)
{
    Fixture *fixture = *state;

    fixture->b.fire = clear_a;
    timer_set(&fixture->b, 999);
    timer_set(&fixture->a, 1000);
    timers_run(fixture->timers);
    assert_string_equal(fixture->fired, "b");
}

static void set_itself(void *userdata)
{
    Fixture *fixture = userdata;

    note(fixture, 'a');
    assert_false(fixture->a.set);
    timer_set(&fixture->a, 2000);
}

static void test_sets_itself_while_it_fires(void **state)
{
    Fixture *fixture = *state;

    fixture->a.fire = set_itself;
    timer_set(&fixture->a, 1000);
    timers_run(fixture->timers);
    assert_true(fixture->a.set);
    assert_int_equal(timers_next_usec(fixture->timers), 2000);
}

/* Work that takes its time. */
static void fire_slowly(void *userdata)
{
    Fixture *fixture = userdata;

    note(fixture, 's');
    fixture->clock.boottime_usec += 10;
}

static void test_what_there_is_no_time_for_is_left_to_the_next_run(void **state)
{
    Fixture *fixture = *state;

    fixture->a.fire = fixture->b.fire = fixture->c.fire = fire_slowly;
    timer_set(&fixture->a, 900);
    timer_set(&fixture->b, 901);
    timer_set(&fixture->c, 902);
    timers_run_for(fixture->timers, 20);
    assert_string_equal(fixture->fired, "ss");
    assert_int_equal(timers_next_usec(fixture->timers), 902);
    timers_run_for(fixture->timers, 0); /* one at least */
    assert_string_equal(fixture->fired, "sss");
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
}

/* ---- many, against a list that is searched from end to end ---- */

#define N_TIMERS 300U

typedef struct Many {
    Timer timers[N_TIMERS];
    uint64_t last_usec; /* of the last that fired */
} Many;

static Many many;

static void fire_many(void *userdata)
{
    const Timer *timer = userdata;

    assert_true(timer->at_usec >= many.last_usec);
    many.last_usec = timer->at_usec;
}

static uint64_t earliest_of_many(void)
{
    uint64_t earliest_usec = TIMER_NEVER;

    for (size_t i = 0; i < N_TIMERS; i++)
        if (many.timers[i].set && many.timers[i].at_usec < earliest_usec)
            earliest_usec = many.timers[i].at_usec;
    return earliest_usec;
}

static void test_keeps_many_in_order(void **state)
{
    Fixture *fixture = *state;

    srand48(42);
    for (size_t i = 0; i < N_TIMERS; i++)
        timer_init(&many.timers[i], fixture->timers, fire_many, &many.timers[i]);
    for (unsigned step = 0; step < 20000; step++) {
        Timer *timer = &many.timers[lrand48() % N_TIMERS];

        switch (lrand48() % 8) {
        case 0:
            timer_clear(timer);
            break;
        case 1:
            fixture->clock.boottime_usec += (uint64_t)(lrand48() % 20);
            many.last_usec = 0;
            timers_run(fixture->timers);
            assert_true(earliest_of_many() > fixture->clock.boottime_usec);
            break;
        default:
            timer_set(timer, fixture->clock.boottime_usec + (uint64_t)(lrand48() % 500));
            break;
        }
        assert_int_equal(timers_next_usec(fixture->timers), earliest_of_many());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fires_in_order_of_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fires_at_its_time_and_not_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sets_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clears, set_up, tear_down),
        cmocka_unit_test(test_clears_one_that_is_all_zero),
        cmocka_unit_test_setup_teardown(test_what_is_set_to_now_waits_for_the_next_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_clears_another_that_is_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sets_itself_while_it_fires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_there_is_no_time_for_is_left_to_the_next_run,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keeps_many_in_order, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
