/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/outage.h: jobs wait together for a target that is out, and one probes for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/outage.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/virtual-clock.h"

#define START_USEC (100 * USEC_PER_SEC)
#define N_JOBS 3U

typedef struct FakeJob {
    OutageWait wait;
    const VirtualClock *clock;
    bool on_the_wire;
    unsigned n_resumed;
    uint64_t resumed_usec, delay_usec;
} FakeJob;

typedef struct Fixture {
    VirtualClock clock;
    Timers *timers;
    Outage *outage;
    Random random;
    FakeJob jobs[N_JOBS];
    CallError error;
} Fixture;

static void resume(uint64_t delay_usec, void *userdata)
{
    FakeJob *job = userdata;

    job->n_resumed++;
    job->resumed_usec = job->clock->boottime_usec;
    job->delay_usec = delay_usec;
}

static bool hold(void *userdata)
{
    const FakeJob *job = userdata;

    return !job->on_the_wire;
}

/* The random number is 0.5: waits are half of what they may be at most. */
static int set_up(void **state)
{
    static char code[] = "TimedOut", message[] = "no answer";
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Clock clock;

    assert_non_null(fixture);
    fixture->clock = (VirtualClock){.boottime_usec = START_USEC, .random = 0.5};
    fixture->error = (CallError){.code = code, .message = message};
    fixture->random = virtual_random(&fixture->clock);
    clock = virtual_clock(&fixture->clock);
    assert_int_equal(timers_new(&clock, &fixture->timers), 0);
    assert_int_equal(
        outage_new(fixture->timers, &fixture->random, AWS_OWNER_TARGET, "t", &fixture->outage), 0);
    for (size_t i = 0; i < N_JOBS; i++) {
        fixture->jobs[i].clock = &fixture->clock;
        fixture->jobs[i].wait.resume = resume;
        fixture->jobs[i].wait.hold = hold;
        fixture->jobs[i].wait.userdata = &fixture->jobs[i];
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        outage_leave(&fixture->jobs[i].wait);
    outage_unref(fixture->outage);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    timers_free(fixture->timers);
    free(fixture);
    return 0;
}

static bool enter(Fixture *fixture, size_t i)
{
    return outage_enter(fixture->outage, &fixture->jobs[i].wait);
}

static void failed(Fixture *fixture, size_t i)
{
    outage_failed(&fixture->jobs[i].wait, &fixture->error);
}

static void troubled(Fixture *fixture, size_t i)
{
    outage_troubled(&fixture->jobs[i].wait, &fixture->error);
}

static void answered(Fixture *fixture, size_t i)
{
    outage_answered(&fixture->jobs[i].wait);
}

static void advance(Fixture *fixture, uint64_t usec)
{
    virtual_advance(&fixture->clock, fixture->timers, START_USEC + usec);
}

static void assert_resumed(const Fixture *fixture, size_t i, unsigned n, uint64_t usec)
{
    assert_int_equal(fixture->jobs[i].n_resumed, n);
    assert_int_equal(fixture->jobs[i].resumed_usec, START_USEC + usec);
}

static void test_lets_all_call_while_the_target_answers(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        assert_true(enter(fixture, i));
    answered(fixture, 1);
    assert_true(enter(fixture, 1));
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
}

static void test_lets_nobody_call_while_it_is_out(void **state)
{
    Fixture *fixture = *state;

    assert_true(enter(fixture, 0));
    failed(fixture, 0);
    assert_false(enter(fixture, 1));
    assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_WAITING);
    assert_string_equal(outage_error(fixture->outage)->code, "TimedOut");
}

static void test_tells_the_failure_of_now(void **state)
{
    static char later[] = "ConnectionFailed";
    Fixture *fixture = *state;

    enter(fixture, 0);
    failed(fixture, 0);
    advance(fixture, USEC_PER_SEC / 2);
    enter(fixture, 0);
    fixture->error.code = later;
    failed(fixture, 0);
    assert_string_equal(outage_error(fixture->outage)->code, later);
}

static void test_takes_back_calls_that_are_not_on_the_wire(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        enter(fixture, i);
    fixture->jobs[2].on_the_wire = true;
    failed(fixture, 0);
    assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_WAITING);
    assert_int_equal(fixture->jobs[2].wait.place, OUTAGE_CALLING);
}

