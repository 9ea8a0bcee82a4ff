/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/registry.h: what comes with jobs, the messages that made them, and what is saved
 * beside them in the same transaction. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "daemon/base/journal.h"
#include "tests/unit/outcome-count.h"
#include "tests/unit/registry-world.h"

/* ---- messages of queues ---- */

static void test_a_job_keeps_the_message_that_made_it(void **state)
{
    Fixture *fixture = *state;
    const JobText *shown;
    char id[JOB_ID_SIZE];

    assert_int_equal(request_by_message(fixture, IMPORT_A, 3, id), 0);
    commit_registry(fixture);
    assert_int_equal(registry_show(fixture->registry, id, &shown), 1);
    assert_non_null(strstr(
        shown->text, "\"message\":{\"queue\":\"requests\",\"messageId\":\"m-1\",\"receives\":3}"));
}

/* Another host may have had it before. */
static void test_asks_first_unless_a_message_was_never_received_before(void **state)
{
    static const struct {
        unsigned receives;
        bool asks_first;
    } samples[] = {{1, false}, {2, true}, {1000, true}, {0, true} /* not given */};
    Fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char id[JOB_ID_SIZE];

        assert_int_equal(request_by_message(fixture, IMPORT_A, samples[i].receives, id), 0);
        commit_registry(fixture);
        assert_int_equal(registry_find(fixture->registry, id)->asks_first, samples[i].asks_first);
        close_registry(fixture);
        open_registry(fixture);
        assert_int_equal(registry_load(fixture->registry, find_target, fixture), 0);
        assert_int_equal(registry_find(fixture->registry, id)->asks_first, samples[i].asks_first);
        job_cancel(registry_find(fixture->registry, id), &canceller);
        commit_registry(fixture);
    }
}

/* Whoever made the job, and however far it is. */
static void test_asks_first_where_such_a_message_joins(void **state)
{
    Fixture *fixture = *state;
    char started[JOB_ID_SIZE], fresh[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, started), 0);
    commit_registry(fixture);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 1, id), 0);
    assert_false(registry_find(fixture->registry, started)->asks_first);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, id), 0);
    assert_string_equal(id, started);
    assert_true(registry_find(fixture->registry, started)->asks_first);

    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, fresh), 0);
    assert_int_equal(request_by_message(fixture, IMPORT_B, 2, id), 0);
    assert_string_equal(id, fresh);
    commit_registry(fixture);
    assert_true(registry_find(fixture->registry, fresh)->asks_first);
}

/* Whatever it is about to do. */
static void test_a_released_job_calls_and_waits_for_nothing_more(void **state)
{
    static char code[] = "MessageNotInflight", text[] = "gone";
    static const CallError gone = {.code = code, .message = text};
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE], again[JOB_ID_SIZE];
    JobRecord record;

    assert_int_equal(request_by_message(fixture, IMPORT_A, 1, id), 0);
    commit_registry(fixture);
    job_release(registry_find(fixture->registry, id), &gone);
    assert_true(timers_next_usec(fixture->timers) == TIMER_NEVER);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, again), 0);
    assert_string_not_equal(again, id);
    job_release(registry_find(fixture->registry, again), NULL); /* before it is on disk */
    commit_registry(fixture);
    assert_true(timers_next_usec(fixture->timers) == TIMER_NEVER);
    assert_int_equal(registry_count_jobs(fixture->registry), 0);
    assert_int_equal(store_get(fixture->store, id, &record), 0);
    assert_int_equal(record.state, JOB_RELEASED);
    assert_string_equal(record.last_error.code, "MessageNotInflight");
    assert_true(record.finished_usec > 0);
    job_record_clear(&record);
}

/* ---- companions ---- */

typedef struct Beside {
    RegistryCompanion companion;
    const Fixture *fixture;
    char awaited[JOB_ID_SIZE]; /* whether it was there when the commit was over */
    bool found;
    bool has_changes;
    int error; /* of the next transaction */
    int outcome;
    unsigned n_ended, n_saved, n_over;
} Beside;

static int put_end(const JobRecord *record, Store *store, void *userdata)
{
    Beside *beside = userdata;

    beside->n_ended++;
    assert_true(job_state_is_final(record->state));
    assert_true(record->change > 0);
    if (beside->error < 0)
        return beside->error;
    return store_put_outcome(store, "ended", record->id, record->finished_usec, "");
}

static bool has_changes(void *userdata)
{
    return ((Beside *)userdata)->has_changes;
}

