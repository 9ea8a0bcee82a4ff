/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/store.h, store-message.h and store-outbox.h: what is saved with jobs, as a whole or
 * not at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/jobs/store-message.h"
#include "daemon/jobs/store-outbox.h"
#include "tests/unit/store-world.h"

/* Its strings are not owned. */
static StoredMessage plain_message(const char *queue, const char *id)
{
    return (StoredMessage){
        .queue = (char *)queue,
        .id = (char *)id,
        .receipt = (char *)"AQEB/+receipt==",
        .receives = 1,
        .job = "job1",
        .asked_usec = REALTIME_USEC,
        .visible_usec = REALTIME_USEC + 2 * USEC_PER_MINUTE,
        .visible_boottime_usec = BOOTTIME_USEC + 2 * USEC_PER_MINUTE,
    };
}

static void put_message(Fixture *fixture, const char *queue, const char *id)
{
    const StoredMessage message = plain_message(queue, id);

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_put_message(fixture->store, &message), 0);
    assert_int_equal(store_commit(fixture->store), 0);
}

static void put_outcome(Fixture *fixture, const char *destination, const char *job)
{
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_put_outcome(fixture->store, destination, job, REALTIME_USEC, job), 0);
    assert_int_equal(store_commit(fixture->store), 0);
}

/* "queue/id/receipt/receives/job/visible_boottime", a line each. */
static int note_message(StoredMessage *message, void *userdata)
{
    char *noted = userdata;
    size_t length = strlen(noted);

    snprintf(noted + length, 1024 - length, "%s/%s/%s/%u/%s/%lld\n", message->queue, message->id,
             message->receipt, message->receives, message->job,
             (long long)(message->visible_boottime_usec / USEC_PER_SEC));
    stored_message_clear(message);
    return 0;
}

static void assert_messages(Fixture *fixture, const char *expected)
{
    char noted[1024] = "";

    assert_int_equal(store_each_message(fixture->store, note_message, noted), 0);
    assert_string_equal(noted, expected);
}

/* Their bodies, which put_outcome() makes of the job, a blank behind each. */
static void assert_outcomes(Fixture *fixture, const char *destination, const char *expected)
{
    char noted[1024] = "";
    uint64_t sequence = 0;
    StoredOutcome outcome;
    int r;

    while ((r = store_next_outcome(fixture->store, destination, sequence, &outcome)) == 0) {
        assert_true(outcome.sequence > sequence);
        sequence = outcome.sequence;
        strcat(strcat(noted, outcome.body), " ");
        stored_outcome_clear(&outcome);
    }
    assert_int_equal(r, -ENOENT);
    assert_string_equal(noted, expected);
}

/* ---- transactions ---- */

static void put_some_of_each(Fixture *fixture, bool commit)
{
    JobRecord record = plain_job(1, JOB_STOPPED);
    StoredMessage message = plain_message("q", "m1");

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_put_job(fixture->store, &record), 0);
    assert_int_equal(store_put_message(fixture->store, &message), 0);
    assert_int_equal(store_put_outcome(fixture->store, "d", "job1", REALTIME_USEC, "{}"), 0);
    if (commit)
        assert_int_equal(store_commit(fixture->store), 0);
    else
        store_rollback(fixture->store);
}

static void assert_some_of_each(Fixture *fixture, bool there)
{
    JobRecord record;
    int r = store_get(fixture->store, "job1", &record);

    assert_int_equal(r, there ? 0 : -ENOENT);
    if (r == 0)
        job_record_clear(&record);
    assert_messages(fixture, there ? "q/m1/AQEB/+receipt==/1/job1/1120\n" : "");
    assert_outcomes(fixture, "d", there ? "{} " : "");
}

static void test_a_transaction_saves_all_that_is_put(void **state)
{
    Fixture *fixture = *state;

    put_some_of_each(fixture, true);
    assert_some_of_each(fixture, true);
    reopen_store(fixture);
    assert_some_of_each(fixture, true);
}

