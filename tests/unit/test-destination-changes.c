/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/destination.h: what becomes of outcomes over a restart, a shutdown and a reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/unit/destination-world.h"
#include "tests/unit/outcome-count.h"

static void test_what_was_sent_and_not_yet_removed_is_sent_again_after_a_restart(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    expect_and_answer(outside, 'a', &taken);
    destination_free(TAKE(outside->destination));
    open_destination(outside, NULL, QUEUE_URL);
    expect_and_answer(outside, 'a', &taken);
    commit_turn(outside);
    expect_request(outside, 'b');
    destination_free(TAKE(outside->destination));
    assert_int_equal(outside->world->cancelled, 1);
    open_destination(outside, NULL, QUEUE_URL);
    expect_and_answer(outside, 'b', &taken);
    commit_turn(outside);
    assert_false(go_on_to_request(outside));
}

static void test_a_shutdown_lets_what_is_on_the_wire_end_and_begins_nothing(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    expect_request(outside, 'a');
    assert_true(destination_finish(outside->destination));
    world_answer(outside->world, &taken);
    commit_turn(outside);
    assert_false(destination_finish(outside->destination));
    assert_false(go_on_to_request(outside));
    assert_string_equal(outside->sent, "a ");
    assert_int_equal(count_rows(outside, "notify ops"), 1);
}

static void test_a_shutdown_takes_back_what_is_not_on_the_wire(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "a");
    expect_and_answer(outside, 'a', &unavailable); /* the second attempt waits */
    assert_false(destination_finish(outside->destination));
    assert_false(go_on_to_request(outside));
    assert_int_equal(count_rows(outside, "notify ops"), 1);
}

static void test_drops_what_is_too_old_with_one_line(void **state)
{
    Outside *outside = *state;

    put_at_time(outside, "abc", 1000);
    put_at_time(outside, "d", 2000);
    outside->kept_since_usec = 2000;
    expect_and_answer(outside, 'd', &taken);
    commit_turn(outside);
    assert_false(go_on_to_request(outside));
    expect_counts(outside, 1, 0, 3);
    assert_string_equal(outside->sent, "d ");
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 1);
    assert_true(capture_has(&outside->journal, "for longer than they are kept; dropped: 3"));
}

static void test_a_retired_destination_drops_all_in_steps_with_one_line(void **state)
{
    Outside *outside = *state;

    for (unsigned i = 0; i < 20; i++)
        put_outcomes(outside, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    destination_free(TAKE(outside->destination));
    assert_int_equal(
        destination_new_retired(&outside->context, "notify ops", &outside->destination), 0);
    for (unsigned left = 1040; left > 0;) {
        unsigned before = left;

        assert_true(world_step(outside->world));
        commit_turn(outside);
        left = count_rows(outside, "notify ops");
        assert_in_range(before - left, 1, 500);
    }
    assert_false(go_on_to_request(outside));
    assert_int_equal(outside->n_emptied, 1);
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 1);
    assert_true(capture_has(&outside->journal, "dropped: 1040"));
    assert_true(capture_has(&outside->journal, "\"TRAILSTOP_NOTIFY\":\"ops\""));
}

static void test_any_name_that_is_in_the_store_can_be_retired(void **state)
{
    static const char *const names[] = {"outcome ops", "notify ", "outcome", "n", "x y"};
    Outside *outside = *state;

    destination_free(TAKE(outside->destination));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(
            destination_new_retired(&outside->context, names[i], &outside->destination), 0);
        put_outcomes(outside, "a");
        assert_false(go_on_to_request(outside));
        assert_int_equal(outside->n_emptied, i + 1);
        assert_int_equal(count_rows(outside, names[i]), 0);
    }
    assert_int_equal(capture_count(&outside->journal, "notify-failed"),
                     sizeof(names) / sizeof(names[0]));
}

static void succeed(Outside *outside, const char *event_bus, const char *queue_url)
{
    Destination *former = TAKE(outside->destination);

    world_connect(outside->world);
    open_destination(outside, event_bus, queue_url);
    destination_succeed(former, outside->destination);
    outside->destination = former;
}

static void test_a_changed_destination_goes_on_with_what_is_due(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "abc");
    expect_request(outside, 'a');
    succeed(outside, "audit", NULL);
    assert_int_equal(outside->world->cancelled, 0);
    world_answer(outside->world, &taken); /* as it began */
    expect_request(outside, 'b');
    assert_non_null(strstr(last_body(outside), "\"EventBusName\":\"audit\""));
    world_answer(outside->world, &unavailable); /* its second attempt waits */
    succeed(outside, NULL, FIFO_URL);
    expect_request(outside, 'b');
    assert_non_null(strstr(last_body(outside), FIFO_URL));
    world_answer(outside->world, &taken);
    expect_and_answer(outside, 'c', &taken);
    commit_turn(outside);
    expect_counts(outside, 3, 0, 0);
}

static void test_a_change_ends_long_waits(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "a");
    for (unsigned i = 0; i < 10; i++)
        expect_and_answer(outside, 'a', &refused);
    succeed(outside, NULL, FIFO_URL);
    assert_in_range(timers_next_usec(outside->world->timers), 0,
                    outside->world->boottime_usec + USEC_PER_SEC);
    expect_and_answer(outside, 'a', &taken);
    assert_int_equal(capture_count(&outside->journal, "outage-ended"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_outside, tear_down_outside)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_sent_and_not_yet_removed_is_sent_again_after_a_restart),
        TEST(test_a_shutdown_lets_what_is_on_the_wire_end_and_begins_nothing),
        TEST(test_a_shutdown_takes_back_what_is_not_on_the_wire),
        TEST(test_drops_what_is_too_old_with_one_line),
        TEST(test_a_retired_destination_drops_all_in_steps_with_one_line),
        TEST(test_any_name_that_is_in_the_store_can_be_retired),
        TEST(test_a_changed_destination_goes_on_with_what_is_due),
        TEST(test_a_change_ends_long_waits),
    };

    return cmocka_run_group_tests_name("destination", tests, NULL, NULL);
}