static int put_changes(Store *store, void *userdata)
{
    Beside *beside = userdata;

    beside->n_saved++;
    return beside->error < 0 ? beside->error : store_put_outcome(store, "besides", "", 0, "");
}

static void transaction_over(int r, void *userdata)
{
    Beside *beside = userdata;

    beside->n_over++;
    beside->outcome = r;
    beside->found = registry_find(beside->fixture->registry, beside->awaited) != NULL;
    beside->has_changes &= r < 0;
}

static void begin_beside(Fixture *fixture, Beside *beside)
{
    *beside = (Beside){
        .companion = {.ended = put_end,
                      .has_changes = has_changes,
                      .save = put_changes,
                      .saved = transaction_over,
                      .userdata = beside},
        .fixture = fixture,
        .outcome = 1,
    };
    registry_add_companion(fixture->registry, &beside->companion);
}

static void assert_outcomes(Fixture *fixture, const char *destination, unsigned expected)
{
    assert_int_equal(count_outcomes(fixture->store, destination), expected);
}

static void test_a_companion_saves_with_the_end_of_a_job(void **state)
{
    Fixture *fixture = *state;
    Beside one, other;
    char id[JOB_ID_SIZE];

    begin_beside(fixture, &one);
    begin_beside(fixture, &other);
    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    commit_registry(fixture);
    assert_int_equal(one.n_ended, 0);
    assert_int_equal(one.outcome, 0);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    commit_registry(fixture);
    assert_int_equal(one.n_ended, 1);
    assert_int_equal(one.n_saved, 0);
    assert_int_equal(one.n_over, 2);
    assert_int_equal(other.n_ended, 1);
    assert_outcomes(fixture, "ended", 2);
}

static void test_a_companion_saves_where_no_job_changed(void **state)
{
    Fixture *fixture = *state;
    Following all = {.follower = {.news = count_news}};
    Beside beside;
    bool changed;

    begin_beside(fixture, &beside);
    registry_follow_all(fixture->registry, &all.follower);
    commit_registry(fixture);
    assert_int_equal(beside.n_over, 0);
    beside.has_changes = true;
    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_true(changed);
    assert_int_equal(beside.n_over, 1);
    assert_int_equal(beside.outcome, 0);
    assert_outcomes(fixture, "besides", 1);
    commit_registry(fixture);
    assert_int_equal(beside.n_over, 1);
    assert_int_equal(all.n_news, 0);
    follower_remove(&all.follower);
}

/* And is notified when the jobs that would have been new are gone. */
static void test_what_a_companion_cannot_save_is_not_saved_of_jobs_either(void **state)
{
    Fixture *fixture = *state;
    Beside beside;
    char kept[JOB_ID_SIZE];
    const JobText *shown;
    JobRecord record;
    bool changed;

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, kept), 0);
    commit_registry(fixture);
    begin_beside(fixture, &beside);
    job_cancel(registry_find(fixture->registry, kept), &canceller);
    assert_int_equal(request_import(fixture, 0, IMPORT_B, NULL, beside.awaited), 0);
    for (unsigned i = 0; i < 2; i++) {
        beside.error = -ENOMEM;
        beside.has_changes = i == 1;
        assert_int_equal(registry_commit(fixture->registry, &changed), -ENOMEM);
        assert_false(changed);
        assert_int_equal(beside.outcome, -ENOMEM);
        assert_false(beside.found);
        assert_int_equal(registry_show(fixture->registry, kept, &shown), 0);
        assert_int_equal(store_get(fixture->store, kept, &record), 0);
        assert_int_equal(record.state, JOB_QUEUED);
        job_record_clear(&record);
        assert_outcomes(fixture, "ended", 0);
    }
    beside.error = 0;
    commit_registry(fixture);
    assert_int_equal(beside.outcome, 0);
    assert_outcomes(fixture, "ended", 1);
    assert_outcomes(fixture, "besides", 1);
    assert_int_equal(registry_show(fixture->registry, kept, &shown), 1);
    assert_int_equal(shown->state, JOB_CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_registry, tear_down_registry)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_job_keeps_the_message_that_made_it),
        TEST(test_asks_first_unless_a_message_was_never_received_before),
        TEST(test_asks_first_where_such_a_message_joins),
        TEST(test_a_released_job_calls_and_waits_for_nothing_more),
        TEST(test_a_companion_saves_with_the_end_of_a_job),
        TEST(test_a_companion_saves_where_no_job_changed),
        TEST(test_what_a_companion_cannot_save_is_not_saved_of_jobs_either),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