static void test_one_probes_at_a_time_in_order(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    failed(fixture, 0);
    enter(fixture, 1);
    enter(fixture, 2);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC / 2);
    advance(fixture, 10 * USEC_PER_SEC);
    assert_resumed(fixture, 0, 1, USEC_PER_SEC / 2);
    assert_int_equal(fixture->jobs[1].n_resumed + fixture->jobs[2].n_resumed, 0);
    assert_true(enter(fixture, 0));
    failed(fixture, 0);
    advance(fixture, 11 * USEC_PER_SEC);
    assert_resumed(fixture, 1, 1, 11 * USEC_PER_SEC);
    assert_int_equal(fixture->jobs[0].n_resumed + fixture->jobs[2].n_resumed, 1);
}

static void test_doubles_the_wait_with_each_probe(void **state)
{
    static const uint64_t waits_sec[] = {1, 2, 4, 8, 16, 32, 64, 128, 150, 150};
    Fixture *fixture = *state;
    uint64_t at_usec = USEC_PER_SEC / 2;

    enter(fixture, 0);
    failed(fixture, 0);
    for (unsigned i = 0; i < sizeof(waits_sec) / sizeof(waits_sec[0]); i++) {
        advance(fixture, at_usec);
        assert_resumed(fixture, 0, i + 1, at_usec);
        assert_true(enter(fixture, 0));
        failed(fixture, 0);
        at_usec += waits_sec[i] * USEC_PER_SEC;
    }
}

static void test_waits_can_begin_again(void **state)
{
    static const unsigned n_failures = 10;
    Fixture *fixture = *state;
    uint64_t probe_usec;

    outage_restart_waits(fixture->outage);
    assert_true(enter(fixture, 0));
    failed(fixture, 0);
    for (unsigned i = 0; i < n_failures; i++) {
        advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
        enter(fixture, 0);
        failed(fixture, 0);
    }
    probe_usec = outage_next_usec(fixture->outage);
    assert_true(probe_usec > fixture->clock.boottime_usec + USEC_PER_MINUTE);
    outage_restart_waits(fixture->outage);
    probe_usec = outage_next_usec(fixture->outage);
    assert_int_equal(probe_usec, fixture->clock.boottime_usec + USEC_PER_SEC / 2);

    advance(fixture, probe_usec - START_USEC);
    assert_resumed(fixture, 0, n_failures + 1, probe_usec - START_USEC);
    enter(fixture, 0);
    failed(fixture, 0);
    assert_int_equal(outage_next_usec(fixture->outage), probe_usec + USEC_PER_SEC);
}

static void test_only_the_probe_counts_as_a_failure(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++) {
        enter(fixture, i);
        fixture->jobs[i].on_the_wire = true;
    }
    failed(fixture, 0);
    failed(fixture, 1);
    failed(fixture, 2);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC / 2);
}

static void test_an_answer_wakes_all(void **state)
{
    Fixture *fixture = *state;

    fixture->jobs[1].on_the_wire = true;
    enter(fixture, 0);
    enter(fixture, 1);
    failed(fixture, 0);
    enter(fixture, 2);
    answered(fixture, 1);
    assert_resumed(fixture, 2, 1, 0);
    assert_int_equal(fixture->jobs[2].delay_usec, 0);
    assert_int_equal(fixture->jobs[1].n_resumed, 0);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(enter(fixture, 2));
}

/* One import alone may make CloudTrail fail: others get through, and it comes back less often. */
static void test_the_one_that_began_it_waits_longer_each_time(void **state)
{
    static const uint64_t delays_sec[] = {1, 2, 4, 8};
    Fixture *fixture = *state;

    for (unsigned i = 0; i < sizeof(delays_sec) / sizeof(delays_sec[0]); i++) {
        fixture->jobs[1].on_the_wire = true;
        assert_true(enter(fixture, 0));
        assert_true(enter(fixture, 1));
        failed(fixture, 0);
        answered(fixture, 1);
        assert_int_equal(fixture->jobs[0].n_resumed, i + 1);
        assert_int_equal(fixture->jobs[0].delay_usec, delays_sec[i] * USEC_PER_SEC / 2);
    }
    assert_true(enter(fixture, 0));
    answered(fixture, 0);
    assert_true(enter(fixture, 0));
    assert_true(enter(fixture, 1));
    failed(fixture, 0);
    answered(fixture, 1);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
}

