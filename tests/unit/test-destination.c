/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/destination.h: in order, at least once, and what it does while that does not work. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/torture/faults.h"
#include "tests/unit/destination-world.h"
#include "tests/unit/outcome-count.h"

/* The end of a turn in which the disk is full. */
static void fail_to_commit(Outside *outside)
{
    assert_true(destination_has_changes(outside->destination));
    assert_int_equal(store_begin(outside->files->store), 0);
    assert_int_equal(destination_save(outside->destination), 0);
    store_rollback(outside->files->store);
    destination_saved(outside->destination, -ENOSPC);
}

/* The three attempts of one call. */
static void expect_no_way(Outside *outside, char job)
{
    for (unsigned i = 0; i < 3; i++)
        expect_and_answer(outside, job, &unavailable);
}

static void test_sends_in_order_and_one_at_a_time(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    put_outcomes(outside, "c");
    expect_request(outside, 'a');
    put_outcomes(outside, "d");
    world_answer(outside->world, &taken);
    assert_int_equal(count_rows(outside, "notify ops"), 4);
    assert_string_equal(outside->sent, "");
    commit_turn(outside);
    assert_int_equal(count_rows(outside, "notify ops"), 3);
    assert_string_equal(outside->sent, "a ");
    for (const char *job = "bcd"; *job; job++)
        expect_and_answer(outside, *job, &taken);
    commit_turn(outside);
    assert_false(go_on_to_request(outside));
    assert_string_equal(outside->sent, "a b c d ");
    assert_int_equal(count_rows(outside, "notify ops"), 0);
    expect_counts(outside, 4, 0, 0);
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 0);
}

static void test_a_message_is_the_whole_event(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "a");
    expect_request(outside, 'a');
    assert_string_equal(
        last_body(outside),
        "{\"QueueUrl\":\"" QUEUE_URL "\",\"MessageBody\":\"{\\\"source\\\":\\\"io.trailstop\\\","
        "\\\"detail-type\\\":\\\"Import stop ended\\\",\\\"detail\\\":{\\\"job\\\":{\\\"id\\\":"
        "\\\"a\\\",\\\"importId\\\":\\\"import-a\\\"}}}\"}");
    assert_string_equal(world_header(outside->world, 1, "X-Amz-Target"), "AmazonSQS.SendMessage");
}

static void test_an_event_has_the_job_as_its_detail(void **state)
{
    Outside *outside = *state;

    destination_free(TAKE(outside->destination));
    open_destination(outside, "audit", NULL);
    put_outcomes(outside, "a");
    expect_request(outside, 'a');
    assert_string_equal(
        last_body(outside),
        "{\"Entries\":[{\"Source\":\"io.trailstop\",\"DetailType\":\"Import stop ended\","
        "\"Detail\":\"{\\\"job\\\":{\\\"id\\\":\\\"a\\\",\\\"importId\\\":\\\"import-a\\\"}}\","
        "\"EventBusName\":\"audit\"}]}");
}

static void test_a_fifo_queue_gets_the_import_as_group_and_the_job_as_deduplication(void **state)
{
    Outside *outside = *state;

    destination_free(TAKE(outside->destination));
    open_destination(outside, NULL, FIFO_URL);
    put_outcomes(outside, "a");
    expect_request(outside, 'a');
    assert_non_null(strstr(last_body(outside), "\"MessageGroupId\":\"import-a\""));
    assert_non_null(strstr(last_body(outside), "\"MessageDeduplicationId\":\"a\""));
}

static void test_whatever_fails_is_tried_again_before_all_that_follow(void **state)
{
    static const Reply replies[] = {
        {.status = 400, .body = "{\"__type\":\"AccessDenied\"}"},
        {.status = 400, .body = "{\"__type\":\"AWS.SimpleQueueService.NonExistentQueue\"}"},
        {.status = 400, .body = "{\"__type\":\"InvalidMessageContents\"}"},
        {.status = 404, .body = "<html>"},
    };
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        expect_and_answer(outside, 'a', &replies[i]);
        put_outcomes(outside, "c");
    }
    expect_no_way(outside, 'a');
    expect_and_answer(outside, 'a', &taken);
    for (const char *job = "bcccc"; *job; job++)
        expect_and_answer(outside, *job, &taken);
    commit_turn(outside);
    assert_false(go_on_to_request(outside));
    expect_counts(outside, 6, 5, 0);
    assert_int_equal(count_rows(outside, "notify ops"), 0);
}

