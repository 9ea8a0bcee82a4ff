/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue: what becomes of messages on this host, and that it calls nothing once they are
 * another's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "daemon/base/stats.h"
#include "tests/unit/queue-world.h"

#define IMPORT_A "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define IMPORT_B "11111111-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define ASKS(import_id) "{\"importId\":\"" import_id "\"}"
#define IS(import_id, status) "{\"ImportId\":\"" import_id "\",\"ImportStatus\":\"" status "\"}"
#define REFUSAL(code) "{\"__type\":\"com.amazonaws.sqs#" code "\",\"message\":\"no\"}"

#define LEASE_USEC (VISIBILITY_SEC * USEC_PER_SEC)
#define THIRD_USEC (LEASE_USEC / 3)

static bool calls(const QueueWorld *world, const char *operation)
{
    return queue_world_count(world, operation, NULL) > 0;
}

static uint64_t messages(const QueueWorld *world, MessageResult result)
{
    return world->queue->source.counts[result];
}

static JobState job_state(const QueueWorld *world, const char *import_id)
{
    JobRecord record = queue_world_job(world, import_id);
    JobState state = record.state;

    job_record_clear(&record);
    return state;
}

/* A message has been taken, and its job follows the import. */
static void begin_polling(QueueWorld *world)
{
    queue_world_advance(world, 0);
    queue_world_deliver(world, NULL, NULL, 0, NULL); /* a message is not hidden for as long as that
                                                        receive may be on the wire */
    queue_world_advance(world, USEC_PER_SEC);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    queue_world_answer(world, "StopImport", IMPORT_A, 200, IS(IMPORT_A, "IN_PROGRESS"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
}

/* Answers what jobs ask, so that time can pass. */
static void poll_for(QueueWorld *world, uint64_t usec)
{
    uint64_t until_usec = world->fixture->virtual.boottime_usec + usec, left_usec;

    while (world->fixture->virtual.boottime_usec < until_usec) {
        if (calls(world, "GetImport"))
            queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
        left_usec = time_since(world->fixture->virtual.boottime_usec, until_usec);
        queue_world_advance(world, left_usec < USEC_PER_SEC ? left_usec : USEC_PER_SEC);
    }
}

static void assert_calls_nothing_more(QueueWorld *world)
{
    queue_world_advance(world, 0);
    assert_false(calls(world, "StopImport"));
    assert_false(calls(world, "GetImport"));
    assert_false(calls(world, "ChangeMessageVisibility"));
    assert_false(calls(world, "DeleteMessage"));
    queue_world_advance(world, 10 * LEASE_USEC);
    assert_false(calls(world, "StopImport"));
    assert_false(calls(world, "GetImport"));
    assert_false(calls(world, "ChangeMessageVisibility"));
    assert_false(calls(world, "DeleteMessage"));
}

static void assert_released(QueueWorld *world)
{
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_int_equal(world->queue->source.n_leases, 0);
    assert_true(messages(world, MESSAGE_RELEASED) > 0);
    assert_calls_nothing_more(world);
}

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
    assert_int_equal(messages(world, MESSAGE_TAKEN), 1);
}

static void test_a_message_is_extended_at_a_third_of_its_time(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    for (unsigned i = 0; i < 5; i++) {
        poll_for(world, THIRD_USEC - USEC_PER_SEC);
        assert_false(calls(world, "ChangeMessageVisibility"));
        poll_for(world, USEC_PER_SEC);
        assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
        assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"),
                         VISIBILITY_SEC);
        queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    }
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
}

static void test_a_message_is_deleted_when_the_end_of_its_job_is_on_disk(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    assert_false(calls(world, "DeleteMessage"));
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_STOPPED);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "DeleteMessage", "\"r1\""), 1);
    assert_int_equal(queue_world_rows(world), 1);
    queue_world_answer(world, "DeleteMessage", NULL, 200, "");
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(messages(world, MESSAGE_DELETED), 1);
    assert_int_equal(world->queue->source.n_leases, 0);
    assert_calls_nothing_more(world);
}

static void test_a_delete_that_fails_is_tried_again_while_the_message_is_held(void **state)
{
    QueueWorld *world = *state;
    unsigned n = 0;

    begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    for (uint64_t passed_usec = 0; passed_usec < LEASE_USEC; passed_usec += USEC_PER_SEC) {
        queue_world_advance(world, USEC_PER_SEC);
        if (calls(world, "DeleteMessage")) {
            queue_world_answer(world, "DeleteMessage", NULL, 500, "");
            n++;
        }
    }
    assert_in_range(n, 2, 50);
    assert_int_equal(queue_world_rows(world), 0);
    assert_calls_nothing_more(world);
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
    begin_polling(world);
    queue_world_deliver(world, "m2", "r2", 1, ASKS(IMPORT_A));
    assert_int_equal(registry_count_jobs(world->registry), 1);
    assert_int_equal(shown_jobs(world), 1);
    assert_int_equal(messages(world, MESSAGE_JOINED), 1);
    assert_int_equal(queue_world_rows(world), 2);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_answer(world, "DeleteMessage", "\"r2\"", 200, "");
    assert_int_equal(messages(world, MESSAGE_DELETED), 2);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
}

