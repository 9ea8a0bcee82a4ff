/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/destination.h: in order, at least once, and what it does while that does not work. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/jobs/destination.h"
#include "tests/unit/call-world.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/outcome-count.h"
#include "tests/unit/store-world.h"

#define QUEUE_URL "https://sqs.eu-west-1.amazonaws.com/123456789012/outcomes"
#define FIFO_URL QUEUE_URL ".fifo"

static const Reply taken = {.status = 200, .body = "{\"MessageId\":\"m-1\"}"};
static const Reply refused = {
    .status = 400,
    .body = "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"message\":\"no\"}"};
static const Reply unavailable = {.failure = HTTP_CONNECT_FAILED};

typedef struct Outside {
    World *world;
    AwsMeters meters;
    Fixture *files; /* of which only the store is used */
    Capture journal;
    DestinationContext context;
    uint64_t kept_since_usec;
    Destination *destination;
    char sent[256]; /* the jobs whose outcomes were sent and are gone, "a b " */
    unsigned n_emptied;
} Outside;

static uint64_t kept_since(void *userdata)
{
    return ((Outside *)userdata)->kept_since_usec;
}

static void on_sent(const Destination *destination, const char *job, void *userdata)
{
    Outside *outside = userdata;

    assert_ptr_equal(destination, outside->destination);
    strcat(strcat(outside->sent, job), " ");
}

static void on_emptied(Destination *destination, void *userdata)
{
    Outside *outside = userdata;

    assert_ptr_equal(destination, outside->destination);
    destination_free(destination);
    outside->destination = NULL;
    outside->n_emptied++;
}

static void open_destination(Outside *outside, const char *event_bus, const char *queue_url)
{
    DestinationAddress address = {
        .kind = DESTINATION_NOTIFY,
        .section = "ops",
        .event_bus = event_bus,
        .queue_url = queue_url,
        .client = outside->world->client,
    };

    assert_int_equal(destination_new(&outside->context, &address, &outside->destination), 0);
}

static int set_up(void **state)
{
    Outside *outside = calloc(1, sizeof(*outside));

    assert_non_null(outside);
    assert_int_equal(world_setup((void **)&outside->world), 0);
    outside->meters.timers = outside->world->timers;
    assert_int_equal(aws_meter_new(&outside->meters, &outside->world->config.meter), 0);
    world_connect(outside->world);
    aws_meter_unref(outside->world->config.meter); /* the client has a reference of its own */
    assert_int_equal(set_up_store((void **)&outside->files), 0);
    capture_begin(&outside->journal, JOURNAL_JSON);
    outside->context = (DestinationContext){
        .timers = outside->world->timers,
        .random = &outside->world->random,
        .store = outside->files->store,
        .kept_since_usec = kept_since,
        .sent = on_sent,
        .emptied = on_emptied,
        .userdata = outside,
    };
    open_destination(outside, NULL, QUEUE_URL);
    *state = outside;
    return 0;
}

static int tear_down(void **state)
{
    Outside *outside = *state;

    destination_free(outside->destination);
    capture_end_events(&outside->journal);
    tear_down_store((void **)&outside->files);
    world_teardown((void **)&outside->world);
    free(outside);
    return 0;
}

/* Of these jobs, each named by a letter, in one transaction. */
static void put_at(Outside *outside, const char *jobs, uint64_t made_usec)
{
    assert_int_equal(store_begin(outside->files->store), 0);
    for (const char *job = jobs; *job; job++) {
        char id[2] = {*job}, detail[64];

        snprintf(detail, sizeof(detail), "{\"job\":{\"id\":\"%s\",\"importId\":\"import-%s\"}}", id,
                 id);
        assert_int_equal(destination_put(outside->destination, id, made_usec, detail), 0);
    }
    assert_int_equal(store_commit(outside->files->store), 0);
    destination_saved(outside->destination, 0);
}

static void put(Outside *outside, const char *jobs)
{
    put_at(outside, jobs, WORLD_REALTIME);
}

/* The end of a turn. */
static void commit(Outside *outside)
{
    if (!outside->destination || !destination_has_changes(outside->destination))
        return;
    assert_int_equal(store_begin(outside->files->store), 0);
    assert_int_equal(destination_save(outside->destination), 0);
    assert_int_equal(store_commit(outside->files->store), 0);
    destination_saved(outside->destination, 0);
}

