/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/registry.h: joins, the cap, and what a commit that fails leaves behind. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "tests/unit/registry-world.h"

static void test_a_request_is_a_job_on_disk_after_the_commit(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];
    bool changed;
    JobRecord record;

    assert_int_equal(request_import(fixture, 0, IMPORT_A, "because", id), 0);
    assert_int_equal(store_get(fixture->store, id, &record), -ENOENT);
    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_true(changed);
    assert_int_equal(store_get(fixture->store, id, &record), 0);
    assert_int_equal(record.state, JOB_QUEUED);
    assert_string_equal(record.import_id, IMPORT_A);
    assert_string_equal(record.target, "default");
    assert_string_equal(record.reason, "because");
    assert_int_equal(record.requester.uid, 1);
    assert_int_equal(record.deadline_usec - record.requested_usec, USEC_PER_HOUR);
    assert_int_equal(record.deadline_boottime_usec, fixture->virtual.boottime_usec + USEC_PER_HOUR);
    job_record_clear(&record);
}

static void test_nothing_changed_is_nothing_saved(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];
    bool changed;

    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_false(changed);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    commit_registry(fixture);
    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_false(changed);
}

static void test_nothing_is_shown_before_the_commit(void **state)
{
    Fixture *fixture = *state;
    const JobText *shown;
    char id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_int_equal(registry_show(fixture->registry, id, &shown), 0);
    commit_registry(fixture);
    assert_int_equal(registry_show(fixture->registry, id, &shown), 1);
    assert_int_equal(shown->state, JOB_QUEUED);
    assert_int_equal(shown->change, registry_last_change(fixture->registry));
    assert_non_null(strstr(shown->text, "\"state\":\"queued\""));
}

static void test_a_list_shows_what_is_on_disk(void **state)
{
    Fixture *fixture = *state;
    CLEANUP(freep) char *shown = NULL;
    char id[JOB_ID_SIZE];
    JobRecord record;

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    commit_registry(fixture);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    assert_int_equal(store_get(fixture->store, id, &record), 0);
    assert_int_equal(registry_describe(fixture->registry, &record, &shown), 0);
    assert_non_null(strstr(shown, "\"state\":\"queued\""));
    job_record_clear(&record);
}

static void test_followers_hear_of_their_job_and_of_no_other(void **state)
{
    Fixture *fixture = *state;
    Following one = {.follower = {.news = count_news}}, all = one, late = one;
    char id[JOB_ID_SIZE], other[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_true(registry_follow(fixture->registry, id, &one.follower));
    registry_follow_all(fixture->registry, &all.follower);
    assert_int_equal(one.n_news, 0);
    commit_registry(fixture);
    assert_int_equal(one.n_news, 1);
    assert_int_equal(all.n_news, 1);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, other), 0);
    commit_registry(fixture);
    assert_int_equal(one.n_news, 1);
    assert_int_equal(all.n_news, 2);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    commit_registry(fixture);
    assert_true(one.n_news > 1);
    assert_false(one.follower.listed);
    assert_false(registry_follow(fixture->registry, id, &late.follower));
    follower_remove(&one.follower);
    follower_remove(&all.follower);
}

static void test_followers_of_all_share_the_texts_of_what_changed(void **state)
{
    Fixture *fixture = *state;
    Following all = {.follower = {.news = count_news}};
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE];
    const JobText *shown, *again;
    uint64_t before;

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, first), 0);
    commit_registry(fixture); /* nobody follows: no text is made */
    before = registry_last_change(fixture->registry);
    assert_false(registry_show_changes(fixture->registry, before - 1, &shown));
    assert_true(registry_show_changes(fixture->registry, before, &shown));
    assert_null(shown);
    registry_follow_all(fixture->registry, &all.follower);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, second), 0);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    commit_registry(fixture);
    assert_true(registry_show_changes(fixture->registry, before, &shown));
    assert_string_equal(shown->id, second);
    assert_string_equal(TAILQ_NEXT(shown, entry)->id, first);
    assert_int_equal(TAILQ_NEXT(shown, entry)->state, JOB_CANCELLED);
    assert_int_equal(registry_show(fixture->registry, second, &again), 1);
    assert_ptr_equal(again, shown);
    follower_remove(&all.follower);
}