static void test_a_message_received_before_asks_before_it_stops(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 2, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_false(calls(world, "StopImport"));
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    queue_world_advance(world, 0);
    assert_true(calls(world, "StopImport"));
}

/* ---- lost ---- */

static void test_the_end_of_its_time_releases_the_job(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    poll_for(world, THIRD_USEC);
    assert_true(calls(world, "ChangeMessageVisibility")); /* which is never answered */
    poll_for(world, LEASE_USEC - THIRD_USEC - 2 * USEC_PER_SEC);
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    assert_released(world);
}

static void test_an_outage_of_the_queue_releases_the_job_when_its_time_is_over(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    for (uint64_t passed_usec = 0; passed_usec <= LEASE_USEC; passed_usec += USEC_PER_SEC) {
        poll_for(world, USEC_PER_SEC);
        while (calls(world, "ChangeMessageVisibility") || calls(world, "ReceiveMessage"))
            queue_world_answer(world,
                               calls(world, "ReceiveMessage") ? "ReceiveMessage"
                                                              : "ChangeMessageVisibility",
                               NULL, 0, "");
    }
    assert_int_equal(aws_client_meter(world->sqs)->state, TARGET_UNREACHABLE);
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
}

/* Whatever the process was about to do when it was stopped. */
static void test_a_pause_longer_than_its_time_lets_nothing_onto_the_wire(void **state)
{
    QueueWorld *world = *state;

    for (unsigned seconds = 0; seconds < VISIBILITY_SEC / 2; seconds++) {
        unsigned n_sent;

        begin_polling(world);
        poll_for(world, seconds * USEC_PER_SEC / 2);
        queue_world_deliver(world, NULL, NULL, 0, NULL);
        n_sent = world->n_sent;
        queue_world_pause(world, LEASE_USEC);
        for (unsigned turn = 0; turn < 10; turn++)
            queue_world_turn(world);
        assert_int_equal(world->n_sent, n_sent);
        assert_released(world);
    }
}

/* A call that was made, and not sent, in the last turn before. */
static void test_a_stop_that_was_about_to_be_sent_is_not_after_a_pause(void **state)
{
    QueueWorld *world = *state;
    unsigned n_sent;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    for (unsigned turn = 0; turn < 100 && job_state(world, IMPORT_A) == JOB_QUEUED; turn++) {
        queue_world_pause(world, 1);
        queue_world_turn(world);
    }
    assert_int_equal(job_state(world, IMPORT_A), JOB_STOPPING);
    assert_false(calls(world, "StopImport"));
    n_sent = world->n_sent;
    queue_world_pause(world, LEASE_USEC);
    for (unsigned turn = 0; turn < 10; turn++)
        queue_world_turn(world);
    assert_int_equal(world->n_sent, n_sent);
    assert_released(world);
}

static void test_a_message_that_is_another_hosts_releases_the_job_at_once(void **state)
{
    static const char *const codes[] = {"MessageNotInflight", "ReceiptHandleIsInvalid"};
    QueueWorld *world = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        JobRecord record;
        char body[128];

        begin_polling(world);
        poll_for(world, THIRD_USEC);
        snprintf(body, sizeof(body), REFUSAL("%s"), codes[i]);
        queue_world_answer(world, "ChangeMessageVisibility", NULL, 400, body);
        record = queue_world_job(world, IMPORT_A);
        assert_string_equal(record.last_error.code, codes[i]);
        job_record_clear(&record);
        assert_released(world);
    }
}