static void test_a_transaction_that_is_given_up_saves_nothing(void **state)
{
    Fixture *fixture = *state;

    put_some_of_each(fixture, false);
    assert_some_of_each(fixture, false);
    store_rollback(fixture->store); /* there is none */
    put_some_of_each(fixture, true);
    assert_some_of_each(fixture, true);
}

/* Also for a caller that looks at the result of the commit alone. */
static void test_a_transaction_fails_with_the_first_failure_in_it(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_STOPPED);
    StoredMessage message = plain_message("q", NULL);

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_put_job(fixture->store, &record), 0);
    assert_int_equal(store_put_message(fixture->store, &message), -EIO);
    assert_int_equal(store_put_outcome(fixture->store, "d", "job1", REALTIME_USEC, "{}"), -EIO);
    assert_int_equal(store_remove_outcome(fixture->store, 1), -EIO);
    assert_int_equal(store_drop_outcomes(fixture->store, "d", UINT64_MAX, 1), -EIO);
    assert_int_equal(store_remove_message(fixture->store, "q", "m1"), -EIO);
    assert_int_equal(store_commit(fixture->store), -EIO);
    assert_some_of_each(fixture, false);
    put_some_of_each(fixture, true);
    assert_some_of_each(fixture, true);
}

/* ---- messages ---- */

static void test_keeps_the_messages_of_each_queue(void **state)
{
    Fixture *fixture = *state;

    put_message(fixture, "a", "m1");
    put_message(fixture, "b", "m1");
    put_message(fixture, "a", "m2");
    assert_messages(fixture, "a/m1/AQEB/+receipt==/1/job1/1120\n"
                             "a/m2/AQEB/+receipt==/1/job1/1120\n"
                             "b/m1/AQEB/+receipt==/1/job1/1120\n");
}

static void test_a_message_replaces_the_one_of_its_id(void **state)
{
    Fixture *fixture = *state;
    StoredMessage message = plain_message("a", "m1");

    put_message(fixture, "a", "m1");
    message.receipt = (char *)"another";
    message.receives = UINT32_MAX;
    strcpy(message.job, "job2");
    message.visible_boottime_usec += USEC_PER_MINUTE;
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_put_message(fixture->store, &message), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_messages(fixture, "a/m1/another/4294967295/job2/1180\n");
}

static void test_removes_one_message(void **state)
{
    Fixture *fixture = *state;

    put_message(fixture, "a", "m1");
    put_message(fixture, "a", "m2");
    put_message(fixture, "b", "m1");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_remove_message(fixture->store, "a", "m1"), 0);
    assert_int_equal(store_remove_message(fixture->store, "a", "m7"), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_messages(fixture,
                    "a/m2/AQEB/+receipt==/1/job1/1120\nb/m1/AQEB/+receipt==/1/job1/1120\n");
}

static void test_refuses_a_message_that_no_daemon_wrote(void **state)
{
    Fixture *fixture = *state;
    char full[1024] = "";

    put_message(fixture, "a", "m1");
    close_store(fixture);
    execute(fixture, "UPDATE messages SET receipt = CAST(x'80' AS TEXT)");
    open_store(fixture);
    assert_int_equal(store_each_message(fixture->store, note_message, full), -EUCLEAN);
}

static void test_another_boot_moves_the_end_of_a_visibility(void **state)
{
    Fixture *fixture = *state;

    put_message(fixture, "a", "m1");
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, REALTIME_USEC + 30 * USEC_PER_SEC, 0};
    open_store(fixture);
    assert_messages(fixture, "a/m1/AQEB/+receipt==/1/job1/95\n");
}

static void test_a_visibility_that_ended_before_this_boot_has_ended(void **state)
{
    Fixture *fixture = *state;

    put_message(fixture, "a", "m1");
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, REALTIME_USEC + USEC_PER_DAY, 0};
    open_store(fixture);
    assert_messages(fixture, "a/m1/AQEB/+receipt==/1/job1/0\n");
}

/* The clock of a host without a battery is behind until the network has put it right. */
static void test_a_clock_behind_after_a_boot_lengthens_no_visibility(void **state)
{
    Fixture *fixture = *state;

    put_message(fixture, "a", "m1");
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, USEC_PER_DAY, 0};
    open_store(fixture);
    assert_messages(fixture, "a/m1/AQEB/+receipt==/1/job1/125\n");
}

