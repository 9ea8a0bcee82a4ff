/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls share a pacer, and at which rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/aws/quotas.h"
#include "tests/unit/virtual-clock.h"

#define HERE "https://cloudtrail.us-east-1.amazonaws.com/"
#define THERE "https://cloudtrail.eu-west-1.amazonaws.com/"

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    Timers *timers;
    Quotas *quotas;
} Fixture;

static int set_up(void **state)
{
    static Fixture fixture;

    fixture = (Fixture){.virtual = {.boottime_usec = USEC_PER_DAY}};
    fixture.clock = virtual_clock(&fixture.virtual);
    *state = &fixture;
    return timers_new(&fixture.clock, &fixture.timers) < 0 ||
                   quotas_new(fixture.timers, &fixture.quotas) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    quotas_free(fixture->quotas);
    timers_free(fixture->timers);
    return 0;
}

static QuotasHolder make_holder(const Fixture *fixture, double stop_rate, double read_rate)
{
    return (QuotasHolder){.quotas = fixture->quotas,
                          .rates = {[QUOTA_STOP] = stop_rate, [QUOTA_READ] = read_rate}};
}

static void join(QuotasHolder *holder, const char *id)
{
    assert_int_equal(quotas_join(holder, "cloudtrail", HERE, "us-east-1", id), 0);
}

static void on_granted(void *userdata)
{
    unsigned *n_granted = userdata;

    ++*n_granted;
}

static void advance(Fixture *fixture, uint64_t usec)
{
    virtual_advance(&fixture->virtual, fixture->timers, fixture->virtual.boottime_usec + usec);
}

/* How long the second of two calls waits for the first: the interval that is in force. */
static uint64_t measure_usec(Fixture *fixture, QuotasHolder *holder, QuotaKind kind)
{
    unsigned n_granted = 0;
    PacerWait first = {.granted = on_granted, .userdata = &n_granted}, second = first;
    uint64_t began_usec;

    fixture->virtual.boottime_usec += USEC_PER_DAY; /* nothing that was before counts any more */
    quotas_enter(holder, kind, &first);
    quotas_enter(holder, kind, &second);
    began_usec = fixture->virtual.boottime_usec;
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 1);
    fixture->virtual.boottime_usec = pacer_expected_usec(&second);
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 2);
    return fixture->virtual.boottime_usec - began_usec;
}

static void test_an_account_is_an_endpoint_a_region_and_an_id(void **state)
{
    static const struct {
        const char *endpoint, *region, *id;
        bool same;
    } samples[] = {
        {HERE, "us-east-1", "AKIDONE", true},   {HERE, "us-east-1", "AKIDOTHER", false},
        {THERE, "us-east-1", "AKIDONE", false}, {HERE, "eu-west-1", "AKIDONE", false},
        {HERE, "us-east-1", "akidone", false},
    };
    Fixture *fixture = *state;
    QuotasHolder first = make_holder(fixture, 1, 10);

    join(&first, "AKIDONE");
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        QuotasHolder other = make_holder(fixture, 1, 10);

        assert_int_equal(quotas_join(&other, "cloudtrail", samples[i].endpoint, samples[i].region,
                                     samples[i].id),
                         0);
        assert_int_equal(first.account == other.account, samples[i].same);
        quotas_leave(&other);
    }
    quotas_leave(&first);
}

static void test_each_kind_of_call_has_its_own_quota(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder holder = make_holder(fixture, 1, 10);
    unsigned n_granted = 0;
    PacerWait stop = {.granted = on_granted, .userdata = &n_granted}, read = stop;

    join(&holder, "AKIDONE");
    quotas_enter(&holder, QUOTA_STOP, &stop);
    quotas_enter(&holder, QUOTA_READ, &read);
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 2);
    quotas_leave(&holder);
}

static void test_the_lowest_rate_holds_as_long_as_its_holder_is_there(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder fast = make_holder(fixture, 100, 20), slow = make_holder(fixture, 10, 1000);

    join(&fast, "AKIDONE");
    assert_int_equal(measure_usec(fixture, &fast, QUOTA_STOP), 10 * USEC_PER_MSEC);
    join(&slow, "AKIDONE");
    assert_int_equal(measure_usec(fixture, &fast, QUOTA_STOP), 100 * USEC_PER_MSEC);
    assert_int_equal(measure_usec(fixture, &slow, QUOTA_READ), 50 * USEC_PER_MSEC);
    quotas_leave(&slow);
    assert_int_equal(measure_usec(fixture, &fast, QUOTA_STOP), 10 * USEC_PER_MSEC);
    quotas_leave(&fast);
}

#define MANY 12U

static void expect_lowest(Fixture *fixture, QuotasHolder holders[static MANY])
{
    QuotasHolder *joined = NULL;
    double lowest = 0;

    for (unsigned i = 0; i < MANY; i++)
        if (holders[i].joined && (!joined || holders[i].rates[QUOTA_STOP] < lowest)) {
            joined = &holders[i];
            lowest = joined->rates[QUOTA_STOP];
        }
    if (joined)
        assert_int_equal(measure_usec(fixture, joined, QUOTA_STOP),
                         (uint64_t)((double)USEC_PER_SEC / lowest));
}