/* Others are well, or may be. */
static void test_trouble_of_one_import_holds_up_its_job_alone(void **state)
{
    static const uint64_t delays_sec[] = {1, 2, 4, 8};
    Fixture *fixture = *state;

    assert_true(enter(fixture, 1));
    for (unsigned i = 0; i < sizeof(delays_sec) / sizeof(delays_sec[0]); i++) {
        assert_true(enter(fixture, 0));
        troubled(fixture, 0);
        assert_int_equal(fixture->jobs[0].n_resumed, i + 1);
        assert_int_equal(fixture->jobs[0].delay_usec, delays_sec[i] * USEC_PER_SEC / 2);
        assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_CALLING);
        assert_null(outage_error(fixture->outage)->code);
    }
    answered(fixture, 1);
    outage_leave(&fixture->jobs[1].wait);
    assert_true(enter(fixture, 0));
    troubled(fixture, 0);
    assert_null(outage_error(fixture->outage)->code); /* one was well meanwhile */
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(enter(fixture, 0));
    answered(fixture, 0);
    assert_true(enter(fixture, 0));
    assert_true(enter(fixture, 1));
    troubled(fixture, 0);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
}

static void test_trouble_of_several_imports_beside_good_ones_is_theirs_alone(void **state)
{
    Fixture *fixture = *state;

    for (unsigned i = 0; i < 5; i++) {
        for (size_t job = 0; job < N_JOBS; job++)
            assert_true(enter(fixture, job));
        if (i == 0)
            answered(fixture, 2);
        troubled(fixture, 0);
        troubled(fixture, 1);
        if (i > 0)
            answered(fixture, 2);
        advance(fixture, i * USEC_PER_MINUTE);
        assert_null(outage_error(fixture->outage)->code);
    }
}

static void test_trouble_of_all_imports_is_their_targets(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        assert_true(enter(fixture, i));
    fixture->clock.boottime_usec++;
    troubled(fixture, 0);
    troubled(fixture, 1);
    assert_null(outage_error(fixture->outage)->code);
    troubled(fixture, 2);
    assert_string_equal(outage_error(fixture->outage)->code, "TimedOut");
    assert_false(enter(fixture, 0));
    advance(fixture, USEC_PER_SEC);
    assert_int_equal(fixture->jobs[2].n_resumed + fixture->jobs[0].n_resumed, 2);
}

/* Whether the target is well, it finds out: the others cannot. */
static void test_a_job_without_trouble_does_not_wait_long_for_those_in_trouble(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    troubled(fixture, 0);
    for (unsigned i = 0; i < 8; i++) {
        advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
        enter(fixture, 0);
        troubled(fixture, 0);
    }
    assert_true(outage_next_usec(fixture->outage) > fixture->clock.boottime_usec + USEC_PER_MINUTE);
    assert_false(enter(fixture, 1));
    assert_int_equal(outage_next_usec(fixture->outage),
                     fixture->clock.boottime_usec + USEC_PER_SEC / 2);
    advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
    assert_int_equal(fixture->jobs[1].n_resumed, 1);
    assert_true(enter(fixture, 1));
    answered(fixture, 1);
    assert_true(fixture->jobs[0].delay_usec > 0);
}

static void test_a_probe_that_leaves_makes_room_for_another(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    failed(fixture, 0);
    enter(fixture, 1);
    advance(fixture, USEC_PER_SEC);
    assert_true(enter(fixture, 0));
    outage_leave(&fixture->jobs[0].wait);
    advance(fixture, 2 * USEC_PER_SEC);
    assert_resumed(fixture, 1, 1, 3 * USEC_PER_SEC / 2);
}

/* Its jobs may have expired long ago: the wait is for those that wait. */
static void test_who_comes_after_all_have_left_probes_at_once(void **state)
{
    static const uint64_t later_usec[] = {0, 10 * USEC_PER_SEC};

    for (size_t i = 0; i < sizeof(later_usec) / sizeof(later_usec[0]); i++) {
        Fixture *fixture = *state;

        enter(fixture, 0);
        failed(fixture, 0);
        outage_leave(&fixture->jobs[0].wait);
        outage_leave(&fixture->jobs[0].wait);
        assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
        fixture->clock.boottime_usec += later_usec[i];
        assert_true(enter(fixture, 1));
        assert_false(enter(fixture, 2));
        advance(fixture, fixture->clock.boottime_usec - START_USEC + 10 * USEC_PER_SEC);
        assert_int_equal(fixture->jobs[0].n_resumed, 0);
        assert_int_equal(fixture->jobs[2].n_resumed, i);
        answered(fixture, 1);
        assert_int_equal(fixture->jobs[2].n_resumed, i + 1);
    }
}

