/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue/queue-set.h: queues of a configuration, with their outcomes, over reloads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/queue/queue-set.h"
#include "tests/unit/config-world.h"
#include "tests/unit/queue-world.h"
#undef TEST

#define REQUEST "{\\\"importId\\\":\\\"" IMPORT_A "\\\"}"
#define MESSAGE(id, receipt)                                                                       \
    "{\"Messages\":[{\"MessageId\":\"" id "\",\"ReceiptHandle\":\"" receipt                        \
    "\",\"Body\":\"" REQUEST "\",\"Attributes\":{\"ApproximateReceiveCount\":\"1\"}}]}"
#define SENT "{\"MessageId\":\"m\"}"

#define URL(name) "https://sqs.eu-west-1.amazonaws.com/123456789012/" name
#define FIRST "[queue first]\nurl = " URL("a") "\n"
#define SECOND "[queue second]\nurl = " URL("b") "\n"
#define OUTCOMES "outcome-url = " URL("ended") "\n"

typedef struct Host {
    QueueWorld *world; /* its own queue is at rest */
    Config *config;
    Outbox *outbox;
    QueueSet *set;
} Host;

static Target *find_target(const char *name, void *userdata)
{
    Host *host = userdata;

    return strcmp(name, "default") == 0 ? &host->world->target : NULL;
}

static void load(Host *host, const char *text)
{
    write_file(CONF, text);
    host->config = expect_loaded();
}

static void start(Host *host, const char *text)
{
    QueueWorld *world = host->world;
    const OutboxContext outbox = {
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .registry = world->registry,
        .store = world->fixture->store,
    };
    QueueSetContext queues = {
        .timers = world->timers,
        .clock = &world->fixture->clock,
        .random = &world->random,
        .http = &world->http,
        .registry = world->registry,
        .store = world->fixture->store,
        .find_target = find_target,
        .userdata = host,
    };

    queue_leave(world->queue, 0);
    load(host, text);
    assert_int_equal(outbox_new(&outbox, host->config, &host->outbox), 0);
    queues.outbox = host->outbox;
    assert_int_equal(queue_set_new(&queues, host->config, &host->set), 0);
    assert_int_equal(queue_set_start(host->set), 0);
    queue_world_advance(world, 0);
}

static void stop(Host *host)
{
    queue_set_free(host->set);
    outbox_free(host->outbox);
    config_free(host->config);
    queue_world_stop(host->world);
}

static void restart(Host *host, const char *text)
{
    stop(host);
    queue_world_start(host->world);
    start(host, text);
}

static void reload(Host *host, const char *text)
{
    Config *former = host->config;
    OutboxPlan *outbox;
    QueuePlan *queues;

    load(host, text);
    assert_int_equal(outbox_plan(host->outbox, host->config, &outbox), 0);
    assert_int_equal(queue_set_plan(host->set, host->config, &queues), 0);
    outbox_adopt(host->outbox, outbox);
    queue_set_adopt(host->set, queues);
    config_free(former);
    queue_world_advance(host->world, 0);
}

static int set_up(void **state)
{
    Host *host = calloc(1, sizeof(*host));

    assert_non_null(host);
    assert_int_equal(enter_directory(NULL), 0);
    assert_int_equal(queue_world_setup((void **)&host->world), 0);
    start(host, FIRST OUTCOMES);
    *state = host;
    return 0;
}

static int tear_down(void **state)
{
    Host *host = *state;

    stop(host);
    queue_world_teardown((void **)&host->world);
    leave_directory(NULL);
    free(host);
    return 0;
}

static bool calls(const Host *host, const char *operation)
{
    return queue_world_count(host->world, operation, NULL) > 0;
}

static void answer(Host *host, const char *operation, const char *text, unsigned status,
                   const char *body)
{
    queue_world_answer(host->world, operation, text, status, body);
    queue_world_advance(host->world, 0);
}

static JobState job_state(const Host *host)
{
    JobRecord record = queue_world_job(host->world, IMPORT_A);
    JobState state = record.state;

    job_record_clear(&record);
    return state;
}