/* They come, change and go in no order, and many have the same rate. */
static void test_the_lowest_rate_of_many_holds(void **state)
{
    static const double rates[] = {1, 2, 4, 5};
    Fixture *fixture = *state;
    QuotasHolder holders[MANY] = {0};

    srand48(7);
    for (unsigned step = 0; step < 2000; step++) {
        QuotasHolder *holder = &holders[lrand48() % MANY];
        QuotasHolder fresh = make_holder(fixture, rates[lrand48() % 4], 10);

        if (!holder->quotas) {
            *holder = fresh;
            join(holder, "AKIDONE");
        } else if (lrand48() % 2 == 0) {
            quotas_leave(holder);
            *holder = (QuotasHolder){0};
        } else {
            QuotasHolder *successor = &holders[lrand48() % MANY];

            if (successor->quotas)
                continue;
            *successor = fresh;
            quotas_follow(successor, holder);
            expect_lowest(fixture, holders);
            quotas_leave(holder);
            *holder = (QuotasHolder){0};
            join(successor, "AKIDONE");
        }
        expect_lowest(fixture, holders);
    }
    for (unsigned i = 0; i < MANY; i++)
        if (holders[i].quotas)
            quotas_leave(&holders[i]);
}

static void test_to_join_again_changes_nothing(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder holder = make_holder(fixture, 1, 10);
    const Account *account;

    join(&holder, "AKIDONE");
    account = holder.account;
    join(&holder, "AKIDONE");
    assert_ptr_equal(holder.account, account);
    quotas_leave(&holder);
}

static void test_other_keys_are_another_account(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder moving = make_holder(fixture, 1, 10), staying = make_holder(fixture, 100, 10);

    join(&staying, "AKIDONE");
    join(&moving, "AKIDONE");
    join(&moving, "AKIDOTHER");
    assert_ptr_not_equal(moving.account, staying.account);
    assert_int_equal(measure_usec(fixture, &staying, QUOTA_STOP), 10 * USEC_PER_MSEC);
    assert_int_equal(measure_usec(fixture, &moving, QUOTA_STOP), USEC_PER_SEC);
    quotas_leave(&staying);
    quotas_leave(&moving);
}

/* Who makes calls under keys that are renewed, with whom, and whether the new keys are known. */
static const struct {
    bool shared, known;
} renewals[] = {{false, false}, {false, true}, {true, false}, {true, true}};
#define N_RENEWALS (sizeof(renewals) / sizeof(renewals[0]))

static void test_renewed_keys_do_not_begin_a_new_quota(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_RENEWALS; i++) {
        QuotasHolder holder = make_holder(fixture, 1, 10), old = holder, new = holder;
        unsigned n_granted = 0;
        PacerWait before = {.granted = on_granted, .userdata = &n_granted}, after = before;

        join(&holder, "ASIAOLD");
        if (renewals[i].shared)
            join(&old, "ASIAOLD");
        if (renewals[i].known)
            join(&new, "ASIANEW");
        quotas_enter(&holder, QUOTA_STOP, &before);
        advance(fixture, USEC_PER_SEC / 4);
        assert_int_equal(n_granted, 1);

        join(&holder, "ASIANEW");
        quotas_enter(&holder, QUOTA_STOP, &after);
        assert_int_equal(pacer_expected_usec(&after),
                         fixture->virtual.boottime_usec + 3 * USEC_PER_SEC / 4);
        join(&new, "ASIANEW");
        assert_ptr_equal(new.account, holder.account);
        pacer_leave(&after);
        quotas_leave(&holder);
        quotas_leave(&old);
        quotas_leave(&new);
    }
}

static void test_what_waits_keeps_its_place_when_keys_are_renewed(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_RENEWALS; i++) {
        QuotasHolder holder = make_holder(fixture, 1, 10), old = holder, new = holder;
        unsigned n_granted = 0, n_others = 0;
        PacerWait waits[4], other = {.granted = on_granted, .userdata = &n_others};

        join(&holder, "ASIAOLD");
        if (renewals[i].known)
            join(&new, "ASIANEW");
        for (size_t j = 0; j < 4; j++) {
            waits[j] = (PacerWait){.granted = on_granted, .userdata = &n_granted};
            if (j < 3)
                quotas_enter(&holder, QUOTA_STOP, &waits[j]);
        }
        advance(fixture, 0);
        if (renewals[i].shared) {
            join(&old, "ASIAOLD");
            quotas_enter(&old, QUOTA_STOP, &other);
        }
        join(&holder, "ASIANEW");
        quotas_enter(&holder, QUOTA_STOP, &waits[3]);
        for (unsigned n = 1; n <= 4; n++) {
            assert_int_equal(n_granted, n);
            for (size_t j = 0; j < 4; j++)
                assert_int_equal(waits[j].pacer == NULL, j < n);
            advance(fixture, USEC_PER_SEC);
        }
        assert_int_equal(n_others, renewals[i].shared);
        quotas_leave(&holder);
        quotas_leave(&old);
        quotas_leave(&new);
    }
}