static void test_a_probe_at_once_that_fails_waits_longer(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    failed(fixture, 0);
    outage_leave(&fixture->jobs[0].wait);
    enter(fixture, 1);
    failed(fixture, 1);
    assert_int_equal(outage_next_usec(fixture->outage), START_USEC + USEC_PER_SEC);
    assert_false(enter(fixture, 2));
}

static void test_an_answer_to_somebody_else_wakes_all(void **state)
{
    Fixture *fixture = *state;

    outage_end(fixture->outage);
    enter(fixture, 0);
    failed(fixture, 0);
    enter(fixture, 1);
    outage_end(fixture->outage);
    assert_resumed(fixture, 0, 1, 0);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
    assert_resumed(fixture, 1, 1, 0);
    assert_int_equal(fixture->jobs[1].delay_usec, 0);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(enter(fixture, 1));
}

static void test_outlives_its_target(void **state)
{
    Fixture *fixture = *state;

    enter(fixture, 0);
    failed(fixture, 0);
    outage_leave(&fixture->jobs[0].wait);
    assert_ptr_equal(outage_ref(fixture->outage), fixture->outage);
    outage_unref(fixture->outage);
    outage_end(fixture->outage);
    assert_true(enter(fixture, 1));
}

/* What is unreachable is named for what it is, and so is what waits for it. */
static void test_is_logged_with_the_words_of_its_subject(void **state)
{
    static char denied[] = "AccessDenied", slow[] = "TimedOut", text[] = "why";
    static const struct {
        AwsOwner owner;
        CallError error;
        const char *event, *field, *began, *ended;
    } samples[] = {
        {AWS_OWNER_TARGET,
         {.code = slow, .message = text},
         "outage-began",
         "TRAILSTOP_TARGET",
         "Target n is unreachable, its jobs wait: TimedOut: why",
         "Target n answers again after 0"},
        {AWS_OWNER_QUEUE,
         {.code = slow, .message = text},
         "outage-began",
         "TRAILSTOP_QUEUE",
         "Queue n is unreachable, its messages wait: TimedOut: why",
         "Queue n answers again after 0"},
        {AWS_OWNER_QUEUE,
         {.code = denied, .message = text, .http_status = 403},
         "outage-began",
         "TRAILSTOP_QUEUE",
         "Queue n refuses calls, its messages wait: AccessDenied: why",
         "Queue n answers again after 0"},
        {AWS_OWNER_DESTINATION,
         {.code = denied, .message = text, .http_status = 400},
         "notify-failed",
         "TRAILSTOP_NOTIFY",
         "Destination n refuses calls, its outcomes wait: AccessDenied: why",
         "Destination n answers again after 0"},
    };
    Fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *began = NULL;
        CLEANUP(json_object_putp) json_object *ended = NULL;
        OutageWait wait = {.resume = resume, .userdata = &fixture->jobs[0]};
        Capture capture;
        Outage *outage;

        assert_int_equal(
            outage_new(fixture->timers, &fixture->random, samples[i].owner, "n", &outage), 0);
        assert_true(outage_enter(outage, &wait));
        capture_begin(&capture, JOURNAL_JSON);
        outage_failed(&wait, &samples[i].error);
        began = capture_end_json(&capture);
        assert_field(began, "TRAILSTOP_EVENT", samples[i].event);
        assert_field(began, samples[i].field, "n");
        assert_field(began, "MESSAGE", samples[i].began);
        capture_begin(&capture, JOURNAL_JSON);
        outage_end(outage);
        ended = capture_end_json(&capture);
        assert_field(ended, "TRAILSTOP_EVENT", "outage-ended");
        assert_field(ended, samples[i].field, "n");
        assert_field(ended, "MESSAGE", samples[i].ended);
        outage_leave(&wait);
        outage_unref(outage);
    }
    journal_set_level(LOG_EMERG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lets_all_call_while_the_target_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_lets_nobody_call_while_it_is_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tells_the_failure_of_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_takes_back_calls_that_are_not_on_the_wire, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_probes_at_a_time_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doubles_the_wait_with_each_probe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits_can_begin_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_probe_counts_as_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_wakes_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_one_that_began_it_waits_longer_each_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_trouble_of_one_import_holds_up_its_job_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_trouble_of_several_imports_beside_good_ones_is_theirs_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trouble_of_all_imports_is_their_targets, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_job_without_trouble_does_not_wait_long_for_those_in_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_probe_that_leaves_makes_room_for_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_who_comes_after_all_have_left_probes_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_probe_at_once_that_fails_waits_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_to_somebody_else_wakes_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_outlives_its_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_logged_with_the_words_of_its_subject, set_up,
                                        tear_down),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