static void test_a_job_that_has_ended_waits_for_nothing(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    commit_registry(fixture);
    assert_true(timers_next_usec(fixture->timers) != TIMER_NEVER);
    job_cancel(registry_find(fixture->registry, id), &canceller); /* the disk may be full */
    assert_true(timers_next_usec(fixture->timers) == TIMER_NEVER);
}

static void test_joins_the_job_of_an_import(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0); /* not on disk yet */
    assert_string_equal(id, first);
    commit_registry(fixture);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_string_equal(id, first);
    assert_int_equal(registry_count_jobs(fixture->registry), 1);
}

static void test_joins_no_other_import_and_no_other_target(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE], third[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, second), 0);
    assert_int_equal(request_import(fixture, 1, IMPORT_A, NULL, third), 0);
    assert_string_not_equal(first, second);
    assert_string_not_equal(first, third);
    assert_string_not_equal(second, third);
}

static void test_joins_no_job_that_has_ended(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, first), 0);
    commit_registry(fixture);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, second), 0);
    assert_string_not_equal(first, second);
    commit_registry(fixture);
    assert_null(registry_find(fixture->registry, first));
    assert_non_null(registry_find(fixture->registry, second));
}

static void test_takes_no_more_than_max_jobs(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, id), 0);
    assert_int_equal(request_import(fixture, 1, IMPORT_A, NULL, id), 0);
    assert_int_equal(request_import(fixture, 1, IMPORT_B, NULL, id), -EDQUOT);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0); /* joining makes no job */
    commit_registry(fixture);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    commit_registry(fixture);
    assert_int_equal(request_import(fixture, 1, IMPORT_B, NULL, id), 0);
}

/* ---- messages of queues ---- */

static void share(Job *job, const char *status)
{
    CLEANUP(json_object_putp) json_object *import = json_object_new_object();

    assert_int_equal(json_add_string(import, "ImportStatus", status), 0);
    job_share(job, &(AwsResult){.outcome = AWS_OK, .body = import});
}

static void assert_shows(Fixture *fixture, const char *id, const char *status)
{
    CLEANUP(freep) char *described = NULL;
    const JobText *shown;
    JobRecord record;

    assert_int_equal(registry_show(fixture->registry, id, &shown), 1);
    assert_non_null(strstr(shown->text, status));
    assert_int_equal(store_get(fixture->store, id, &record), 0);
    assert_int_equal(registry_describe(fixture->registry, &record, &described), 0);
    assert_string_equal(described, shown->text);
    job_record_clear(&record);
}

static void test_an_observation_is_shown_whether_it_is_in_memory_or_on_disk(void **state)
{
    Fixture *fixture = *state;
    const JobRequest wait = {.target = &fixture->targets[0],
                             .key = {.kind = JOB_WAIT, .import_id = IMPORT_A}};
    Following one = {.follower = {.news = count_news}};
    char id[JOB_ID_SIZE];
    Job *job;

    assert_int_equal(registry_request(fixture->registry, &wait, id), 0);
    commit_registry(fixture);
    job = registry_find(fixture->registry, id);
    share(job, "INITIALIZING");
    assert_non_null(job->record.import);
    commit_registry(fixture);
    assert_null(job->record.import);
    assert_shows(fixture, id, "INITIALIZING");

    registry_follow(fixture->registry, id, &one.follower);
    share(job, "IN_PROGRESS");
    commit_registry(fixture);
    assert_non_null(job->record.import);
    assert_shows(fixture, id, "IN_PROGRESS");
    follower_remove(&one.follower);

    close_registry(fixture);
    open_registry(fixture);
    assert_int_equal(registry_load(fixture->registry, find_target, fixture), 0);
    job = registry_find(fixture->registry, id);
    assert_null(job->record.import);
    assert_shows(fixture, id, "IN_PROGRESS");

    job_cancel(job, &canceller); /* its end is logged with what was seen of the import last */
    assert_non_null(job->record.import);
    commit_registry(fixture);
    assert_shows(fixture, id, "IN_PROGRESS");
}

