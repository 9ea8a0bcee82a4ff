/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue/queue.h: messages that are held over a restart, or given back to other hosts. */

#include "tests/unit/queue-world.h"

/* ---- restarts ---- */

static void test_after_a_restart_in_time_the_job_goes_on_with_the_known_receipt(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_stop(world);
    queue_world_pause(world, LEASE_USEC - USEC_PER_SEC);
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
    assert_true(queue_world_calls(world, "GetImport"));
    assert_false(queue_world_calls(world, "StopImport"));
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "DeleteMessage", "\"r1\""), 1);
}

static void test_after_a_restart_that_comes_too_late_the_job_is_released(void **state)
{
    QueueWorld *world = *state;
    unsigned n_sent;

    queue_world_begin_polling(world);
    queue_world_stop(world);
    queue_world_pause(world, LEASE_USEC);
    n_sent = world->n_sent;
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(world->n_sent, n_sent);
    assert_true(queue_world_calls(world, "ReceiveMessage"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_assert_quiet(world);
}

static void test_after_a_restart_without_the_queue_the_job_is_released(void **state)
{
    static char other[] = "other";
    QueueWorld *world = *state;
    char *name = world->config.account.section.name;

    queue_world_begin_polling(world);
    queue_world_stop(world);
    world->config.account.section.name = other;
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_assert_quiet(world);
    world->config.account.section.name = name;
}

static void test_after_a_restart_what_has_ended_is_deleted(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_stop(world);
    queue_world_start(world);
    queue_world_advance(world, 0);
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_assert_quiet(world);
}

/* ---- given back ---- */

static bool leave(QueueWorld *world)
{
    bool waits;

    if (world->queue->config)
        queue_leave(world->queue, world->queue->source.n_under_way);
    waits = lease_book_leave(world->context.book);
    queue_world_turn(world);
    return waits;
}

static void test_what_is_held_is_given_back_and_its_job_released(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    queue_world_advance(world, 5 * USEC_PER_SEC);
    assert_true(leave(world));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_false(queue_world_calls(world, "GetImport"));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    assert_true(leave(world));
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    assert_false(leave(world));
    assert_int_equal(world->queue->source.n_leases, 0);
    assert_true(queue_let_go(world->queue));
    queue_world_advance(world, 2 * USEC_PER_SEC);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    assert_false(queue_let_go(world->queue));
    queue_world_assert_quiet(world);
}

/* SQS gives the message to a receive that is on the wire, and may not notice that its client has
 * gone. */
static void test_what_the_last_receive_brings_goes_on_to_another_host(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    assert_true(leave(world));
    queue_world_advance(world, 0);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r1\"", 200, "");
    queue_world_deliver(world, "m1", "r2", 2, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    assert_true(leave(world));
    queue_world_answer(world, "ChangeMessageVisibility", "\"r2\"", 200, "");
    assert_false(leave(world));
    assert_false(queue_let_go(world->queue));
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    queue_world_assert_quiet(world);
}

static void test_a_queue_that_holds_nothing_leaves_at_once(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    assert_true(queue_world_calls(world, "ReceiveMessage"));
    assert_false(leave(world));
    assert_false(queue_let_go(world->queue));
    assert_false(queue_world_calls(world, "ReceiveMessage"));
}

static void test_what_asks_for_a_target_that_is_removed_goes_back_to_the_queue(void **state)
{
    QueueWorld *world = *state;
    JobRecord record;

    queue_world_begin_polling(world);
    record = queue_world_job(world, IMPORT_A);
    job_remove_target(registry_find(world->registry, record.id));
    job_record_clear(&record);
    queue_world_turn(world);
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "DeleteMessage"));
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r1\"", 200, "");
    queue_world_assert_released(world);
}

static void test_a_stop_on_the_wire_ends_before_the_message_is_given_back(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_true(queue_world_calls(world, "StopImport"));
    for (unsigned i = 0; i < 5; i++)
        assert_true(leave(world));
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    assert_true(leave(world));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    queue_world_advance(world, 0);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    assert_false(leave(world));
}

static void test_an_import_that_stopped_meanwhile_is_not_given_back(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_true(leave(world));
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    assert_true(leave(world));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_STOPPED);
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_advance(world, 0);
    assert_false(leave(world));
}

/* Clients may have asked for as much as a turn saves, which is 256 changes. */
static void test_what_a_turn_has_no_time_to_save_is_given_back_by_a_later_one(void **state)
{
    QueueWorld *world = *state;

    queue_world_begin_polling(world);
    for (unsigned i = 0; i < 256; i++) {
        char import_id[] = IMPORT_B, id[JOB_ID_SIZE];
        const JobRequest request = {.target = &world->target, .key = {.import_id = import_id}};

        snprintf(import_id, sizeof(import_id), "%08x%s", i, &IMPORT_B[8]);
        assert_int_equal(registry_request(world->registry, &request, id), 0);
    }
    assert_true(leave(world));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
    queue_world_turn(world); /* without being asked again */
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, queue_world_setup, queue_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_after_a_restart_in_time_the_job_goes_on_with_the_known_receipt),
        TEST(test_after_a_restart_that_comes_too_late_the_job_is_released),
        TEST(test_after_a_restart_without_the_queue_the_job_is_released),
        TEST(test_after_a_restart_what_has_ended_is_deleted),
        TEST(test_what_is_held_is_given_back_and_its_job_released),
        TEST(test_what_the_last_receive_brings_goes_on_to_another_host),
        TEST(test_a_queue_that_holds_nothing_leaves_at_once),
        TEST(test_what_asks_for_a_target_that_is_removed_goes_back_to_the_queue),
        TEST(test_a_stop_on_the_wire_ends_before_the_message_is_given_back),
        TEST(test_an_import_that_stopped_meanwhile_is_not_given_back),
        TEST(test_what_a_turn_has_no_time_to_save_is_given_back_by_a_later_one),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