/* ---- outcomes ---- */

static void test_keeps_the_outcomes_of_each_destination_in_their_order(void **state)
{
    Fixture *fixture = *state;
    StoredOutcome outcome;

    put_outcome(fixture, "a", "job2");
    put_outcome(fixture, "b", "job1");
    put_outcome(fixture, "a", "job1");
    assert_outcomes(fixture, "a", "job2 job1 ");
    assert_outcomes(fixture, "b", "job1 ");
    assert_outcomes(fixture, "c", "");
    assert_int_equal(store_next_outcome(fixture->store, "a", 0, &outcome), 0);
    assert_string_equal(outcome.job, "job2");
    assert_int_equal(outcome.made_usec, REALTIME_USEC);
    stored_outcome_clear(&outcome);
}

static void remove_outcome(Fixture *fixture, uint64_t sequence)
{
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_remove_outcome(fixture->store, sequence), 0);
    assert_int_equal(store_commit(fixture->store), 0);
}

static void test_no_outcome_has_the_sequence_of_one_before(void **state)
{
    Fixture *fixture = *state;
    StoredOutcome outcome;
    uint64_t former;

    put_outcome(fixture, "a", "job1");
    assert_int_equal(store_next_outcome(fixture->store, "a", 0, &outcome), 0);
    former = outcome.sequence;
    stored_outcome_clear(&outcome);
    remove_outcome(fixture, former);
    remove_outcome(fixture, former);
    assert_outcomes(fixture, "a", "");
    reopen_store(fixture);
    put_outcome(fixture, "a", "job2");
    assert_int_equal(store_next_outcome(fixture->store, "a", 0, &outcome), 0);
    assert_true(outcome.sequence > former);
    stored_outcome_clear(&outcome);
}

static void test_finds_the_outcomes_of_a_job(void **state)
{
    Fixture *fixture = *state;

    put_outcome(fixture, "a", "job1");
    put_outcome(fixture, "b", "job1");
    put_outcome(fixture, "b", "job2");
    assert_int_equal(store_has_outcome(fixture->store, "a", "job1"), 1);
    assert_int_equal(store_has_outcome(fixture->store, "a", "job2"), 0);
    assert_int_equal(store_has_outcome(fixture->store, "b", "job2"), 1);
    remove_outcome(fixture, 1);
    assert_int_equal(store_has_outcome(fixture->store, "a", "job1"), 0);
    assert_int_equal(store_has_outcome(fixture->store, "b", "job1"), 1);
}

static int drop(Fixture *fixture, const char *destination, uint64_t before_usec, unsigned limit)
{
    int r;

    assert_int_equal(store_begin(fixture->store), 0);
    r = store_drop_outcomes(fixture->store, destination, before_usec, limit);
    assert_int_equal(store_commit(fixture->store), 0);
    return r;
}

static void test_drops_what_is_old_a_step_at_a_time(void **state)
{
    Fixture *fixture = *state;

    for (unsigned i = 0; i < 5; i++)
        put_outcome(fixture, "a", i < 4 ? "old" : "last");
    put_outcome(fixture, "b", "old");
    close_store(fixture);
    execute(fixture, "UPDATE outbox SET made_usec = made_usec + 1 WHERE job = 'last'");
    open_store(fixture);
    assert_int_equal(drop(fixture, "a", REALTIME_USEC, 100), 0);
    assert_int_equal(drop(fixture, "a", REALTIME_USEC + 1, 3), 3);
    assert_int_equal(drop(fixture, "a", REALTIME_USEC + 1, 3), 1);
    assert_int_equal(drop(fixture, "a", REALTIME_USEC + 1, 3), 0);
    assert_outcomes(fixture, "a", "last ");
    assert_outcomes(fixture, "b", "old ");
    assert_int_equal(drop(fixture, "a", UINT64_MAX, 3), 1);
    assert_outcomes(fixture, "a", "");
}