/* The end of a turn in which the disk is full. */
static void fail_to_commit(Outside *outside)
{
    assert_true(destination_has_changes(outside->destination));
    assert_int_equal(store_begin(outside->files->store), 0);
    assert_int_equal(destination_save(outside->destination), 0);
    store_rollback(outside->files->store);
    destination_saved(outside->destination, -ENOSPC);
}

/* Turn by turn, until a request waits for its answer. False: nothing will ever happen. */
static bool go_on(Outside *outside)
{
    World *world = outside->world;

    while (commit(outside), !world->callback) {
        if (world->n_seen == WORLD_ATTEMPTS_MAX)
            world->n_seen = 0;
        world->hooked = world->n_seen + 1; /* destinations have no use for that hook */
        if (!world_step(world))
            return false;
    }
    return true;
}

static const char *last_body(const Outside *outside)
{
    return outside->world->seen[outside->world->n_seen - 1].body;
}

/* The next request is about this job. */
static void expect_request(Outside *outside, char job)
{
    char text[16];

    assert_true(go_on(outside));
    snprintf(text, sizeof(text), "import-%c", job);
    assert_non_null(strstr(last_body(outside), text));
}

static void expect_and_answer(Outside *outside, char job, const Reply *reply)
{
    expect_request(outside, job);
    world_answer(outside->world, reply);
}

/* The three attempts of one call. */
static void expect_no_way(Outside *outside, char job)
{
    for (unsigned i = 0; i < 3; i++)
        expect_and_answer(outside, job, &unavailable);
}

static unsigned count_rows(const Outside *outside, const char *name)
{
    return count_outcomes(outside->files->store, name);
}

static void expect_counts(const Outside *outside, unsigned sent, unsigned failed, unsigned dropped)
{
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_SENT), sent);
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_FAILED), failed);
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_DROPPED), dropped);
}

static void test_sends_in_order_and_one_at_a_time(void **state)
{
    Outside *outside = *state;

    put(outside, "ab");
    put(outside, "c");
    expect_request(outside, 'a');
    put(outside, "d");
    world_answer(outside->world, &taken);
    assert_int_equal(count_rows(outside, "notify ops"), 4);
    assert_string_equal(outside->sent, "");
    commit(outside);
    assert_int_equal(count_rows(outside, "notify ops"), 3);
    assert_string_equal(outside->sent, "a ");
    for (const char *job = "bcd"; *job; job++)
        expect_and_answer(outside, *job, &taken);
    commit(outside);
    assert_false(go_on(outside));
    assert_string_equal(outside->sent, "a b c d ");
    assert_int_equal(count_rows(outside, "notify ops"), 0);
    expect_counts(outside, 4, 0, 0);
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 0);
}

static void test_a_message_is_the_whole_event(void **state)
{
    Outside *outside = *state;

    put(outside, "a");
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
    put(outside, "a");
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
    put(outside, "a");
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

    put(outside, "ab");
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        expect_and_answer(outside, 'a', &replies[i]);
        put(outside, "c");
    }
    expect_no_way(outside, 'a');
    expect_and_answer(outside, 'a', &taken);
    for (const char *job = "bcccc"; *job; job++)
        expect_and_answer(outside, *job, &taken);
    commit(outside);
    assert_false(go_on(outside));
    expect_counts(outside, 6, 5, 0);
    assert_int_equal(count_rows(outside, "notify ops"), 0);
}

static void test_an_outage_is_logged_once_at_its_begin_and_at_its_end(void **state)
{
    Outside *outside = *state;

    put(outside, "ab");
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

    put(outside, "a");
    for (unsigned i = 0; i < 6; i++)
        expect_and_answer(outside, 'a', &refused);
    next_usec = timers_next_usec(outside->world->timers);
    assert_true(next_usec > outside->world->boottime_usec + 10 * USEC_PER_SEC);
    put(outside, "b");
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
    put(outside, "ab");
    expect_and_answer(outside, 'a', &failed);
    commit(outside);
    assert_int_equal(count_rows(outside, "notify ops"), 2);
    assert_true(capture_has(&outside->journal, "NotAuthorizedForSource"));
    expect_and_answer(outside, 'a', &put_well);
    expect_and_answer(outside, 'b', &put_well);
    commit(outside);
    assert_string_equal(outside->sent, "a b ");
}

