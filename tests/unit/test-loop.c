/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/loop.h: a turn ends, whatever is ready. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/loop.h"
#include "daemon/base/notify.h"

#define N_READY 3U   /* descriptors that are ready for ever, as those of clients that never rest */
#define N_TURNS 100U /* after which the test is over */
#define LONG_USEC (6 * USEC_PER_MSEC)     /* more than a pass may take */
#define ENDLESS (10U * N_READY * N_TURNS) /* events handled, far more than so many turns have */

typedef struct Fixture {
    Loop *loop;
    int fds[N_READY];
    struct event *events[N_READY];
    unsigned n_ready; /* events handled */
    unsigned n_ready_each[N_READY];
    unsigned n_turns;  /* turn() called */
    unsigned n_fired;  /* the timer's */
    unsigned n_wanted; /* how often the timer fires; it is set again to now */
    int answer;        /* of turn() */
    bool slow;         /* to handle an event takes long */
    Timer timer;
} Fixture;

static void wait_usec(uint64_t usec)
{
    uint64_t end_usec = time_now_monotonic() + usec;

    while (time_now_monotonic() < end_usec)
        ;
}

static void on_ready(evutil_socket_t fd, short events, void *userdata)
{
    Fixture *f = userdata;

    (void)events; /* left unread: it stays ready */
    for (size_t i = 0; i < N_READY; i++)
        f->n_ready_each[i] += f->fds[i] == fd;
    if (++f->n_ready > ENDLESS)
        fail_msg("a turn that does not end");
    if (f->slow) {
        loop_begin_work();
        wait_usec(LONG_USEC);
        loop_end_work(loop_base(f->loop));
    }
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

static void test_what_a_long_pass_leaves_is_handled_in_the_next_turns(void **state)
{
    Fixture *f = *state;

    f->slow = true;
    be_ready(f);
    assert_int_equal(run(f), 0);
    assert_int_equal(f->n_turns, N_TURNS);
    assert_int_equal(f->n_ready, N_TURNS);
    for (size_t i = 0; i < N_READY; i++)
        assert_in_range(f->n_ready_each[i], N_TURNS / N_READY - 1, N_TURNS);
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

static int turn_without_timer(void *userdata)
{
    Fixture *f = userdata;

    timer_clear(&f->timer);
    return turn(userdata);
}

static void test_a_loop_without_timers_waits_for_descriptors(void **state)
{
    Fixture *f = *state;
    LoopHandler handler = {.is_well = is_well, .turn = turn_without_timer, .userdata = f};

    be_ready(f);
    timer_set(&f->timer, timers_boottime_usec(loop_timers(f->loop)) + USEC_PER_DAY);
    assert_int_equal(loop_run(f->loop, &handler), 0);
    assert_int_equal(f->n_ready, N_TURNS * N_READY);
    assert_int_equal(f->n_fired, 0);
}

/* ---- signs of life ---- */

typedef struct Health {
    Loop *loop;
    bool well;
    unsigned n_asked;
} Health;

static bool look_at_health(void *userdata)
{
    Health *health = userdata;

    if (++health->n_asked == 3)
        loop_stop(health->loop);
    return health->well;
}

static int no_turn(void *userdata)
{
    (void)userdata;
    return 0;
}

/* How many signs there are while it is asked for them three times. */
static unsigned count_signs(bool well)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    Health health = {.well = well};
    LoopHandler handler = {.is_well = look_at_health, .turn = no_turn, .userdata = &health};
    char name[64], text[64];
    unsigned n = 0;
    int length = snprintf(name, sizeof(name), "@trailstop-test-loop-%d", getpid());
    ssize_t size;

    memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "2000", 1);
    assert_int_equal(loop_new(&health.loop), 0);
    assert_int_equal(loop_run(health.loop, &handler), 0);
    loop_free(health.loop);
    notify_close(0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("NOTIFY_SOCKET");
    for (; (size = recv(fd, text, sizeof(text), 0)) >= 0; n++)
        assert_memory_equal(text, "WATCHDOG=1", (size_t)size);
    close(fd);
    return n;
}

static void test_signs_of_life_only_while_all_is_well(void **state)
{
    (void)state;
    assert_int_equal(count_signs(true), 3);
    assert_int_equal(count_signs(false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_turn_handles_each_ready_descriptor_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_long_pass_leaves_is_handled_in_the_next_turns,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_turn_with_a_timer_due_handles_each_ready_descriptor_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_turn_that_leaves_work_over_is_followed_by_one_that_does_not_wait, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_of_a_turn_ends_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_loop_without_timers_waits_for_descriptors, set_up,
                                        tear_down),
        cmocka_unit_test(test_signs_of_life_only_while_all_is_well),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
