/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/log-limit.h: so many entries a second, and none that is not counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/log-limit.h"

#define NOW (1000 * USEC_PER_SEC)

/* How many of so many entries may be written at this time. */
static unsigned take(LogLimit *limit, uint64_t now_usec, unsigned n, unsigned *ret_left_out)
{
    unsigned n_taken = 0;

    for (unsigned i = 0; i < n; i++)
        n_taken += log_limit_take(limit, now_usec, ret_left_out);
    return n_taken;
}

static void test_writes_one_a_second_and_counts_the_others(void **state)
{
    LogLimit limit = {0};
    unsigned n_left_out = 99;

    (void)state;
    assert_int_equal(take(&limit, NOW, 5, &n_left_out), 1);
    assert_int_equal(n_left_out, 0);
    assert_int_equal(take(&limit, NOW + USEC_PER_SEC - 1, 3, &n_left_out), 0);
    assert_int_equal(take(&limit, NOW + USEC_PER_SEC, 1, &n_left_out), 1);
    assert_int_equal(n_left_out, 7);
    assert_int_equal(take(&limit, NOW + 2 * USEC_PER_SEC, 1, &n_left_out), 1);
    assert_int_equal(n_left_out, 0);
}

static void test_writes_a_burst_a_second_where_there_is_one(void **state)
{
    LogLimit limit = {.burst = 10};
    unsigned n_left_out = 99;

    (void)state;
    assert_int_equal(take(&limit, NOW, 4, &n_left_out), 4);
    assert_int_equal(take(&limit, NOW + USEC_PER_MSEC, 9, &n_left_out), 6);
    assert_int_equal(n_left_out, 0);
    assert_int_equal(take(&limit, NOW + USEC_PER_SEC, 1, &n_left_out), 1);
    assert_int_equal(n_left_out, 3);
}

static void test_a_reserve_is_filled_by_what_seconds_leave(void **state)
{
    LogLimit limit = {.burst = 10, .reserve = 25};
    unsigned n_left_out = 99;

    (void)state;
    assert_int_equal(take(&limit, NOW, 50, &n_left_out), 35);
    assert_int_equal(n_left_out, 0);
    assert_int_equal(take(&limit, NOW + USEC_PER_SEC, 1, &n_left_out), 1);
    assert_int_equal(n_left_out, 15);
    assert_int_equal(take(&limit, NOW + USEC_PER_SEC, 50, &n_left_out), 9);
    assert_int_equal(take(&limit, NOW + 2 * USEC_PER_SEC, 4, &n_left_out), 4);
    assert_int_equal(take(&limit, NOW + 3 * USEC_PER_SEC, 50, &n_left_out), 16);
    assert_int_equal(take(&limit, NOW + 4 * USEC_PER_SEC, 1, &n_left_out), 1);
    assert_int_equal(take(&limit, NOW + 1000 * USEC_PER_SEC, 50, &n_left_out), 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_one_a_second_and_counts_the_others),
        cmocka_unit_test(test_writes_a_burst_a_second_where_there_is_one),
        cmocka_unit_test(test_a_reserve_is_filled_by_what_seconds_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
