/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue/queue.h: how many messages are received, and what of them is taken. */
#include <stdio.h>

#include "daemon/base/stats.h"
#include "tests/unit/queue-world.h"

/* ---- receives ---- */

/* How many receives there are in so many seconds, each of which is answered so at once. */
static unsigned count_receives(QueueWorld *world, unsigned seconds, const char *answer)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 10 * seconds; i++) {
        queue_world_advance(world, USEC_PER_SEC / 10);
        for (; queue_world_calls(world, "ReceiveMessage"); n++) {
            queue_world_answer(world, "ReceiveMessage", NULL, 200, answer);
            queue_world_advance(world, 0);
        }
    }
    return n;
}

#define REJECTED                                                                                   \
    "{\"Messages\":[{\"MessageId\":\"m9\",\"ReceiptHandle\":\"r9\",\"Body\":\"stop it\"}]}"

static void test_what_brings_nothing_to_do_makes_no_hot_loop(void **state)
{
    static const char *const answers[] = {
        "{}", REJECTED, "{\"Messages\":[{}]}",
        "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r2\",\"Body\":\"" /* held */
        "{\\\"importId\\\":\\\"" IMPORT_A "\\\"}\"}]}"};
    QueueWorld *world = *state;
    const uint64_t waits[] = {WAIT_SEC * USEC_PER_SEC, 0};

    queue_world_begin_polling(world);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        for (size_t j = 0; j < sizeof(waits) / sizeof(waits[0]); j++) {
            world->config.wait_usec = waits[j];
            assert_in_range(count_receives(world, 10, answers[i]), 8, 11);
        }
}

static void test_what_is_rejected_is_counted_and_not_held(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_answer(world, "ReceiveMessage", NULL, 200, REJECTED);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_deliver(world, "m1", "r1", 1,
                        "{\"importId\":\"" IMPORT_A "\",\"target\":\"elsewhere\"}");
    assert_int_equal(queue_world_messages(world, MESSAGE_REJECTED), 2);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_false(queue_world_calls(world, "DeleteMessage"));
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
}

static void test_a_message_may_ask_for_the_targets_of_its_queue_alone(void **state)
{
    static char other[] = "other";
    static char *targets[] = {other, NULL};
    QueueWorld *world = *state;

    world->config.targets = targets;
    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_deliver(world, "m2", "r2", 1,
                        "{\"importId\":\"" IMPORT_A "\",\"target\":\"default\"}");
    assert_int_equal(queue_world_messages(world, MESSAGE_REJECTED), 2);
    assert_int_equal(registry_count_jobs(world->registry), 0);
}

static void test_no_more_messages_are_received_than_jobs_may_be_taken(void **state)
{
    QueueWorld *world = *state;

    world->config.max_jobs = 2;
    queue_world_advance(world, 0);
    queue_world_deliver(world, NULL, NULL, 0, NULL);
    queue_world_advance(world, USEC_PER_SEC);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 2);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 1);
    queue_world_deliver(world, "m2", "r2", 1, ASKS(IMPORT_B));
    queue_world_advance(world, 30 * USEC_PER_SEC);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    queue_world_answer(world, "StopImport", IMPORT_B, 200, IS(IMPORT_B, "STOPPED"));
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    queue_world_answer(world, "DeleteMessage", "\"r2\"", 200, "");
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 1);
}

static void test_the_daemons_own_limit_of_jobs_holds_as_well(void **state)
{
    QueueWorld *world = *state;

    world->context.max_jobs = 1;
    queue_world_advance(world, 0);
    queue_world_deliver(world, NULL, NULL, 0, NULL);
    queue_world_advance(world, USEC_PER_SEC);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 1);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 30 * USEC_PER_SEC);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    assert_true(queue_world_calls(world, "ReceiveMessage"));
}

/* Answers each receive in this time with nothing. How many messages each asked for; 0: they differ.
 */
static int64_t receive_nothing_for(QueueWorld *world, uint64_t usec)
{
    uint64_t until_usec = world->fixture->virtual.boottime_usec + usec;
    int64_t number, first = 0;
    bool same = true;

    while (world->fixture->virtual.boottime_usec < until_usec) {
        if (queue_world_calls(world, "ReceiveMessage")) {
            number = queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages");
            same = same && (first == 0 || number == first);
            first = number;
            queue_world_deliver(world, NULL, NULL, 0, NULL);
        }
        queue_world_advance(world, USEC_PER_SEC);
    }
    return same ? first : 0;
}

/* What was in the answer is hidden for as long as a message is, and then comes again all at once.
 */
static void test_what_was_too_large_to_be_read_comes_again_one_by_one(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_answer(world, "ReceiveMessage", NULL, 200, "not JSON");
    for (unsigned i = 0; i < 100 && !queue_world_calls(world, "ReceiveMessage"); i++)
        queue_world_advance(world, USEC_PER_SEC);
    assert_int_equal(queue_world_number(world, "ReceiveMessage", "MaxNumberOfMessages"), 1);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    assert_int_equal(receive_nothing_for(world, LEASE_USEC + WAIT_SEC * USEC_PER_SEC), 1);
    (void)receive_nothing_for(world, LEASE_USEC);
    assert_int_equal(receive_nothing_for(world, LEASE_USEC), 10);
}