static void test_an_outage_is_logged_once_at_its_begin_and_at_its_end(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    for (unsigned i = 0; i < 10; i++)
        expect_and_answer(outside, 'a', &refused);
    assert_int_equal(aws_client_meter(outside->world->client)->state, TARGET_UNREACHABLE);
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 1);
    assert_int_equal(capture_count(&outside->journal, "outage-ended"), 0);
    expect_and_answer(outside, 'a', &taken);
    assert_int_equal(capture_count(&outside->journal, "outage-ended"), 1);
    expect_no_way(outside, 'b');
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 2);
    expect_and_answer(outside, 'b', &taken);
    assert_int_equal(capture_count(&outside->journal, "outage-ended"), 2);
    assert_int_equal(capture_count(&outside->journal, "outage-began"), 0);
    assert_true(capture_has(&outside->journal, "\"TRAILSTOP_NOTIFY\":\"ops\""));
    assert_true(
        capture_has(&outside->journal, "\"TRAILSTOP_AWS_ERROR\":\"AccessDeniedException\""));
    assert_int_equal(aws_client_meter(outside->world->client)->state, TARGET_OK);
}

static void test_what_is_put_meanwhile_does_not_shorten_the_waits(void **state)
{
    Outside *outside = *state;
    uint64_t next_usec;

    put_outcomes(outside, "a");
    for (unsigned i = 0; i < 6; i++)
        expect_and_answer(outside, 'a', &refused);
    next_usec = timers_next_usec(outside->world->timers);
    assert_true(next_usec > outside->world->boottime_usec + 10 * USEC_PER_SEC);
    put_outcomes(outside, "b");
    expect_request(outside, 'a');
    assert_in_range(outside->world->boottime_usec, next_usec, next_usec + USEC_PER_MSEC);
}

static void test_an_event_that_the_bus_does_not_take_is_tried_again(void **state)
{
    static const Reply failed = {.status = 200,
                                 .body = "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":"
                                         "\"NotAuthorizedForSource\",\"ErrorMessage\":\"no\"}]}"},
                       put_well = {.status = 200,
                                   .body = "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":"
                                           "\"e\"}]}"};
    Outside *outside = *state;

    destination_free(TAKE(outside->destination));
    open_destination(outside, "audit", NULL);
    put_outcomes(outside, "ab");
    expect_and_answer(outside, 'a', &failed);
    commit_turn(outside);
    assert_int_equal(count_rows(outside, "notify ops"), 2);
    assert_true(capture_has(&outside->journal, "NotAuthorizedForSource"));
    expect_and_answer(outside, 'a', &put_well);
    expect_and_answer(outside, 'b', &put_well);
    commit_turn(outside);
    assert_string_equal(outside->sent, "a b ");
}

static void test_a_store_that_cannot_be_written_holds_up_the_next_and_loses_none(void **state)
{
    Outside *outside = *state;

    put_outcomes(outside, "ab");
    expect_and_answer(outside, 'a', &taken);
    for (unsigned i = 0; i < 5; i++) {
        fail_to_commit(outside);
        assert_false(world_step(outside->world)); /* no timer is set */
    }
    assert_string_equal(outside->sent, "");
    assert_int_equal(count_rows(outside, "notify ops"), 2);
    commit_turn(outside);
    assert_string_equal(outside->sent, "a ");
    expect_and_answer(outside, 'b', &taken);
}

/* A look at a row for which the at-th allocation fails. False: it needs fewer. */
static bool look_without_memory(uint64_t at)
{
    Outside *outside;
    uint64_t began_usec, n;

    assert_int_equal(set_up_outside((void **)&outside), 0);
    put_outcomes(outside, "a");
    began_usec = outside->world->boottime_usec;
    faults_begin(FAULT_MEMORY, at, 1);
    assert_true(world_step(outside->world));
    n = faults_end(FAULT_MEMORY);
    expect_and_answer(outside, 'a', &taken);
    assert_in_range(outside->world->boottime_usec, began_usec, began_usec + 2 * USEC_PER_SEC);
    commit_turn(outside);
    assert_string_equal(outside->sent, "a ");
    assert_int_equal(tear_down_outside((void **)&outside), 0);
    return n >= at;
}

static void test_without_memory_for_a_moment_it_sends_within_seconds(void **state)
{
    uint64_t at = 1;

    (void)state;
    while (look_without_memory(at))
        at++;
    assert_true(at > 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_outside, tear_down_outside)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sends_in_order_and_one_at_a_time),
        TEST(test_a_message_is_the_whole_event),
        TEST(test_an_event_has_the_job_as_its_detail),
        TEST(test_a_fifo_queue_gets_the_import_as_group_and_the_job_as_deduplication),
        TEST(test_whatever_fails_is_tried_again_before_all_that_follow),
        TEST(test_an_outage_is_logged_once_at_its_begin_and_at_its_end),
        TEST(test_what_is_put_meanwhile_does_not_shorten_the_waits),
        TEST(test_an_event_that_the_bus_does_not_take_is_tried_again),
        TEST(test_a_store_that_cannot_be_written_holds_up_the_next_and_loses_none),
        cmocka_unit_test(test_without_memory_for_a_moment_it_sends_within_seconds),
    };

    return cmocka_run_group_tests_name("destination", tests, NULL, NULL);
}
