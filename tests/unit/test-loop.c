/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/loop.h: a turn ends, whatever is ready. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/loop.h"

#define N_READY 3U   /* descriptors that are ready for ever, as those of clients that never rest */
#define N_TURNS 100U /* after which the test is over */
#define ENDLESS (10U * N_READY * N_TURNS) /* events handled, far more than so many turns have */

typedef struct Fixture {
    Loop *loop;
    int fds[N_READY];
    struct event *events[N_READY];
    unsigned n_ready;  /* events handled */
    unsigned n_turns;  /* turn() called */
    unsigned n_fired;  /* the timer's */
    unsigned n_wanted; /* how often the timer fires; it is set again to now */
    int answer;        /* of turn() */
    Timer timer;
} Fixture;

static void on_ready(evutil_socket_t fd, short events, void *userdata)
{
    Fixture *f = userdata;

    (void)fd, (void)events; /* left unread: it stays ready */
    if (++f->n_ready > ENDLESS)
        fail_msg("a turn that does not end");
}

static void on_fire(void *userdata)
{
    Fixture *f = userdata;

    if (++f->n_fired < f->n_wanted)
        timer_set(&f->timer, timers_boottime_usec(loop_timers(f->loop)));
}

static bool is_well(void *userdata)
{
    (void)userdata;
    return true;
}

static int turn(void *userdata)
{
    Fixture *f = userdata;

    if (++f->n_turns == N_TURNS)
        loop_stop(f->loop);
    return f->answer;
}

static void no_signal(void *userdata)
{
    (void)userdata;
    fail();
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    assert_int_equal(loop_new(&f->loop), 0);
    timer_init(&f->timer, loop_timers(f->loop), on_fire, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    for (size_t i = 0; i < N_READY; i++)
        if (f->events[i]) {
            event_free(f->events[i]);
            close(f->fds[i]);
        }
    timer_clear(&f->timer);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void be_ready(Fixture *f)
{
    for (size_t i = 0; i < N_READY; i++) {
        f->fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        f->events[i] = event_new(loop_base(f->loop), f->fds[i], EV_READ | EV_PERSIST, on_ready, f);
        assert_non_null(f->events[i]);
        assert_int_equal(event_add(f->events[i], NULL), 0);
    }
}

static int run(Fixture *f)
{
    LoopHandler handler = {.is_well = is_well,
                           .turn = turn,
                           .reload = no_signal,
                           .shut_down = no_signal,
                           .userdata = f};

    return loop_run(f->loop, &handler);
}

static void test_a_turn_handles_each_ready_descriptor_once(void **state)
{
    Fixture *f = *state;

    be_ready(f);
    assert_int_equal(run(f), 0);
    assert_int_equal(f->n_turns, N_TURNS);
    assert_int_equal(f->n_ready, N_TURNS * N_READY);
}

static void test_a_turn_with_a_timer_due_handles_each_ready_descriptor_once(void **state)
{
    Fixture *f = *state;

    be_ready(f);
    f->n_wanted = N_TURNS;
    timer_set(&f->timer, 0);
    assert_int_equal(run(f), 0);
    assert_int_equal(f->n_turns, N_TURNS);
    assert_in_range(f->n_ready, (N_TURNS - 1) * N_READY, N_TURNS * N_READY);
    assert_in_range(f->n_fired, N_TURNS / 2, N_TURNS);
}

static void test_a_turn_that_leaves_work_over_is_followed_by_one_that_does_not_wait(void **state)
{
    Fixture *f = *state;

    timer_set(&f->timer, 0); /* for the first turn; then nothing is ready, and no timer set */
    f->answer = LOOP_BUSY;
    assert_int_equal(run(f), 0);
    assert_int_equal(f->n_turns, N_TURNS);
}

static void test_an_error_of_a_turn_ends_the_loop(void **state)
{
    Fixture *f = *state;

    be_ready(f);
    f->answer = -EIO;
    assert_int_equal(run(f), -EIO);
    assert_int_equal(f->n_turns, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_turn_handles_each_ready_descriptor_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_turn_with_a_timer_due_handles_each_ready_descriptor_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_turn_that_leaves_work_over_is_followed_by_one_that_does_not_wait, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_of_a_turn_ends_the_loop, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