static void test_a_store_that_cannot_be_written_holds_up_the_next_and_loses_none(void **state)
{
    Outside *outside = *state;

    put(outside, "ab");
    expect_and_answer(outside, 'a', &taken);
    for (unsigned i = 0; i < 5; i++) {
        fail_to_commit(outside);
        assert_false(world_step(outside->world)); /* no timer is set */
    }
    assert_string_equal(outside->sent, "");
    assert_int_equal(count_rows(outside, "notify ops"), 2);
    commit(outside);
    assert_string_equal(outside->sent, "a ");
    expect_and_answer(outside, 'b', &taken);
}

static void test_what_was_sent_and_not_yet_removed_is_sent_again_after_a_restart(void **state)
{
    Outside *outside = *state;

    put(outside, "ab");
    expect_and_answer(outside, 'a', &taken);
    destination_free(TAKE(outside->destination));
    open_destination(outside, NULL, QUEUE_URL);
    expect_and_answer(outside, 'a', &taken);
    commit(outside);
    expect_request(outside, 'b');
    destination_free(TAKE(outside->destination));
    assert_int_equal(outside->world->cancelled, 1);
    open_destination(outside, NULL, QUEUE_URL);
    expect_and_answer(outside, 'b', &taken);
    commit(outside);
    assert_false(go_on(outside));
}

static void test_a_shutdown_lets_what_is_on_the_wire_end_and_begins_nothing(void **state)
{
    Outside *outside = *state;

    put(outside, "ab");
    expect_request(outside, 'a');
    assert_true(destination_finish(outside->destination));
    world_answer(outside->world, &taken);
    commit(outside);
    assert_false(destination_finish(outside->destination));
    assert_false(go_on(outside));
    assert_string_equal(outside->sent, "a ");
    assert_int_equal(count_rows(outside, "notify ops"), 1);
}

static void test_a_shutdown_takes_back_what_is_not_on_the_wire(void **state)
{
    Outside *outside = *state;

    put(outside, "a");
    expect_and_answer(outside, 'a', &unavailable); /* the second attempt waits */
    assert_false(destination_finish(outside->destination));
    assert_false(go_on(outside));
    assert_int_equal(count_rows(outside, "notify ops"), 1);
}

static void test_drops_what_is_too_old_with_one_line(void **state)
{
    Outside *outside = *state;

    put_at(outside, "abc", 1000);
    put_at(outside, "d", 2000);
    outside->kept_since_usec = 2000;
    expect_and_answer(outside, 'd', &taken);
    commit(outside);
    assert_false(go_on(outside));
    expect_counts(outside, 1, 0, 3);
    assert_string_equal(outside->sent, "d ");
    assert_int_equal(capture_count(&outside->journal, "notify-failed"), 1);
    assert_true(capture_has(&outside->journal, "for longer than they are kept; dropped: 3"));
}

static void test_a_retired_destination_drops_all_in_steps_with_one_line(void **state)
{
    Outside *outside = *state;

    for (unsigned i = 0; i < 20; i++)
        put(outside, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    destination_free(TAKE(outside->destination));
    assert_int_equal(
        destination_new_retired(&outside->context, "notify ops", &outside->destination), 0);
    for (unsigned left = 1040; left > 0;) {
        unsigned before = left;

        assert_true(world_step(outside->world));
        commit(outside);
        left = count_rows(outside, "notify ops");
        assert_in_range(before - left, 1, 500);
    }
    assert_false(go_on(outside));
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
        put(outside, "a");
        assert_false(go_on(outside));
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

    put(outside, "abc");
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
    commit(outside);
    expect_counts(outside, 3, 0, 0);
}

static void test_a_change_ends_long_waits(void **state)
{
    Outside *outside = *state;

    put(outside, "a");
    for (unsigned i = 0; i < 10; i++)
        expect_and_answer(outside, 'a', &refused);
    succeed(outside, NULL, FIFO_URL);
    assert_in_range(timers_next_usec(outside->world->timers), 0,
                    outside->world->boottime_usec + USEC_PER_SEC);
    expect_and_answer(outside, 'a', &taken);
    assert_int_equal(capture_count(&outside->journal, "outage-ended"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

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
