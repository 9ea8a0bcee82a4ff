/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/outbox.h: what goes to which destination, and when it is on disk. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/jobs/outbox.h"
#include "tests/unit/config-world.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/outcome-count.h"
#include "tests/unit/queue-world.h"

#define OPS "[notify ops]\nqueue-url = https://sqs.eu-west-1.amazonaws.com/123456789012/ops\n"
#define AUDIT "[notify audit]\nevent-bus = audit\n"
#define STOPS                                                                                      \
    "[queue stops]\nurl = " QUEUE_URL "\n"                                                         \
    "outcome-url = https://sqs.eu-west-1.amazonaws.com/123456789012/ended\n"

#define SENT "{\"MessageId\":\"m\"}"
#define EVENT_PUT "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\"}]}"

/* A job that a queue asked for, and a companion that cannot save now and then. */
typedef struct Asking {
    RegistryCompanion companion;
    unsigned n_failures; /* to come */
    char job[JOB_ID_SIZE];
} Asking;

typedef struct Outside {
    QueueWorld *world;
    Config *config;
    Outbox *outbox;
    Asking asking;
    Capture journal;
    unsigned n_jobs;
    char sent[JOB_ID_SIZE]; /* whose outcome the listener was notified of last */
} Outside;

static int on_ended(const JobRecord *record, Store *store, void *userdata)
{
    Outside *outside = userdata;

    (void)store;
    if (strcmp(record->id, outside->asking.job) != 0)
        return 0;
    assert_int_equal(outbox_add_outcome(outside->outbox, "stops", record), 0);
    assert_int_equal(outbox_add_outcome(outside->outbox, "stops", record), 0); /* two messages */
    assert_int_equal(outbox_add_outcome(outside->outbox, "none", record), 0);
    if (outside->asking.n_failures == 0)
        return 0;
    outside->asking.n_failures--;
    return -ENOSPC;
}

static bool no_changes(void *userdata)
{
    (void)userdata;
    return false;
}

static void saved_or_not(int r, void *userdata)
{
    (void)r, (void)userdata;
}

static void on_sent(const char *queue, const char *job, void *userdata)
{
    Outside *outside = userdata;

    assert_string_equal(queue, "stops");
    assert_int_equal(outbox_has_outcome(outside->outbox, queue, job), 0);
    snprintf(outside->sent, sizeof(outside->sent), "%s", job);
}

static void load(Outside *outside, const char *text)
{
    write_file(CONF, text);
    outside->config = expect_loaded();
}

static void open_outbox(Outside *outside, const char *text)
{
    QueueWorld *world = outside->world;
    const OutboxContext context = {
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .registry = world->registry,
        .store = world->fixture->store,
    };

    load(outside, text);
    assert_int_equal(outbox_new(&context, outside->config, &outside->outbox), 0);
    outbox_set_listener(outside->outbox, on_sent, outside);
    outside->asking.companion = (RegistryCompanion){
        .ended = on_ended,
        .has_changes = no_changes,
        .saved = saved_or_not,
        .userdata = outside,
    };
    registry_add_companion(world->registry, &outside->asking.companion);
}

static void close_outbox(Outside *outside)
{
    outbox_free(outside->outbox);
    config_free(outside->config);
    queue_world_stop(outside->world);
}

static void reload(Outside *outside, const char *text)
{
    Config *former = outside->config;
    OutboxPlan *plan;

    load(outside, text);
    assert_int_equal(outbox_plan(outside->outbox, outside->config, &plan), 0);
    outbox_adopt(outside->outbox, plan);
    config_free(former);
}

static int set_up(void **state)
{
    Outside *outside = calloc(1, sizeof(*outside));

    assert_non_null(outside);
    assert_int_equal(enter_directory(NULL), 0);
    assert_int_equal(queue_world_setup((void **)&outside->world), 0);
    capture_begin(&outside->journal, JOURNAL_JSON);
    open_outbox(outside, OPS AUDIT STOPS);
    *state = outside;
    return 0;
}

static int tear_down(void **state)
{
    Outside *outside = *state;

    close_outbox(outside);
    capture_end_events(&outside->journal);
    queue_world_teardown((void **)&outside->world);
    leave_directory(NULL);
    free(outside);
    return 0;
}

/* A job of an import of its own. */
static void request_job(Outside *outside, char id[static JOB_ID_SIZE])
{
    char import_id[64];
    JobRequest request = {.target = &outside->world->target, .key = {.import_id = import_id}};

    snprintf(import_id, sizeof(import_id), "ee54f254-6d13-4ac7-b1e5-%012u", outside->n_jobs++);
    assert_int_equal(registry_request(outside->world->registry, &request, id), 0);
}

/* One that is on disk. */
static Job *make_job(Outside *outside, char id[static JOB_ID_SIZE])
{
    request_job(outside, id);
    queue_world_turn(outside->world);
    return registry_find(outside->world->registry, id);
}

