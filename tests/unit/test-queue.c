/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue: what becomes of messages on this host, and that it calls nothing once they are
 * another's. */
#include <stdio.h>

#include "common/json.h"
#include "tests/unit/queue-world.h"

/* ---- taken, extended, deleted ---- */

static void test_a_message_is_on_disk_with_the_job_it_asks_for(void **state)
{
    QueueWorld *world = *state;
    JobRecord record;

    queue_world_advance(world, 0);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 10);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "WaitTimeSeconds"), WAIT_SEC);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "VisibilityTimeout"),
                     VISIBILITY_SEC);
    queue_world_deliver(world, "m1", "r1", 1,
                        "{\"importId\":\"" IMPORT_A "\",\"reason\":\"cost\",\"timeout\":60}");
    record = queue_world_job(world, IMPORT_A);
    assert_int_equal(record.state, JOB_QUEUED);
    assert_string_equal(record.reason, "cost");
    assert_string_equal(record.message.queue, "stops");
    assert_string_equal(record.message.id, "m1");
    assert_string_equal(record.message.sender, "AIDASENDER");
    assert_int_equal(record.message.receives, 1);
    assert_int_equal(record.deadline_usec - record.requested_usec, 60 * USEC_PER_SEC);
    job_record_clear(&record);
    assert_int_equal(queue_world_rows(world), 1);
    assert_int_equal(queue_world_messages(world, MESSAGE_TAKEN), 1);
}

static void test_a_message_is_extended_at_a_third_of_its_time(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    for (unsigned i = 0; i < 5; i++) {
        queue_world_poll_for(world, THIRD_USEC - USEC_PER_SEC);
        assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
        queue_world_poll_for(world, USEC_PER_SEC);
        assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
        assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"),
                         VISIBILITY_SEC);
        queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    }
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
}

static void test_a_message_is_deleted_when_the_end_of_its_job_is_on_disk(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    assert_false(queue_world_calls(world, "DeleteMessage"));
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_STOPPED);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "DeleteMessage", "\"r1\""), 1);
    assert_int_equal(queue_world_rows(world), 1);
    queue_world_answer(world, "DeleteMessage", NULL, 200, "");
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(queue_world_messages(world, MESSAGE_DELETED), 1);
    assert_int_equal(world->queue->source.n_leases, 0);
    queue_world_assert_quiet(world);
}

static void test_a_delete_that_fails_is_tried_again_while_the_message_is_held(void **state)
{
    QueueWorld *world = *state;
    unsigned n = 0;

    queue_world_begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    for (uint64_t passed_usec = 0; passed_usec < LEASE_USEC; passed_usec += USEC_PER_SEC) {
        queue_world_advance(world, USEC_PER_SEC);
        if (queue_world_calls(world, "DeleteMessage")) {
            queue_world_answer(world, "DeleteMessage", NULL, 500, "");
            n++;
        }
    }
    assert_in_range(n, 2, 50);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_assert_quiet(world);
}

/* As the queue is shown. */
static int64_t shown_jobs(const QueueWorld *world)
{
    CLEANUP(json_object_putp) json_object *object = queue_to_json(world->queue);
    int64_t n;

    assert_int_equal(json_get_int64(object, "jobs", &n), 1);
    return n;
}

static void test_two_messages_for_one_import_share_a_job_and_are_deleted_at_its_end(void **state)
{
    QueueWorld *world = *state;

    assert_int_equal(shown_jobs(world), 0);
    queue_world_begin_polling(world);
    queue_world_deliver(world, "m2", "r2", 1, ASKS(IMPORT_A));
    assert_int_equal(registry_count_jobs(world->registry), 1);
    assert_int_equal(shown_jobs(world), 1);
    assert_int_equal(queue_world_messages(world, MESSAGE_JOINED), 1);
    assert_int_equal(queue_world_rows(world), 2);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_answer(world, "DeleteMessage", "\"r2\"", 200, "");
    assert_int_equal(queue_world_messages(world, MESSAGE_DELETED), 2);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
}

static void test_a_message_received_before_asks_before_it_stops(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 2, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "StopImport"));
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    queue_world_advance(world, 0);
    assert_true(queue_world_calls(world, "StopImport"));
}

/* ---- lost ---- */

static void test_the_end_of_its_time_releases_the_job(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_poll_for(world, THIRD_USEC);
    assert_true(queue_world_calls(world, "ChangeMessageVisibility")); /* which is never answered */
    queue_world_poll_for(world, LEASE_USEC - THIRD_USEC - 2 * USEC_PER_SEC);
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_assert_released(world);
}

static void test_an_outage_of_the_queue_releases_the_job_when_its_time_is_over(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    for (uint64_t passed_usec = 0; passed_usec <= LEASE_USEC; passed_usec += USEC_PER_SEC) {
        queue_world_poll_for(world, USEC_PER_SEC);
        while (queue_world_calls(world, "ChangeMessageVisibility") ||
               queue_world_calls(world, "ReceiveMessage"))
            queue_world_answer(world,
                               queue_world_calls(world, "ReceiveMessage")
                                   ? "ReceiveMessage"
                                   : "ChangeMessageVisibility",
                               NULL, 0, "");
    }
    assert_int_equal(aws_client_meter(world->sqs)->state, TARGET_UNREACHABLE);
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
}

/* Whatever the process was about to do when it was stopped. */
static void test_a_pause_longer_than_its_time_lets_nothing_onto_the_wire(void **state)
{
    QueueWorld *world = *state;

    for (unsigned seconds = 0; seconds < VISIBILITY_SEC / 2; seconds++) {
        unsigned n_sent;

        queue_world_begin_polling(world);
        queue_world_poll_for(world, seconds * USEC_PER_SEC / 2);
        queue_world_deliver(world, NULL, NULL, 0, NULL);
        n_sent = world->n_sent;
        queue_world_pause(world, LEASE_USEC);
        for (unsigned turn = 0; turn < 10; turn++)
            queue_world_turn(world);
        assert_int_equal(world->n_sent, n_sent);
        queue_world_assert_released(world);
    }
}