static void test_more_messages_than_there_is_room_for_are_given_back(void **state)
{
    QueueWorld *world = *state;

    world->config.max_jobs = 1;
    queue_world_advance(world, 0);
    queue_world_answer(world, "ReceiveMessage", NULL, 200,
                       "{\"Messages\":["
                       "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\","
                       "\"Body\":\"{\\\"importId\\\":\\\"" IMPORT_A "\\\"}\"},"
                       "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r2\",\"Body\":\"\"},"
                       "{\"MessageId\":\"m2\",\"ReceiptHandle\":\"r3\","
                       "\"Body\":\"{\\\"importId\\\":\\\"" IMPORT_B "\\\"}\"}]}");
    assert_int_equal(queue_world_messages(world, MESSAGE_TAKEN), 1);
    assert_int_equal(queue_world_messages(world, MESSAGE_REJECTED), 0);
    assert_int_equal(queue_world_rows(world), 1);
    assert_int_equal(registry_count_jobs(world->registry), 1);
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r3\"", 200, "");
    assert_int_equal(world->queue->source.n_leases, 1);
}

/* The receives' answers would end it, and the next extension begin it again, without end. */
static void test_extensions_that_fail_beside_receives_are_not_an_outage(void **state)
{
    QueueWorld *world = *state;
    uint64_t n_outages = stats_get(STAT_OUTAGES);
    unsigned n = 0;

    queue_world_begin_polling(world);
    while (queue_world_job_state(world, IMPORT_A) == JOB_POLLING) {
        if (queue_world_calls(world, "ChangeMessageVisibility")) {
            queue_world_answer(world, "ChangeMessageVisibility", NULL, 500, "");
            n++;
        }
        if (queue_world_calls(world, "ReceiveMessage"))
            queue_world_deliver(world, NULL, NULL, 0, NULL);
        queue_world_poll_for(world, USEC_PER_SEC);
    }
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(stats_get(STAT_OUTAGES), n_outages);
    assert_in_range(n, 3, 40);
}

static void test_a_refused_receive_is_an_outage_that_ends(void **state)
{
    QueueWorld *world = *state;
    const AwsMeter *meter = aws_client_meter(world->sqs);
    uint64_t since_usec = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < 60; i++) {
        queue_world_advance(world, USEC_PER_SEC);
        if (queue_world_calls(world, "ReceiveMessage")) {
            queue_world_answer(world, "ReceiveMessage", NULL, 403, REFUSAL("AccessDenied"));
            if (n++ == 0)
                since_usec = meter->since_usec;
        }
    }
    assert_in_range(n, 3, 20);
    assert_int_equal(meter->state, TARGET_UNREACHABLE);
    assert_int_equal(meter->since_usec, since_usec); /* all the time */
    for (unsigned i = 0; i < 600 && !queue_world_calls(world, "ReceiveMessage"); i++)
        queue_world_advance(world, USEC_PER_SEC);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    assert_int_equal(meter->state, TARGET_OK);
    assert_int_equal(queue_world_messages(world, MESSAGE_TAKEN), 1);
}

/* ---- the store ---- */

/* The file is not where it was: nothing can be saved until it is back. */
static void lose_store(QueueWorld *world, bool lost)
{
    char elsewhere[128];

    snprintf(elsewhere, sizeof(elsewhere), "%s.away", world->fixture->path);
    assert_int_equal(
        rename(lost ? world->fixture->path : elsewhere, lost ? elsewhere : world->fixture->path),
        0);
}

static void test_nothing_is_taken_while_the_store_cannot_be_written(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    lose_store(world, true);
    world->fails = true;
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_int_equal(world->queue->source.n_leases, 0);
    for (unsigned i = 0; i < 10; i++)
        queue_world_advance(world, USEC_PER_SEC);
    assert_false(queue_world_calls(world, "ReceiveMessage"));
    assert_false(queue_world_calls(world, "StopImport"));
    lose_store(world, false);
    world->fails = false;
    queue_world_advance(world, USEC_PER_SEC);
    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r2", 2, ASKS(IMPORT_A));
    assert_int_equal(queue_world_messages(world, MESSAGE_TAKEN), 1);
    assert_int_equal(queue_world_rows(world), 1);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, queue_world_setup, queue_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_brings_nothing_to_do_makes_no_hot_loop),
        TEST(test_what_is_rejected_is_counted_and_not_held),
        TEST(test_a_message_may_ask_for_the_targets_of_its_queue_alone),
        TEST(test_no_more_messages_are_received_than_jobs_may_be_taken),
        TEST(test_the_daemons_own_limit_of_jobs_holds_as_well),
        TEST(test_what_was_too_large_to_be_read_comes_again_one_by_one),
        TEST(test_more_messages_than_there_is_room_for_are_given_back),
        TEST(test_extensions_that_fail_beside_receives_are_not_an_outage),
        TEST(test_a_refused_receive_is_an_outage_that_ends),
        TEST(test_nothing_is_taken_while_the_store_cannot_be_written),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