/* One that ends in this turn. */
static void end_job(Outside *outside, char id[static JOB_ID_SIZE])
{
    job_cancel(make_job(outside, id), &(Requester){0});
    queue_world_turn(outside->world);
}

static unsigned count(const Outside *outside, const char *destination)
{
    return count_outcomes(outside->world->fixture->store, destination);
}

static void settle(Outside *outside)
{
    queue_world_advance(outside->world, USEC_PER_SEC / 2);
}

/* All that is due for these two. */
static void answer_all(Outside *outside)
{
    for (settle(outside); queue_world_count(outside->world, "PutEvents", NULL) +
                              queue_world_count(outside->world, "SendMessage", NULL) >
                          0;
         settle(outside)) {
        if (queue_world_count(outside->world, "PutEvents", NULL) > 0)
            queue_world_answer(outside->world, "PutEvents", NULL, 200, EVENT_PUT);
        if (queue_world_count(outside->world, "SendMessage", NULL) > 0)
            queue_world_answer(outside->world, "SendMessage", NULL, 200, SENT);
    }
}

static void test_every_end_goes_to_every_notify_and_to_the_queue_that_asked(void **state)
{
    Outside *outside = *state;
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE];
    Job *job = make_job(outside, first);

    strcpy(outside->asking.job, first);
    assert_int_equal(count(outside, "notify ops"), 0);
    job_cancel(job, &(Requester){0});
    queue_world_turn(outside->world);
    end_job(outside, second);
    assert_int_equal(count(outside, "notify ops"), 2);
    assert_int_equal(count(outside, "notify audit"), 2);
    assert_int_equal(count(outside, "outcome stops"), 1);
    assert_int_equal(outbox_has_outcome(outside->outbox, "stops", first), 1);
    assert_int_equal(outbox_has_outcome(outside->outbox, "stops", second), 0);
    assert_int_equal(outbox_has_outcome(outside->outbox, "none", first), 0);
    answer_all(outside);
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(count(outside, "notify audit"), 0);
    assert_string_equal(outside->sent, first);
}

static void test_a_job_that_was_released_has_not_ended(void **state)
{
    Outside *outside = *state;
    Job *job = make_job(outside, outside->asking.job);

    job_release(job, NULL);
    queue_world_turn(outside->world);
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(count(outside, "outcome stops"), 0);
}

static void test_an_outcome_is_on_disk_exactly_if_the_end_is(void **state)
{
    Outside *outside = *state;
    Job *job = make_job(outside, outside->asking.job);
    JobRecord record;

    outside->world->fails = true;
    outside->asking.n_failures = 3;
    job_cancel(job, &(Requester){0});
    for (unsigned i = 0; i < 3; i++) {
        queue_world_turn(outside->world);
        assert_int_equal(count(outside, "notify ops"), 0);
        assert_int_equal(store_get(outside->world->fixture->store, outside->asking.job, &record),
                         0);
        assert_int_equal(record.state, JOB_QUEUED);
        job_record_clear(&record);
    }
    queue_world_turn(outside->world);
    assert_int_equal(count(outside, "notify ops"), 1);
    assert_int_equal(count(outside, "outcome stops"), 1);
    assert_int_equal(store_get(outside->world->fixture->store, outside->asking.job, &record), 0);
    assert_int_equal(record.state, JOB_CANCELLED);
    job_record_clear(&record);
}

static void test_one_destination_in_an_outage_holds_up_no_other(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    for (unsigned i = 0; i < 5; i++)
        end_job(outside, id);
    settle(outside);
    queue_world_answer(outside->world, "PutEvents", NULL, 400, "{\"__type\":\"AccessDenied\"}");
    for (unsigned i = 0; i < 5; i++) {
        settle(outside);
        queue_world_answer(outside->world, "SendMessage", NULL, 200, SENT);
    }
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(count(outside, "notify audit"), 5);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 0), NOTIFICATION_SENT), 5);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 1), NOTIFICATION_FAILED), 1);
}

/* The lines of which there is one for each destination that lost outcomes. */
static unsigned count_removals(const Outside *outside)
{
    return capture_count(&outside->journal, "notify-failed");
}

static void test_a_reload_drops_what_is_due_at_removed_destinations_alone(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    for (unsigned i = 0; i < 3; i++)
        end_job(outside, id);
    reload(outside, AUDIT "[notify more]\nevent-bus = more\n");
    settle(outside);
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(count(outside, "notify audit"), 3);
    assert_int_equal(count_removals(outside), 1);
    assert_true(capture_has(&outside->journal,
                            "destination ops any more; outcomes that were still to be sent to it "
                            "and were dropped: 3"));
    end_job(outside, id);
    assert_int_equal(count(outside, "notify more"), 1);
    answer_all(outside);
    assert_int_equal(count(outside, "notify audit"), 0);
    assert_int_equal(count(outside, "notify more"), 0);
    assert_int_equal(outbox_size(outside->outbox), 2);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 0), NOTIFICATION_SENT), 4);
    assert_int_equal(count_removals(outside), 1);
}

