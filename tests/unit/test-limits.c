/* Which calls share a limiter, and at which rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/limits.h"
#include "tests/unit/virtual-clock.h"

#define HERE "https://cloudtrail.us-east-1.amazonaws.com/"
#define THERE "https://cloudtrail.eu-west-1.amazonaws.com/"

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    Timers *timers;
    Limits *limits;
} Fixture;

static int set_up(void **state)
{
    static Fixture fixture;

    fixture = (Fixture){.virtual = {.boottime_usec = USEC_PER_DAY}};
    fixture.clock = virtual_clock(&fixture.virtual);
    *state = &fixture;
    return timers_new(&fixture.clock, &fixture.timers) < 0 ||
                   limits_new(fixture.timers, &fixture.limits) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    limits_free(fixture->limits);
    timers_free(fixture->timers);
    return 0;
}

static LimitsHolder make_holder(const Fixture *fixture, double stop_rate, double read_rate)
{
    return (LimitsHolder){.limits = fixture->limits,
                          .rates = {[LIMIT_STOP] = stop_rate, [LIMIT_READ] = read_rate}};
}

static void join(LimitsHolder *holder, const char *endpoint, const char *key)
{
    assert_int_equal(limits_join(holder, endpoint, key), 0);
}

static void on_granted(void *userdata)
{
    unsigned *n_granted = userdata;

    ++*n_granted;
}

/* How long the second of two calls waits for the first: the interval that is in force. */
static uint64_t measure_usec(Fixture *fixture, const LimitsHolder *holder, LimitKind kind)
{
    unsigned n_granted = 0;
    LimiterWait first = {.granted = on_granted, .userdata = &n_granted}, second = first;
    uint64_t began_usec;

    fixture->virtual.boottime_usec += USEC_PER_DAY; /* nothing that was before counts any more */
    limiter_enter(limits_get(holder, kind), &first);
    limiter_enter(limits_get(holder, kind), &second);
    began_usec = fixture->virtual.boottime_usec;
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 1);
    fixture->virtual.boottime_usec = limiter_expected_usec(&second);
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 2);
    return fixture->virtual.boottime_usec - began_usec;
}

static void test_an_account_is_an_endpoint_and_a_key(void **state)
{
    static const struct {
        const char *endpoint, *key;
        bool same;
    } samples[] = {
        {HERE, "AKIDONE", true},
        {HERE, "AKIDOTHER", false},
        {THERE, "AKIDONE", false},
        {HERE, "akidone", false},
    };
    Fixture *fixture = *state;
    LimitsHolder first = make_holder(fixture, 1, 10);

    join(&first, HERE, "AKIDONE");
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        LimitsHolder other = make_holder(fixture, 1, 10);

        join(&other, samples[i].endpoint, samples[i].key);
        for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++)
            assert_int_equal(limits_get(&first, kind) == limits_get(&other, kind), samples[i].same);
        limits_leave(&other);
    }
    assert_ptr_not_equal(limits_get(&first, LIMIT_STOP), limits_get(&first, LIMIT_READ));
    limits_leave(&first);
}

static void test_the_lowest_rate_holds_as_long_as_its_holder_is_there(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder fast = make_holder(fixture, 100, 20), slow = make_holder(fixture, 10, 1000);

    join(&fast, HERE, "AKIDONE");
    assert_int_equal(measure_usec(fixture, &fast, LIMIT_STOP), 10 * USEC_PER_MSEC);
    join(&slow, HERE, "AKIDONE");
    assert_int_equal(measure_usec(fixture, &fast, LIMIT_STOP), 100 * USEC_PER_MSEC);
    assert_int_equal(measure_usec(fixture, &slow, LIMIT_READ), 50 * USEC_PER_MSEC);
    limits_leave(&slow);
    assert_int_equal(measure_usec(fixture, &fast, LIMIT_STOP), 10 * USEC_PER_MSEC);
    limits_leave(&fast);
}

