/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/child.h: a child ends once, whatever it does, and nothing of it is left. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/child.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)

typedef struct Fixture {
    struct event_base *base;
    Timers *timers;
    uint64_t now_usec; /* stands still unless a test moves it */
    Child *child;
    unsigned calls;
    ChildEnd end;
    int status;
    size_t output_size;
    char errors[CHILD_ERRORS_MAX + 1];
} Fixture;

static uint64_t get_now(void *userdata)
{
    return ((Fixture *)userdata)->now_usec;
}

static int set_up(void **state)
{
    static Fixture fixture;
    Fixture *f = &fixture;
    const Clock clock = {get_now, get_now, f};

    *f = (Fixture){.base = event_base_new(), .now_usec = USEC_PER_DAY};
    *state = f;
    return f->base ? timers_new(&clock, &f->timers) : -1;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    child_free(f->child);
    /* What was killed is reaped when it is dead. */
    while (waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0)
        assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
    assert_int_equal(errno, ECHILD);
    timers_free(f->timers);
    event_base_free(f->base);
    return 0;
}

static void on_done(const ChildResult *result, void *userdata)
{
    Fixture *f = userdata;

    f->calls++;
    f->end = result->end;
    f->status = result->status;
    f->output_size = result->output_size;
    strcpy(f->errors, result->errors);
}

static void start(Fixture *f, const char *script)
{
    char *const words[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};

    assert_int_equal(child_start(f->base, f->timers, words, TIMEOUT_USEC, on_done, f, &f->child),
                     0);
}

static void run(Fixture *f, const char *script)
{
    start(f, script);
    while (f->calls == 0)
        assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
}

static void pass_time(Fixture *f, uint64_t usec)
{
    f->now_usec += usec;
    timers_run(f->timers);
}

/* Until it is gone, while its owner keeps it: it is not reported again. */
static void await_its_death(Fixture *f)
{
    while (waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0)
        assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
    assert_int_equal(f->calls, 1);
}

static void test_one_that_is_too_loud_is_killed(void **state)
{
    Fixture *f = *state;

    run(f, "yes; exit 0");
    assert_int_equal(f->end, CHILD_TOO_LOUD);
    assert_true(f->output_size > CHILD_OUTPUT_MAX);
    await_its_death(f);
}

static void test_one_that_takes_too_long_is_killed(void **state)
{
    Fixture *f = *state;

    start(f, "echo out; exec sleep 1000");
    pass_time(f, TIMEOUT_USEC - 1);
    assert_int_equal(f->calls, 0);
    pass_time(f, 1);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->end, CHILD_TIMED_OUT);
    await_its_death(f);
}

/* A sync, a suspended host: its time was not the child's. */
static void test_a_pause_of_this_process_is_given_again(void **state)
{
    Fixture *f = *state;

    start(f, "exec sleep 1000");
    pass_time(f, TIMEOUT_USEC + 4 * USEC_PER_SEC);
    assert_int_equal(f->calls, 0);
    assert_int_equal(timers_next_usec(f->timers), f->now_usec + 4 * USEC_PER_SEC);
    pass_time(f, USEC_PER_DAY); /* but no more than all of it */
    assert_int_equal(timers_next_usec(f->timers), f->now_usec + TIMEOUT_USEC);
    pass_time(f, TIMEOUT_USEC);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->end, CHILD_TIMED_OUT);
}

static void test_of_its_errors_the_end_is_kept(void **state)
{
    Fixture *f = *state;

    /* Cut in the middle of a character. */
    run(f,
        "exec >&2; printf 'x%.0s' $(seq 3000); printf '\\303\\251%.0s' $(seq 512); echo; exit 7");
    assert_int_equal(f->end, CHILD_ENDED);
    assert_int_equal(WEXITSTATUS(f->status), 7);
    assert_int_equal(strlen(f->errors), CHILD_ERRORS_MAX - 1);
    assert_memory_equal(f->errors, "\xC3\xA9\xC3\xA9", 4);
}

static void test_the_end_of_another_is_not_its_end(void **state)
{
    Fixture *f = *state, other = {.base = f->base, .timers = f->timers};

    start(f, "read line"); /* its input is empty, so it ends at once */
    start(&other, "exec sleep 1000");
    while (f->calls == 0)
        assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
    assert_int_equal(other.calls, 0);
    child_free(other.child);
}

/* They die later than they are killed, and are reaped then, in whatever order. */
static void test_those_that_nobody_wants_are_reaped(void **state)
{
    Fixture *f = *state;

    for (unsigned i = 0; i < 5; i++) {
        start(f, "exec sleep 1000");
        child_free(f->child);
        f->child = NULL;
    }
    start(f, "exit 0");
    while (f->calls == 0)
        assert_true(event_base_loop(f->base, EVLOOP_ONCE) >= 0);
    assert_int_equal(f->calls, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_that_is_too_loud_is_killed),
        TEST(test_one_that_takes_too_long_is_killed),
        TEST(test_a_pause_of_this_process_is_given_again),
        TEST(test_of_its_errors_the_end_is_kept),
        TEST(test_the_end_of_another_is_not_its_end),
        TEST(test_those_that_nobody_wants_are_reaped),
    };

    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
