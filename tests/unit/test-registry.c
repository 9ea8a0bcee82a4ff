/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/registry.h: joins, the cap, and what a commit that fails leaves behind. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/registry.h"
#include "tests/unit/outcome-count.h"
#include "tests/unit/virtual-clock.h"

#define IMPORT_A "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define IMPORT_B "11111111-6d13-4ac7-b1e5-3e6f1a7f0b29"

static const Requester canceller = {4, 5, 6};

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    Random random;
    Timers *timers;
    char directory[64];
    bool mounted;
    Store *store;
    Registry *registry;
    Target targets[2]; /* nothing is called: no timer runs */
} Fixture;

static void open_registry(Fixture *fixture)
{
    JobContext context = {.timers = fixture->timers, .random = &fixture->random};
    PollingRules polling = {USEC_PER_SEC, USEC_PER_MINUTE, 2};
    char *error = NULL;

    if (store_open(fixture->directory, &fixture->clock, &fixture->store, &error) < 0)
        fail_msg("%s", error);
    assert_int_equal(registry_new(&context, fixture->store, &fixture->registry), 0);
    registry_configure(fixture->registry, &polling, 3);
}

static void close_registry(Fixture *fixture)
{
    registry_free(fixture->registry);
    store_close(fixture->store);
}

static int set_up(void **state)
{
    static char names[2][8] = {"default", "other"};
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->virtual = (VirtualClock){1000 * USEC_PER_SEC, 2000 * USEC_PER_SEC, 0.5};
    fixture->clock = virtual_clock(&fixture->virtual);
    fixture->random = virtual_random(&fixture->virtual);
    assert_int_equal(timers_new(&fixture->clock, &fixture->timers), 0);
    for (size_t i = 0; i < 2; i++)
        fixture->targets[i].name = names[i];
    strcpy(fixture->directory, "/tmp/trailstop-registry-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    open_registry(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    char path[96];

    close_registry(fixture);
    timers_free(fixture->timers);
    if (fixture->mounted)
        assert_int_equal(umount(fixture->directory), 0);
    snprintf(path, sizeof(path), "%s/jobs.sqlite3", fixture->directory);
    unlink(path);
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

static int request(Fixture *fixture, size_t target, const char *import_id, const char *reason,
                   char id[static JOB_ID_SIZE])
{
    JobRequest wanted = {
        .target = &fixture->targets[target],
        .key = {.import_id = import_id},
        .reason = reason,
        .requester = {1, 2, 3},
        .timeout_usec = USEC_PER_HOUR,
    };

    return registry_request(fixture->registry, &wanted, id);
}

static void commit(Fixture *fixture)
{
    bool changed;

    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
}

static void test_a_request_is_a_job_on_disk_after_the_commit(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];
    bool changed;
    JobRecord record;

    assert_int_equal(request(fixture, 0, IMPORT_A, "because", id), 0);
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
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    commit(fixture);
    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_false(changed);
}

static void test_nothing_is_shown_before_the_commit(void **state)
{
    Fixture *fixture = *state;
    const JobText *shown;
    char id[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_int_equal(registry_show(fixture->registry, id, &shown), 0);
    commit(fixture);
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

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    commit(fixture);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    assert_int_equal(store_get(fixture->store, id, &record), 0);
    assert_int_equal(registry_describe(fixture->registry, &record, &shown), 0);
    assert_non_null(strstr(shown, "\"state\":\"queued\""));
    job_record_clear(&record);
}

typedef struct Following {
    Follower follower; /* first */
    unsigned n_news;
} Following;

static void count_news(Follower *follower)
{
    ((Following *)follower)->n_news++;
}

static void test_followers_hear_of_their_job_and_of_no_other(void **state)
{
    Fixture *fixture = *state;
    Following one = {.follower = {.news = count_news}}, all = one, late = one;
    char id[JOB_ID_SIZE], other[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_true(registry_follow(fixture->registry, id, &one.follower));
    registry_follow_all(fixture->registry, &all.follower);
    assert_int_equal(one.n_news, 0);
    commit(fixture);
    assert_int_equal(one.n_news, 1);
    assert_int_equal(all.n_news, 1);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, other), 0);
    commit(fixture);
    assert_int_equal(one.n_news, 1);
    assert_int_equal(all.n_news, 2);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    commit(fixture);
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

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, first), 0);
    commit(fixture); /* nobody follows: no text is made */
    before = registry_last_change(fixture->registry);
    assert_false(registry_show_changes(fixture->registry, before - 1, &shown));
    assert_true(registry_show_changes(fixture->registry, before, &shown));
    assert_null(shown);
    registry_follow_all(fixture->registry, &all.follower);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, second), 0);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    commit(fixture);
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

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    commit(fixture);
    assert_true(timers_next_usec(fixture->timers) != TIMER_NEVER);
    job_cancel(registry_find(fixture->registry, id), &canceller); /* the disk may be full */
    assert_true(timers_next_usec(fixture->timers) == TIMER_NEVER);
}