static void test_a_destination_that_was_removed_while_the_daemon_was_down_is_noticed(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    strcpy(outside->asking.job, "");
    for (unsigned i = 0; i < 3; i++)
        end_job(outside, id);
    close_outbox(outside);
    queue_world_start(outside->world);
    open_outbox(outside, STOPS);
    settle(outside);
    settle(outside);
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(count(outside, "notify audit"), 0);
    assert_int_equal(count_removals(outside), 2);
}

static void test_a_destination_that_comes_back_in_time_loses_only_what_was_dropped(void **state)
{
    Outside *outside = *state;
    static char ids[700][JOB_ID_SIZE];

    for (unsigned i = 0; i < 700; i++)
        request_job(outside, ids[i]);
    queue_world_turn(outside->world);
    for (unsigned i = 0; i < 700; i++)
        job_cancel(registry_find(outside->world->registry, ids[i]), &(Requester){0});
    queue_world_turn(outside->world);
    reload(outside, AUDIT STOPS);
    while (count(outside, "notify ops") == 700)
        queue_world_advance(outside->world, 0);
    assert_int_equal(count(outside, "notify ops"), 200);
    reload(outside, AUDIT STOPS OPS);
    assert_int_equal(count_removals(outside), 1);
    settle(outside);
    assert_int_equal(count(outside, "notify ops"), 200);
    assert_int_equal(count_removals(outside), 1);
    assert_int_equal(queue_world_count(outside->world, "SendMessage", NULL), 1);
}

static void test_a_restart_goes_on_with_what_is_due(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    for (unsigned i = 0; i < 3; i++)
        end_job(outside, id);
    settle(outside);
    close_outbox(outside);
    queue_world_start(outside->world);
    open_outbox(outside, OPS AUDIT);
    answer_all(outside);
    assert_int_equal(count(outside, "notify ops"), 0);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 0), NOTIFICATION_SENT), 3);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 1), NOTIFICATION_SENT), 3);
}

static void test_where_no_jobs_are_kept_outcomes_still_are_for_a_day(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    reload(outside, "[daemon]\nkeep-finished = 0\n" AUDIT);
    end_job(outside, id);
    settle(outside);
    for (unsigned i = 0; i < 2; i++) { /* once while it is fresh, once after 23 hours */
        queue_world_answer(outside->world, "PutEvents", NULL, 400, "{\"__type\":\"AccessDenied\"}");
        queue_world_pause(outside->world, 23 * USEC_PER_HOUR * i);
        queue_world_advance(outside->world, 5 * USEC_PER_MINUTE);
        assert_int_equal(count(outside, "notify audit"), 1);
    }
    queue_world_answer(outside->world, "PutEvents", NULL, 400, "{\"__type\":\"AccessDenied\"}");
    queue_world_pause(outside->world, 2 * USEC_PER_HOUR);
    queue_world_advance(outside->world, 5 * USEC_PER_MINUTE);
    assert_int_equal(count(outside, "notify audit"), 0);
    assert_int_equal(queue_world_count(outside->world, "PutEvents", NULL), 0);
    assert_int_equal(destination_count(outbox_get(outside->outbox, 0), NOTIFICATION_DROPPED), 1);
}

static void test_a_shutdown_waits_for_what_is_on_the_wire_alone(void **state)
{
    Outside *outside = *state;
    char id[JOB_ID_SIZE];

    end_job(outside, id);
    end_job(outside, id);
    settle(outside);
    assert_true(outbox_finish(outside->outbox));
    queue_world_answer(outside->world, "PutEvents", NULL, 200, EVENT_PUT);
    assert_true(outbox_finish(outside->outbox));
    queue_world_answer(outside->world, "SendMessage", NULL, 0, "");
    assert_false(outbox_finish(outside->outbox));
    queue_world_advance(outside->world, USEC_PER_HOUR);
    assert_int_equal(count(outside, "notify audit"), 1);
    assert_int_equal(count(outside, "notify ops"), 2);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_end_goes_to_every_notify_and_to_the_queue_that_asked),
        TEST(test_a_job_that_was_released_has_not_ended),
        TEST(test_an_outcome_is_on_disk_exactly_if_the_end_is),
        TEST(test_one_destination_in_an_outage_holds_up_no_other),
        TEST(test_a_reload_drops_what_is_due_at_removed_destinations_alone),
        TEST(test_a_destination_that_was_removed_while_the_daemon_was_down_is_noticed),
        TEST(test_a_destination_that_comes_back_in_time_loses_only_what_was_dropped),
        TEST(test_a_restart_goes_on_with_what_is_due),
        TEST(test_where_no_jobs_are_kept_outcomes_still_are_for_a_day),
        TEST(test_a_shutdown_waits_for_what_is_on_the_wire_alone),
    };

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