/* SQS hides a message for no more than 12 hours; and permissions may be repaired in time. */
static void test_a_refused_extension_changes_nothing_before_the_time_is_over(void **state)
{
    QueueWorld *world = *state;
    JobRecord record;

    begin_polling(world);
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 400,
                       REFUSAL("InvalidParameterValue"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 403, REFUSAL("AccessDenied"));
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 403, REFUSAL("AccessDenied"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
    poll_for(world, THIRD_USEC + USEC_PER_SEC);
    record = queue_world_job(world, IMPORT_A);
    assert_int_equal(record.state, JOB_RELEASED);
    assert_string_equal(record.last_error.code, "AccessDenied");
    job_record_clear(&record);
    assert_released(world);
}

static void test_a_message_delivered_again_has_another_receipt_and_another_end(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    poll_for(world, THIRD_USEC / 2);
    queue_world_deliver(world, NULL, NULL, 0, NULL);
    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r2", 2, ASKS(IMPORT_A));
    assert_int_equal(queue_world_rows(world), 1);
    assert_int_equal(messages(world, MESSAGE_TAKEN) + messages(world, MESSAGE_JOINED), 1);
    poll_for(world, THIRD_USEC - USEC_PER_SEC);
    assert_false(calls(world, "ChangeMessageVisibility"));
    poll_for(world, USEC_PER_SEC);
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

    begin_polling(world);
    queue_world_deliver(world, "m2", "r2", 1, ASKS(IMPORT_A));
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r2\"", 200, "");
    queue_world_answer(world, "ChangeMessageVisibility", "\"r1\"", 400,
                       REFUSAL("MessageNotInflight"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
    assert_int_equal(queue_world_rows(world), 1);
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r2\"", 400,
                       REFUSAL("MessageNotInflight"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
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
    poll_for(world, THIRD_USEC);
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 400, REFUSAL("MessageNotInflight"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_POLLING);
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

/* ---- receives ---- */

/* How many receives there are in so many seconds, each of which is answered so at once. */
static unsigned count_receives(QueueWorld *world, unsigned seconds, const char *answer)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 10 * seconds; i++) {
        queue_world_advance(world, USEC_PER_SEC / 10);
        for (; calls(world, "ReceiveMessage"); n++) {
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

    begin_polling(world);
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
    assert_int_equal(messages(world, MESSAGE_REJECTED), 2);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_false(calls(world, "DeleteMessage"));
    assert_false(calls(world, "ChangeMessageVisibility"));
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
    assert_int_equal(messages(world, MESSAGE_REJECTED), 2);
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
    assert_false(calls(world, "ReceiveMessage"));
    queue_world_answer(world, "StopImport", IMPORT_B, 200, IS(IMPORT_B, "STOPPED"));
    queue_world_advance(world, 0);
    assert_false(calls(world, "ReceiveMessage"));
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
    assert_false(calls(world, "ReceiveMessage"));
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    assert_true(calls(world, "ReceiveMessage"));
}

/* Answers each receive in this time with nothing. How many messages each asked for; 0: they differ.
 */
static int64_t receive_nothing_for(QueueWorld *world, uint64_t usec)
{
    uint64_t until_usec = world->fixture->virtual.boottime_usec + usec;
    int64_t number, first = 0;
    bool same = true;

    while (world->fixture->virtual.boottime_usec < until_usec) {
        if (calls(world, "ReceiveMessage")) {
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
    for (unsigned i = 0; i < 100 && !calls(world, "ReceiveMessage"); i++)
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
    assert_int_equal(messages(world, MESSAGE_TAKEN), 1);
    assert_int_equal(messages(world, MESSAGE_REJECTED), 0);
    assert_int_equal(queue_world_rows(world), 1);
    assert_int_equal(registry_count_jobs(world->registry), 1);
    queue_world_advance(world, 0);
    assert_false(calls(world, "ReceiveMessage"));
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

    begin_polling(world);
    while (job_state(world, IMPORT_A) == JOB_POLLING) {
        if (calls(world, "ChangeMessageVisibility")) {
            queue_world_answer(world, "ChangeMessageVisibility", NULL, 500, "");
            n++;
        }
        if (calls(world, "ReceiveMessage"))
            queue_world_deliver(world, NULL, NULL, 0, NULL);
        poll_for(world, USEC_PER_SEC);
    }
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
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
        if (calls(world, "ReceiveMessage")) {
            queue_world_answer(world, "ReceiveMessage", NULL, 403, REFUSAL("AccessDenied"));
            if (n++ == 0)
                since_usec = meter->since_usec;
        }
    }
    assert_in_range(n, 3, 20);
    assert_int_equal(meter->state, TARGET_UNREACHABLE);
    assert_int_equal(meter->since_usec, since_usec); /* all the time */
    for (unsigned i = 0; i < 600 && !calls(world, "ReceiveMessage"); i++)
        queue_world_advance(world, USEC_PER_SEC);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    assert_int_equal(meter->state, TARGET_OK);
    assert_int_equal(messages(world, MESSAGE_TAKEN), 1);
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
    assert_false(calls(world, "ReceiveMessage"));
    assert_false(calls(world, "StopImport"));
    lose_store(world, false);
    world->fails = false;
    queue_world_advance(world, USEC_PER_SEC);
    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r2", 2, ASKS(IMPORT_A));
    assert_int_equal(messages(world, MESSAGE_TAKEN), 1);
    assert_int_equal(queue_world_rows(world), 1);
}

/* ---- restarts ---- */

static void test_after_a_restart_in_time_the_job_goes_on_with_the_known_receipt(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    queue_world_stop(world);
    queue_world_pause(world, LEASE_USEC - USEC_PER_SEC);
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
    assert_true(calls(world, "GetImport"));
    assert_false(calls(world, "StopImport"));
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "DeleteMessage", "\"r1\""), 1);
}

static void test_after_a_restart_that_comes_too_late_the_job_is_released(void **state)
{
    QueueWorld *world = *state;
    unsigned n_sent;

    begin_polling(world);
    queue_world_stop(world);
    queue_world_pause(world, LEASE_USEC);
    n_sent = world->n_sent;
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(world->n_sent, n_sent);
    assert_true(calls(world, "ReceiveMessage"));
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_calls_nothing_more(world);
}

static void test_after_a_restart_without_the_queue_the_job_is_released(void **state)
{
    static char other[] = "other";
    QueueWorld *world = *state;
    char *name = world->config.account.section.name;

    begin_polling(world);
    queue_world_stop(world);
    world->config.account.section.name = other;
    queue_world_start(world);
    queue_world_advance(world, 0);
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_calls_nothing_more(world);
    world->config.account.section.name = name;
}

static void test_after_a_restart_what_has_ended_is_deleted(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
    queue_world_advance(world, 2 * USEC_PER_SEC);
    queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    queue_world_stop(world);
    queue_world_start(world);
    queue_world_advance(world, 0);
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_rows(world), 0);
    assert_calls_nothing_more(world);
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

    begin_polling(world);
    queue_world_advance(world, 5 * USEC_PER_SEC);
    assert_true(leave(world));
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_false(calls(world, "GetImport"));
    queue_world_advance(world, 0);
    assert_int_equal(queue_world_count(world, "ChangeMessageVisibility", "\"r1\""), 1);
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    assert_true(leave(world));
    queue_world_answer(world, "ChangeMessageVisibility", NULL, 200, "");
    assert_false(leave(world));
    assert_int_equal(world->queue->source.n_leases, 0);
    assert_true(queue_let_go(world->queue));
    queue_world_advance(world, 2 * USEC_PER_SEC);
    assert_false(calls(world, "ReceiveMessage"));
    assert_false(queue_let_go(world->queue));
    assert_calls_nothing_more(world);
}

/* SQS gives the message to a receive that is on the wire, and may not notice that its client has
 * gone. */
static void test_what_the_last_receive_brings_goes_on_to_another_host(void **state)
{
    QueueWorld *world = *state;

    begin_polling(world);
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
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_calls_nothing_more(world);
}

static void test_a_queue_that_holds_nothing_leaves_at_once(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    assert_true(calls(world, "ReceiveMessage"));
    assert_false(leave(world));
    assert_false(queue_let_go(world->queue));
    assert_false(calls(world, "ReceiveMessage"));
}

static void test_what_asks_for_a_target_that_is_removed_goes_back_to_the_queue(void **state)
{
    QueueWorld *world = *state;
    JobRecord record;

    begin_polling(world);
    record = queue_world_job(world, IMPORT_A);
    job_remove_target(registry_find(world->registry, record.id));
    job_record_clear(&record);
    queue_world_turn(world);
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    queue_world_advance(world, 0);
    assert_false(calls(world, "DeleteMessage"));
    assert_int_equal(queue_world_number(world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    queue_world_answer(world, "ChangeMessageVisibility", "\"r1\"", 200, "");
    assert_released(world);
}

static void test_a_stop_on_the_wire_ends_before_the_message_is_given_back(void **state)
{
    QueueWorld *world = *state;

    queue_world_advance(world, 0);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    assert_true(calls(world, "StopImport"));
    for (unsigned i = 0; i < 5; i++)
        assert_true(leave(world));
    queue_world_advance(world, 0);
    assert_false(calls(world, "ChangeMessageVisibility"));
    queue_world_answer(world, "StopImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    assert_true(leave(world));
    assert_int_equal(job_state(world, IMPORT_A), JOB_RELEASED);
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
    assert_int_equal(job_state(world, IMPORT_A), JOB_STOPPED);
    queue_world_advance(world, 0);
    assert_false(calls(world, "ChangeMessageVisibility"));
    queue_world_answer(world, "DeleteMessage", "\"r1\"", 200, "");
    queue_world_advance(world, 0);
    assert_false(leave(world));
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
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