static void test_joins_the_job_of_an_import(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0); /* not on disk yet */
    assert_string_equal(id, first);
    commit(fixture);
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_string_equal(id, first);
    assert_int_equal(registry_count_jobs(fixture->registry), 1);
}

static void test_joins_no_other_import_and_no_other_target(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE], third[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, second), 0);
    assert_int_equal(request(fixture, 1, IMPORT_A, NULL, third), 0);
    assert_string_not_equal(first, second);
    assert_string_not_equal(first, third);
    assert_string_not_equal(second, third);
}

static void test_joins_no_job_that_has_ended(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], second[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, first), 0);
    commit(fixture);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, second), 0);
    assert_string_not_equal(first, second);
    commit(fixture);
    assert_null(registry_find(fixture->registry, first));
    assert_non_null(registry_find(fixture->registry, second));
}

static void test_takes_no_more_than_max_jobs(void **state)
{
    Fixture *fixture = *state;
    char first[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, first), 0);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, id), 0);
    assert_int_equal(request(fixture, 1, IMPORT_A, NULL, id), 0);
    assert_int_equal(request(fixture, 1, IMPORT_B, NULL, id), -EDQUOT);
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0); /* joining is no job more */
    commit(fixture);
    job_cancel(registry_find(fixture->registry, first), &canceller);
    commit(fixture);
    assert_int_equal(request(fixture, 1, IMPORT_B, NULL, id), 0);
}

static Target *find_target(const char *name, void *userdata)
{
    Fixture *fixture = userdata;

    return strcmp(name, "default") == 0 ? &fixture->targets[0] : NULL;
}

/* ---- messages of queues ---- */

static int request_by_message(Fixture *fixture, const char *import_id, unsigned receives,
                              char id[static JOB_ID_SIZE])
{
    static char queue[] = "requests", message_id[] = "m-1";
    const JobMessage message = {.queue = queue, .id = message_id, .receives = receives};
    const JobRequest wanted = {
        .target = &fixture->targets[0],
        .key = {.import_id = import_id},
        .message = &message,
    };

    return registry_request(fixture->registry, &wanted, id);
}

static void test_a_job_keeps_the_message_that_made_it(void **state)
{
    Fixture *fixture = *state;
    const JobText *shown;
    char id[JOB_ID_SIZE];

    assert_int_equal(request_by_message(fixture, IMPORT_A, 3, id), 0);
    commit(fixture);
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
        commit(fixture);
        assert_int_equal(registry_find(fixture->registry, id)->asks_first, samples[i].asks_first);
        close_registry(fixture);
        open_registry(fixture);
        assert_int_equal(registry_load(fixture->registry, find_target, fixture), 0);
        assert_int_equal(registry_find(fixture->registry, id)->asks_first, samples[i].asks_first);
        job_cancel(registry_find(fixture->registry, id), &canceller);
        commit(fixture);
    }
}

/* Whoever made the job, and however far it is. */
static void test_asks_first_where_such_a_message_joins(void **state)
{
    Fixture *fixture = *state;
    char started[JOB_ID_SIZE], fresh[JOB_ID_SIZE], id[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, started), 0);
    commit(fixture);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 1, id), 0);
    assert_false(registry_find(fixture->registry, started)->asks_first);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, id), 0);
    assert_string_equal(id, started);
    assert_true(registry_find(fixture->registry, started)->asks_first);

    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, fresh), 0);
    assert_int_equal(request_by_message(fixture, IMPORT_B, 2, id), 0);
    assert_string_equal(id, fresh);
    commit(fixture);
    assert_true(registry_find(fixture->registry, fresh)->asks_first);
}

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
    commit(fixture);
    job = registry_find(fixture->registry, id);
    share(job, "INITIALIZING");
    assert_non_null(job->record.import);
    commit(fixture);
    assert_null(job->record.import);
    assert_shows(fixture, id, "INITIALIZING");

    registry_follow(fixture->registry, id, &one.follower);
    share(job, "IN_PROGRESS");
    commit(fixture);
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
    commit(fixture);
    assert_shows(fixture, id, "IN_PROGRESS");
}

/* What a wait of the same import was answered may be older than what this job asked for. */
static void test_a_job_that_asks_what_became_of_its_stop_shares_only_an_end(void **state)
{
    Fixture *fixture = *state;
    char id[JOB_ID_SIZE];
    Job *job;

    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, id), 0);
    commit(fixture);
    job = registry_find(fixture->registry, id);
    share(job, "IN_PROGRESS");
    assert_int_equal(job->record.state, JOB_QUEUED);
    assert_true(job->asks_first && job->call_timer.set);
    share(job, "STOPPED");
    assert_int_equal(job->record.state, JOB_STOPPED);

    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, id), 0);
    commit(fixture);
    job = registry_find(fixture->registry, id);
    assert_int_equal(
        call_error_set(&job->record.refusal, "InvalidParameterException", "no", 400, NULL), 0);
    share(job, "IN_PROGRESS");
    assert_int_equal(job->record.state, JOB_QUEUED);
    assert_true(job->call_timer.set);
    share(job, "COMPLETED");
    assert_int_equal(job->record.state, JOB_COMPLETED);
}