static void test_a_successor_goes_on_at_its_own_rate(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder old = make_holder(fixture, 0.01, 10), new = make_holder(fixture, 20, 10);

    join(&old, "AKIDONE");
    quotas_follow(&new, &old);
    assert_ptr_equal(new.account, old.account);
    assert_int_equal(measure_usec(fixture, &old, QUOTA_STOP), 50 * USEC_PER_MSEC);
    quotas_leave(&old);
    assert_int_equal(measure_usec(fixture, &new, QUOTA_STOP), 50 * USEC_PER_MSEC);
    quotas_leave(&new);
}

static void test_a_successor_binds_nobody_else_until_it_joins(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder old = make_holder(fixture, 2, 10), new = make_holder(fixture, 1, 10);
    QuotasHolder other = make_holder(fixture, 20, 10);

    join(&old, "AKIDONE");
    join(&other, "AKIDONE");
    quotas_follow(&new, &old);
    assert_int_equal(measure_usec(fixture, &other, QUOTA_STOP), USEC_PER_SEC); /* old still calls */
    quotas_leave(&old);
    assert_int_equal(measure_usec(fixture, &other, QUOTA_STOP), 50 * USEC_PER_MSEC);
    join(&new, "AKIDONE");
    assert_int_equal(measure_usec(fixture, &other, QUOTA_STOP), USEC_PER_SEC);
    quotas_leave(&new);
    quotas_leave(&other);
}

/* A holder makes a call, and leaves its place to another. */
static void call_and_hand_over(Fixture *fixture, QuotasHolder *old, QuotasHolder *new)
{
    unsigned n_granted = 0;
    PacerWait call = {.granted = on_granted, .userdata = &n_granted};

    join(old, "AKIDONE");
    quotas_enter(old, QUOTA_STOP, &call);
    timers_run(fixture->timers);
    assert_int_equal(n_granted, 1);
    quotas_follow(new, old);
    quotas_leave(old);
}

static void test_what_was_called_before_counts_for_a_successor(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder old = make_holder(fixture, 1, 10), new = make_holder(fixture, 1, 10);
    unsigned n_granted = 0;
    PacerWait next = {.granted = on_granted, .userdata = &n_granted};

    call_and_hand_over(fixture, &old, &new);
    quotas_enter(&new, QUOTA_STOP, &next);
    assert_int_equal(pacer_expected_usec(&next), fixture->virtual.boottime_usec + USEC_PER_SEC);
    pacer_leave(&next);
    quotas_leave(&new);
    assert_int_equal(n_granted, 0);
}

static void test_a_successor_with_other_keys_has_another_account(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder old = make_holder(fixture, 0.01, 10), new = make_holder(fixture, 0.01, 10);
    unsigned n_granted = 0;
    PacerWait next = {.granted = on_granted, .userdata = &n_granted};

    call_and_hand_over(fixture, &old, &new);
    join(&new, "AKIDOTHER");
    quotas_enter(&new, QUOTA_STOP, &next);
    advance(fixture, 0);
    assert_int_equal(n_granted, 1);
    quotas_leave(&new);
}

static void test_one_who_has_not_joined_is_followed_nowhere(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder old = make_holder(fixture, 1, 10), new = make_holder(fixture, 1, 10);

    quotas_follow(&new, &old);
    assert_null(new.account);
    quotas_leave(&new);
    quotas_leave(&old);
}

static void test_what_waits_has_its_turn_when_all_have_left(void **state)
{
    Fixture *fixture = *state;
    QuotasHolder holder = make_holder(fixture, 1, 10);
    unsigned n_granted = 0;
    PacerWait waits[] = {{.granted = on_granted, .userdata = &n_granted},
                         {.granted = on_granted, .userdata = &n_granted}};

    join(&holder, "AKIDONE");
    for (size_t i = 0; i < 2; i++)
        quotas_enter(&holder, QUOTA_STOP, &waits[i]);
    quotas_leave(&holder);
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
        TEST(test_an_account_is_an_endpoint_a_region_and_an_id),
        TEST(test_each_kind_of_call_has_its_own_quota),
        TEST(test_the_lowest_rate_holds_as_long_as_its_holder_is_there),
        TEST(test_the_lowest_rate_of_many_holds),
        TEST(test_to_join_again_changes_nothing),
        TEST(test_other_keys_are_another_account),
        TEST(test_renewed_keys_do_not_begin_a_new_quota),
        TEST(test_what_waits_keeps_its_place_when_keys_are_renewed),
        TEST(test_a_successor_goes_on_at_its_own_rate),
        TEST(test_a_successor_binds_nobody_else_until_it_joins),
        TEST(test_what_was_called_before_counts_for_a_successor),
        TEST(test_a_successor_with_other_keys_has_another_account),
        TEST(test_one_who_has_not_joined_is_followed_nowhere),
        TEST(test_what_waits_has_its_turn_when_all_have_left),
    };

    return cmocka_run_group_tests_name("quotas", tests, NULL, NULL);
}