/* The queue of this URL has had a message, and its job follows the import. */
static void begin_polling(Host *host, const char *url)
{
    answer(host, "ReceiveMessage", url, 200, MESSAGE("m1", "r1"));
    answer(host, "StopImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    assert_int_equal(job_state(host), JOB_POLLING);
}

static void end_job(Host *host)
{
    queue_world_advance(host->world, 2 * USEC_PER_SEC);
    answer(host, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    assert_int_equal(job_state(host), JOB_STOPPED);
}

static unsigned n_leases(const Host *host)
{
    unsigned n = 0;

    for (size_t i = 0; i < queue_set_size(host->set); i++)
        n += queue_set_get(host->set, i)->source.n_leases;
    return n;
}

/* ---- outcomes ---- */

static void test_a_message_is_deleted_when_the_outcome_has_been_sent(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    assert_true(calls(host, "SendMessage"));
    assert_false(calls(host, "DeleteMessage"));
    for (unsigned i = 0; i < 3; i++) { /* as long as that takes, it is held */
        if (calls(host, "SendMessage"))
            answer(host, "SendMessage", NULL, 500, "");
        queue_world_advance(host->world, THIRD_USEC);
        answer(host, "ChangeMessageVisibility", "\"r1\"", 200, "");
        assert_false(calls(host, "DeleteMessage"));
    }
    for (unsigned i = 0; i < 600 && !calls(host, "SendMessage"); i++)
        queue_world_advance(host->world, USEC_PER_SEC);
    answer(host, "SendMessage", NULL, 200, SENT);
    answer(host, "DeleteMessage", "\"r1\"", 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
    assert_int_equal(n_leases(host), 0);
}

static void test_a_message_waits_for_the_outcome_over_a_restart(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    restart(host, FIRST OUTCOMES);
    assert_false(calls(host, "DeleteMessage"));
    answer(host, "SendMessage", NULL, 200, SENT);
    answer(host, "DeleteMessage", "\"r1\"", 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
}

static void test_two_messages_of_a_job_have_one_outcome(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    answer(host, "ReceiveMessage", NULL, 200, MESSAGE("m2", "r2"));
    end_job(host);
    answer(host, "SendMessage", NULL, 200, SENT);
    assert_false(calls(host, "SendMessage"));
    answer(host, "DeleteMessage", "\"r1\"", 200, "");
    answer(host, "DeleteMessage", "\"r2\"", 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
}

/* Its job's end has been seen, and is not on disk yet. */
static void test_an_outcome_is_sent_although_its_message_is_lost_in_that_turn(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    queue_world_advance(host->world, 2 * USEC_PER_SEC);
    queue_world_pause(host->world, 3 * THIRD_USEC);
    answer(host, "GetImport", NULL, 200, IS(IMPORT_A, "STOPPED"));
    assert_int_equal(job_state(host), JOB_STOPPED);
    assert_true(calls(host, "SendMessage"));
}

static void test_without_an_outcome_url_nothing_is_waited_for(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    assert_false(calls(host, "DeleteMessage"));
    reload(host, FIRST);
    answer(host, "DeleteMessage", "\"r1\"", 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
}

/* ---- reloads ---- */

static void test_a_queue_that_is_removed_gives_back_what_it_holds(void **state)
{
    Host *host = *state;

    reload(host, FIRST SECOND);
    begin_polling(host, URL("a"));
    reload(host, SECOND);
    assert_int_equal(job_state(host), JOB_RELEASED);
    assert_int_equal(
        queue_world_number(host->world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    assert_int_equal(queue_world_count(host->world, "ReceiveMessage", URL("b")), 1);
    answer(host, "ChangeMessageVisibility", NULL, 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
    queue_world_advance(host->world, 3 * USEC_PER_SEC); /* for the receive on the wire */
    assert_int_equal(queue_world_count(host->world, "ReceiveMessage", URL("a")), 0);
    assert_int_equal(queue_world_count(host->world, "ReceiveMessage", URL("b")), 1);
}

static void test_a_message_of_a_removed_queue_is_not_deleted_without_its_outcome(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    assert_false(calls(host, "DeleteMessage"));
    queue_world_advance(host->world, 2 * USEC_PER_SEC);
    assert_true(calls(host, "ReceiveMessage"));
    reload(host, "");
    assert_false(calls(host, "DeleteMessage"));
    assert_int_equal(
        queue_world_number(host->world, "ChangeMessageVisibility", "VisibilityTimeout"), 0);
    answer(host, "ChangeMessageVisibility", "\"r1\"", 200, "");
    assert_int_equal(queue_world_rows(host->world), 0);
    answer(host, "ReceiveMessage", NULL, 200, MESSAGE("m1", "r2")); /* it came back here */
    assert_int_equal(queue_world_count(host->world, "ChangeMessageVisibility", "\"r2\""), 1);
}

static void test_a_queue_with_another_url_is_another_queue(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    reload(host, "[queue first]\nurl = " URL("c") "\n");
    assert_int_equal(job_state(host), JOB_RELEASED);
    assert_int_equal(queue_world_count(host->world, "ChangeMessageVisibility", URL("a")), 1);
    assert_int_equal(queue_world_count(host->world, "ReceiveMessage", URL("c")), 1);
    answer(host, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_advance(host->world, 3 * USEC_PER_SEC); /* for the receive on the wire */
    assert_int_equal(queue_world_count(host->world, "ReceiveMessage", NULL), 1);
}

static void test_new_settings_hold_from_the_next_calls_on(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    reload(host, FIRST "visibility = 10min\nwait-time = 5s\nmax-jobs = 3\n");
    answer(host, "ReceiveMessage", NULL, 200, "{}");
    queue_world_advance(host->world, USEC_PER_SEC);
    assert_int_equal(queue_world_number(host->world, "ReceiveMessage", "VisibilityTimeout"), 600);
    assert_int_equal(queue_world_number(host->world, "ReceiveMessage", "WaitTimeSeconds"), 5);
    assert_int_equal(queue_world_number(host->world, "ReceiveMessage", "MaxNumberOfMessages"), 2);
    queue_world_advance(host->world, THIRD_USEC);
    assert_int_equal(
        queue_world_number(host->world, "ChangeMessageVisibility", "VisibilityTimeout"), 600);
    answer(host, "ChangeMessageVisibility", NULL, 200, "");
    queue_world_advance(host->world, THIRD_USEC);
    assert_false(calls(host, "ChangeMessageVisibility"));
    assert_int_equal(job_state(host), JOB_POLLING);
}

/* What was asked for before a reload is what the answer gives, whatever is asked for by then. */
static void test_a_message_is_held_for_as_long_as_its_receive_asked_for(void **state)
{
    Host *host = *state;

    reload(host, FIRST "visibility = 10min\n");
    begin_polling(host, URL("a")); /* the receive of before */
    queue_world_advance(host->world, VISIBILITY_SEC * USEC_PER_SEC);
    assert_int_equal(job_state(host), JOB_RELEASED);
}

static void test_a_job_goes_on_while_another_queue_holds_a_message_for_it(void **state)
{
    Host *host = *state;

    reload(host, FIRST SECOND);
    begin_polling(host, URL("a"));
    answer(host, "ReceiveMessage", URL("b"), 200, MESSAGE("m2", "r2"));
    reload(host, SECOND);
    assert_int_equal(job_state(host), JOB_POLLING);
    assert_int_equal(queue_world_count(host->world, "ChangeMessageVisibility", "\"r1\""), 1);
    assert_int_equal(queue_world_rows(host->world), 1);
    reload(host, "");
    assert_int_equal(job_state(host), JOB_RELEASED);
    assert_int_equal(queue_world_count(host->world, "ChangeMessageVisibility", "\"r2\""), 1);
}

/* ---- shutdown ---- */

static void test_a_shutdown_gives_back_what_is_under_way_and_keeps_what_has_ended(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    answer(host, "ReceiveMessage", NULL, 200, MESSAGE("m2", "r2")); /* the same import once more */
    assert_true(calls(host, "StopImport"));
    answer(host, "StopImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
    queue_set_shut_down(host->set);
    assert_true(queue_set_finish(host->set));
    queue_world_turn(host->world); /* on disk */
    queue_world_advance(host->world, 0);
    assert_int_equal(queue_world_count(host->world, "ChangeMessageVisibility", "\"r2\""), 1);
    assert_true(queue_set_finish(host->set));
    answer(host, "ChangeMessageVisibility", "\"r2\"", 200, "");
    assert_true(queue_set_finish(host->set)); /* for the receive on the wire */
    queue_world_advance(host->world, 2 * USEC_PER_SEC);
    assert_false(calls(host, "ReceiveMessage"));
    assert_false(queue_set_finish(host->set));
    assert_int_equal(queue_world_rows(host->world), 1); /* its outcome is still to be sent */
}

static void test_a_queue_whose_jobs_have_all_ended_waits_for_nothing(void **state)
{
    Host *host = *state;

    begin_polling(host, URL("a"));
    end_job(host);
    assert_true(calls(host, "ReceiveMessage"));
    queue_set_shut_down(host->set);
    assert_false(queue_set_finish(host->set));
    assert_false(calls(host, "ReceiveMessage"));
    assert_int_equal(queue_world_rows(host->world), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_message_is_deleted_when_the_outcome_has_been_sent),
        TEST(test_a_message_waits_for_the_outcome_over_a_restart),
        TEST(test_two_messages_of_a_job_have_one_outcome),
        TEST(test_an_outcome_is_sent_although_its_message_is_lost_in_that_turn),
        TEST(test_without_an_outcome_url_nothing_is_waited_for),
        TEST(test_a_queue_that_is_removed_gives_back_what_it_holds),
        TEST(test_a_message_of_a_removed_queue_is_not_deleted_without_its_outcome),
        TEST(test_a_queue_with_another_url_is_another_queue),
        TEST(test_new_settings_hold_from_the_next_calls_on),
        TEST(test_a_message_is_held_for_as_long_as_its_receive_asked_for),
        TEST(test_a_job_goes_on_while_another_queue_holds_a_message_for_it),
        TEST(test_a_shutdown_gives_back_what_is_under_way_and_keeps_what_has_ended),
        TEST(test_a_queue_whose_jobs_have_all_ended_waits_for_nothing),
    };

    return cmocka_run_group_tests_name("queue-set", tests, NULL, NULL);
}