static void test_goes_on_after_a_restart(void **state)
{
    Fixture *fixture = *state;
    char going_on[JOB_ID_SIZE], removed[JOB_ID_SIZE], joined[JOB_ID_SIZE], later[JOB_ID_SIZE];
    JobRecord record;

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, going_on), 0);
    assert_int_equal(request(fixture, 1, IMPORT_A, NULL, removed), 0);
    commit(fixture);
    close_registry(fixture);
    open_registry(fixture);
    assert_int_equal(registry_load(fixture->registry, find_target, fixture), 0);
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, joined), 0);
    assert_string_equal(joined, going_on);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, later), 0);
    commit(fixture);

    assert_int_equal(store_get(fixture->store, removed, &record), 0);
    assert_int_equal(record.state, JOB_REFUSED);
    assert_string_equal(record.last_error.code, CALL_ERROR_TARGET_REMOVED);
    job_record_clear(&record);
    assert_int_equal(store_get(fixture->store, later, &record), 0);
    assert_int_equal(record.number, 3);
    job_record_clear(&record);
}

static void test_a_target_that_goes_takes_its_jobs(void **state)
{
    Fixture *fixture = *state;
    unsigned counts[N_JOB_STATES];
    char id[JOB_ID_SIZE];

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_int_equal(request(fixture, 1, IMPORT_A, NULL, id), 0);
    commit(fixture);
    fixture->targets[1].removed = true;
    registry_remove_targets(fixture->registry);
    registry_count_states(fixture->registry, counts);
    assert_int_equal(counts[JOB_QUEUED], 1);
    assert_int_equal(counts[JOB_REFUSED], 1);
    commit(fixture);
    assert_int_equal(registry_count_jobs(fixture->registry), 1);
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
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, kept), 0);
    commit(fixture);
    job_cancel(registry_find(fixture->registry, kept), &canceller);
    assert_int_equal(request(fixture, 0, IMPORT_B, big, dropped), 0);
    assert_int_equal(registry_commit(fixture->registry, &changed), -ENOSPC);
    assert_false(changed);
    assert_null(registry_find(fixture->registry, dropped));
    assert_non_null(registry_find(fixture->registry, kept));

    commit(fixture);
    assert_int_equal(store_get(fixture->store, kept, &record), 0);
    assert_int_equal(record.state, JOB_CANCELLED);
    job_record_clear(&record);
    assert_int_equal(store_get(fixture->store, dropped, &record), -ENOENT);
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
    commit(fixture);
    job_release(registry_find(fixture->registry, id), &gone);
    assert_true(timers_next_usec(fixture->timers) == TIMER_NEVER);
    assert_int_equal(request_by_message(fixture, IMPORT_A, 2, again), 0);
    assert_string_not_equal(again, id);
    job_release(registry_find(fixture->registry, again), NULL); /* before it is on disk */
    commit(fixture);
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
    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, id), 0);
    commit(fixture);
    assert_int_equal(one.n_ended, 0);
    assert_int_equal(one.outcome, 0);
    job_cancel(registry_find(fixture->registry, id), &canceller);
    commit(fixture);
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
    commit(fixture);
    assert_int_equal(beside.n_over, 0);
    beside.has_changes = true;
    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
    assert_true(changed);
    assert_int_equal(beside.n_over, 1);
    assert_int_equal(beside.outcome, 0);
    assert_outcomes(fixture, "besides", 1);
    commit(fixture);
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

    assert_int_equal(request(fixture, 0, IMPORT_A, NULL, kept), 0);
    commit(fixture);
    begin_beside(fixture, &beside);
    job_cancel(registry_find(fixture->registry, kept), &canceller);
    assert_int_equal(request(fixture, 0, IMPORT_B, NULL, beside.awaited), 0);
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
    commit(fixture);
    assert_int_equal(beside.outcome, 0);
    assert_outcomes(fixture, "ended", 1);
    assert_outcomes(fixture, "besides", 1);
    assert_int_equal(registry_show(fixture->registry, kept, &shown), 1);
    assert_int_equal(shown->state, JOB_CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        TEST(test_a_target_that_goes_takes_its_jobs),
        TEST(test_a_commit_that_fails_drops_new_jobs_alone),
        TEST(test_a_job_keeps_the_message_that_made_it),
        TEST(test_asks_first_unless_a_message_was_never_received_before),
        TEST(test_asks_first_where_such_a_message_joins),
        TEST(test_an_observation_is_shown_whether_it_is_in_memory_or_on_disk),
        TEST(test_a_job_that_asks_what_became_of_its_stop_shares_only_an_end),
        TEST(test_a_released_job_calls_and_waits_for_nothing_more),
        TEST(test_a_companion_saves_with_the_end_of_a_job),
        TEST(test_a_companion_saves_where_no_job_changed),
        TEST(test_what_a_companion_cannot_save_is_not_saved_of_jobs_either),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