/* What a wait of the same import was answered may be older than what this job asked for. */
static void test_a_job_that_asks_what_became_of_its_stop_shares_only_an_end(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];
    Job *job;

    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, id), 0);
    commit_registry(fixture);
    job = registry_find(fixture->registry, id);
    share(job, "IN_PROGRESS");
    assert_int_equal(job->record.state, JOB_QUEUED);
    assert_true(job->asks_first && job->call_usec > 0);
    share(job, "STOPPED");
    assert_int_equal(job->record.state, JOB_STOPPED);

    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, id), 0);
    commit_registry(fixture);
    job = registry_find(fixture->registry, id);
    assert_int_equal(
        call_error_set(&job->record.refusal, "InvalidParameterException", "no", 400, NULL), 0);
    share(job, "IN_PROGRESS");
    assert_int_equal(job->record.state, JOB_QUEUED);
    assert_true(job->call_usec > 0);
    share(job, "COMPLETED");
    assert_int_equal(job->record.state, JOB_COMPLETED);
}

static void test_goes_on_after_a_restart(void **state)
{
    Fixture *fixture = *state;
    char going_on[JOB_ID_SIZE], removed[JOB_ID_SIZE], joined[JOB_ID_SIZE], later[JOB_ID_SIZE];
    JobRecord record;

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, going_on), 0);
    assert_int_equal(request_import(fixture, 1, IMPORT_A, NULL, removed), 0);
    commit_registry(fixture);
    close_registry(fixture);
    open_registry(fixture);
    assert_int_equal(registry_load(fixture->registry, find_target, fixture), 0);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, joined), 0);
    assert_string_equal(joined, going_on);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, later), 0);
    commit_registry(fixture);

    assert_int_equal(store_get(fixture->store, removed, &record), 0);
    assert_int_equal(record.state, JOB_REFUSED);
    assert_string_equal(record.last_error.code, CALL_ERROR_TARGET_REMOVED);
    job_record_clear(&record);
    assert_int_equal(store_get(fixture->store, later, &record), 0);
    assert_int_equal(record.number, 3);
    job_record_clear(&record);
}

/* On a file system of its own that is soon full. Needs root. */
static void test_a_commit_that_fails_drops_new_jobs_alone(void **state)
{
    static char big[1000000];
    Fixture *fixture = *state;
    char kept[JOB_ID_SIZE], dropped[JOB_ID_SIZE];
    JobRecord record;
    bool changed = true;

    close_registry(fixture);
    fixture->mounted = unshare(CLONE_NEWNS) == 0 &&
                       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                       mount("none", fixture->directory, "tmpfs", 0, "size=256k") == 0;
    open_registry(fixture);
    if (!fixture->mounted)
        skip();
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, kept), 0);
    commit_registry(fixture);
    job_cancel(registry_find(fixture->registry, kept), &canceller);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, big, dropped), 0);
    assert_int_equal(registry_commit(fixture->registry, &changed), -ENOSPC);
    assert_false(changed);
    assert_null(registry_find(fixture->registry, dropped));
    assert_non_null(registry_find(fixture->registry, kept));

    /* At a shutdown, it is not waited for. */
    assert_int_equal(registry_finish(fixture->registry), REGISTRY_DONE);

    commit_registry(fixture);
    assert_int_equal(store_get(fixture->store, kept, &record), 0);
    assert_int_equal(record.state, JOB_CANCELLED);
    job_record_clear(&record);
    assert_int_equal(store_get(fixture->store, dropped, &record), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_registry, tear_down_registry)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_is_a_job_on_disk_after_the_commit),
        TEST(test_nothing_changed_is_nothing_saved),
        TEST(test_nothing_is_shown_before_the_commit),
        TEST(test_a_list_shows_what_is_on_disk),
        TEST(test_followers_hear_of_their_job_and_of_no_other),
        TEST(test_followers_of_all_share_the_texts_of_what_changed),
        TEST(test_a_job_that_has_ended_waits_for_nothing),
        TEST(test_joins_the_job_of_an_import),
        TEST(test_joins_no_other_import_and_no_other_target),
        TEST(test_joins_no_job_that_has_ended),
        TEST(test_takes_no_more_than_max_jobs),
        TEST(test_goes_on_after_a_restart),
        TEST(test_a_commit_that_fails_drops_new_jobs_alone),
        TEST(test_an_observation_is_shown_whether_it_is_in_memory_or_on_disk),
        TEST(test_a_job_that_asks_what_became_of_its_stop_shares_only_an_end),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