/* A call that was made, and not sent, in the last turn before. */
static void test_a_stop_that_was_about_to_be_sent_is_not_after_a_pause(void **state)
{
    QueueWorld *world = *state;
    unsigned n_sent;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    for (unsigned turn = 0; turn < 100 && queue_world_job_state(world, IMPORT_A) == JOB_QUEUED;
         turn++) {
        queue_world_pause(world, 1);
        queue_world_turn(world);
    }
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_STOPPING);
    assert_false(queue_world_calls(world, "StopImport"));
    n_sent = world->n_sent;
    queue_world_pause(world, LEASE_USEC);
    for (unsigned turn = 0; turn < 10; turn++)
        queue_world_turn(world);
    assert_int_equal(world->n_sent, n_sent);
    queue_world_assert_released(world);
}

static void test_a_message_that_is_another_hosts_releases_the_job_at_once(void **state)
{
    static const char *const codes[] = {"MessageNotInflight", "ReceiptHandleIsInvalid"};
    QueueWorld *world = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        JobRecord record;
        char body[128];

        queue_world_begin_polling(world);
        queue_world_poll_for(world, THIRD_USEC);
        snprintf(body, sizeof(body), REFUSAL("%s"), codes[i]);
        queue_world_answer(world, "ChangeMessageVisibility", NULL, 400, body);
        record = queue_world_job(world, IMPORT_A);
        assert_string_equal(record.last_error.code, codes[i]);
        job_record_clear(&record);
        queue_world_assert_released(world);
    }
}

/* SQS hides a message for no more than 12 hours; and permissions may be repaired in time. */
static void test_a_refused_extension_changes_nothing_before_the_time_is_over(void **state)
{
    QueueWorld *world = *state;
    JobRecord record;

    queue_world_begin_polling(world);
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 400,
                       REFUSAL("InvalidParameterValue"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 403, REFUSAL("AccessDenied"));
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 403, REFUSAL("AccessDenied"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    queue_world_poll_for(world, THIRD_USEC + USEC_PER_SEC);
    record = queue_world_job(world, IMPORT_A);
    assert_int_equal(record.state, JOB_RELEASED);
    assert_string_equal(record.last_error.code, "AccessDenied");
    job_record_clear(&record);
    queue_world_assert_released(world);
}

static void test_a_message_delivered_again_has_another_receipt_and_another_end(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_poll_for(world, THIRD_USEC / 2);
    queue_world_deliver(world, NULL, NULL, 0, NULL);
    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r2", 2, ASKS(IMPORT_A));
    assert_int_equal(queue_world_rows(world), 1);
    assert_int_equal(queue_world_messages(world, MESSAGE_TAKEN) +
                         queue_world_messages(world, MESSAGE_JOINED),
                     1);
    queue_world_poll_for(world, THIRD_USEC - USEC_PER_SEC);
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
    queue_world_poll_for(world, USEC_PER_SEC);
    assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r2\""), 1);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_advance(world, 30 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "DeleteMessage", "\"r2\""), 1);
}

static void test_a_job_goes_on_while_one_of_its_messages_is_held(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_deliver(world, "m2", "r2", 1, ASKS(IMPORT_A));
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r2\"", 200, "");
    queue_world_answer(world, "ChangeMessageVisibility", "\"r1\"", 400,
                       REFUSAL("MessageNotInflight"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    assert_int_equal(queue_world_rows(world), 1);
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r2\"", 400,
                       REFUSAL("MessageNotInflight"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
}

static void test_a_job_that_was_made_here_goes_on_without_its_message(void **state)
{
    QueueWorld *world = *state;
    JobRequest request = {
        .target = &world->target,
        .key = {.kind = JOB_STOP, .import_id = IMPORT_A},
    };
    char id[JOB_ID_SIZE];

    queue_world_advance(world, 0);
    assert_int_equal(registry_request(world->registry, &request, id), 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    queue_world_poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 400, REFUSAL("MessageNotInflight"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    assert_int_equal(queue_world_rows(world), 0);
}

static void test_an_answer_that_came_too_late_is_not_taken(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_pause(world, LEASE_USEC);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_int_equal(queue_world_rows(world), 0);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, queue_world_setup, queue_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_message_is_on_disk_with_the_job_it_asks_for),
        TEST(test_a_message_is_extended_at_a_third_of_its_time),
        TEST(test_a_message_is_deleted_when_the_end_of_its_job_is_on_disk),
        TEST(test_a_delete_that_fails_is_tried_again_while_the_message_is_held),
        TEST(test_two_messages_for_one_import_share_a_job_and_are_deleted_at_its_end),
        TEST(test_a_message_received_before_asks_before_it_stops),
        TEST(test_the_end_of_its_time_releases_the_job),
        TEST(test_an_outage_of_the_queue_releases_the_job_when_its_time_is_over),
        TEST(test_a_pause_longer_than_its_time_lets_nothing_onto_the_wire),
        TEST(test_a_stop_that_was_about_to_be_sent_is_not_after_a_pause),
        TEST(test_a_message_that_is_another_hosts_releases_the_job_at_once),
        TEST(test_a_refused_extension_changes_nothing_before_the_time_is_over),
        TEST(test_a_message_delivered_again_has_another_receipt_and_another_end),
        TEST(test_a_job_goes_on_while_one_of_its_messages_is_held),
        TEST(test_a_job_that_was_made_here_goes_on_without_its_message),
        TEST(test_an_answer_that_came_too_late_is_not_taken),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