static void test_to_join_again_changes_nothing(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder holder = make_holder(fixture, 1, 10);
    Limiter *limiter;

    join(&holder, HERE, "AKIDONE");
    limiter = limits_get(&holder, LIMIT_STOP);
    join(&holder, HERE, "AKIDONE");
    assert_ptr_equal(limits_get(&holder, LIMIT_STOP), limiter);
    limits_leave(&holder);
}

static void test_other_keys_are_another_account(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder moving = make_holder(fixture, 1, 10), staying = make_holder(fixture, 100, 10);

    join(&staying, HERE, "AKIDONE");
    join(&moving, HERE, "AKIDONE");
    join(&moving, HERE, "AKIDOTHER");
    assert_ptr_not_equal(limits_get(&moving, LIMIT_STOP), limits_get(&staying, LIMIT_STOP));
    assert_int_equal(measure_usec(fixture, &staying, LIMIT_STOP), 10 * USEC_PER_MSEC);
    assert_int_equal(measure_usec(fixture, &moving, LIMIT_STOP), USEC_PER_SEC);
    limits_leave(&staying);
    limits_leave(&moving);
}

static void test_a_successor_goes_on_at_its_own_rate(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder old = make_holder(fixture, 0.01, 10), new = make_holder(fixture, 20, 10);

    join(&old, HERE, "AKIDONE");
    limits_follow(&new, &old);
    assert_ptr_equal(limits_get(&new, LIMIT_STOP), limits_get(&old, LIMIT_STOP));
    assert_int_equal(measure_usec(fixture, &old, LIMIT_STOP), 50 * USEC_PER_MSEC);
    limits_leave(&old);
    assert_int_equal(measure_usec(fixture, &new, LIMIT_STOP), 50 * USEC_PER_MSEC);
    limits_leave(&new);
}

static void test_what_was_called_before_counts_for_a_successor(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder old = make_holder(fixture, 1, 10), new = make_holder(fixture, 1, 10);
    unsigned n_granted = 0;
    LimiterWait first = {.granted = on_granted, .userdata = &n_granted}, second = first;

    join(&old, HERE, "AKIDONE");
    limiter_enter(limits_get(&old, LIMIT_STOP), &first);
    timers_run(fixture->timers);
    limits_follow(&new, &old);
    limits_leave(&old);
    limiter_enter(limits_get(&new, LIMIT_STOP), &second);
    assert_int_equal(limiter_expected_usec(&second), fixture->virtual.boottime_usec + USEC_PER_SEC);
    limiter_leave(&second);
    limits_leave(&new);
    assert_int_equal(n_granted, 1);
}

static void test_one_who_has_not_joined_is_followed_nowhere(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder old = make_holder(fixture, 1, 10), new = make_holder(fixture, 1, 10);

    limits_follow(&new, &old);
    assert_null(new.account);
    limits_leave(&new);
    limits_leave(&old);
}

static void test_who_waits_has_its_turn_when_all_have_left(void **state)
{
    Fixture *fixture = *state;
    LimitsHolder holder = make_holder(fixture, 1, 10);
    unsigned n_granted = 0;
    LimiterWait waits[] = {{.granted = on_granted, .userdata = &n_granted},
                           {.granted = on_granted, .userdata = &n_granted}};

    join(&holder, HERE, "AKIDONE");
    for (size_t i = 0; i < 2; i++)
        limiter_enter(limits_get(&holder, LIMIT_STOP), &waits[i]);
    limits_leave(&holder);
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 1);
    fixture->virtual.boottime_usec += USEC_PER_SEC;
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_an_account_is_an_endpoint_and_a_key),
        TEST(test_the_lowest_rate_holds_as_long_as_its_holder_is_there),
        TEST(test_to_join_again_changes_nothing),
        TEST(test_other_keys_are_another_account),
        TEST(test_a_successor_goes_on_at_its_own_rate),
        TEST(test_what_was_called_before_counts_for_a_successor),
        TEST(test_one_who_has_not_joined_is_followed_nowhere),
        TEST(test_who_waits_has_its_turn_when_all_have_left),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