static void test_finds_each_destination_that_has_outcomes(void **state)
{
    Fixture *fixture = *state;
    char *name;

    assert_int_equal(store_next_destination(fixture->store, "", &name), -ENOENT);
    put_outcome(fixture, "notify b", "job1");
    put_outcome(fixture, "notify a", "job1");
    put_outcome(fixture, "notify a", "job2");
    assert_int_equal(store_next_destination(fixture->store, "", &name), 0);
    assert_string_equal(name, "notify a");
    free(name);
    assert_int_equal(store_next_destination(fixture->store, "notify a", &name), 0);
    assert_string_equal(name, "notify b");
    free(name);
    assert_int_equal(store_next_destination(fixture->store, "notify b", &name), -ENOENT);
}

/* ---- another trailstopd ---- */

static void test_takes_over_a_store_without_these_tables(void **state)
{
    Fixture *fixture = *state;
    JobRecord running = plain_job(1, JOB_POLLING), record;

    save(fixture, &running);
    close_store(fixture);
    execute(fixture, "DROP TABLE messages; DROP TABLE outbox");
    open_store(fixture);
    assert_int_equal(store_get(fixture->store, running.id, &record), 0);
    job_record_clear(&record);
    put_some_of_each(fixture, true);
    assert_some_of_each(fixture, true);
}

/* What the first trailstopd reads and writes is all there, and what it leaves is enough. */
static void test_the_first_trailstopd_can_still_use_the_store(void **state)
{
    Fixture *fixture = *state;
    JobRecord record;

    put_some_of_each(fixture, true);
    close_store(fixture);
    execute(fixture,
            "CREATE TEMP TABLE found AS SELECT user_version FROM pragma_user_version;"
            "CREATE TEMP TABLE same (version INTEGER CHECK (version = 1));"
            "INSERT INTO same SELECT * FROM found;"
            "INSERT INTO jobs (number, change, id, import_id, target, reason, uid, gid, pid, state,"
            " already_stopped, attempts, polls, requested_usec, updated_usec, finished_usec,"
            " deadline_usec, requested_boottime_usec, deadline_boottime_usec, error_code,"
            " error_message, error_http_status, error_request_id, refusal_code, refusal_message,"
            " refusal_http_status, refusal_request_id, import)"
            " SELECT 2, 2, 'job2', import_id, target, reason, uid, gid, pid, state,"
            " already_stopped, attempts, polls, requested_usec, updated_usec, finished_usec,"
            " deadline_usec, requested_boottime_usec, deadline_boottime_usec, error_code,"
            " error_message, error_http_status, error_request_id, refusal_code, refusal_message,"
            " refusal_http_status, refusal_request_id, import FROM jobs");
    open_store(fixture);
    assert_some_of_each(fixture, true);
    assert_int_equal(store_get(fixture->store, "job2", &record), 0);
    assert_int_equal(record.state, JOB_STOPPED);
    job_record_clear(&record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_store, tear_down_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_transaction_saves_all_that_is_put),
        TEST(test_a_transaction_that_is_given_up_saves_nothing),
        TEST(test_a_transaction_fails_with_the_first_failure_in_it),
        TEST(test_keeps_the_messages_of_each_queue),
        TEST(test_a_message_replaces_the_one_of_its_id),
        TEST(test_removes_one_message),
        TEST(test_refuses_a_message_that_no_daemon_wrote),
        TEST(test_another_boot_moves_the_end_of_a_visibility),
        TEST(test_a_visibility_that_ended_before_this_boot_has_ended),
        TEST(test_a_clock_behind_after_a_boot_lengthens_no_visibility),
        TEST(test_keeps_the_outcomes_of_each_destination_in_their_order),
        TEST(test_no_outcome_has_the_sequence_of_one_before),
        TEST(test_finds_the_outcomes_of_a_job),
        TEST(test_drops_what_is_old_a_step_at_a_time),
        TEST(test_finds_each_destination_that_has_outcomes),
        TEST(test_takes_over_a_store_without_these_tables),
        TEST(test_the_first_trailstopd_can_still_use_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
