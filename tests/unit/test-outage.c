/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/outage.h: jobs wait together for a target that is out, and one probes for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include <cmocka.h>

#include "daemon/base/journal.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/outage-world.h"

static void world_trouble(Fixture *fixture, size_t i)
{
    outage_troubled(&fixture->jobs[i].wait, &fixture->error);
}

static void test_lets_all_call_while_the_target_answers(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        assert_true(world_enter(fixture, i));
    world_answer(fixture, 1);
    assert_true(world_enter(fixture, 1));
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
}

/* More than a turn of the loop holds or resumes, which is 1,000. */
#define N_MANY 2500U

static unsigned count_placed(const FakeJob *jobs, int place)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_MANY; i++)
        n += (int)jobs[i].wait.place == place;
    return n;
}

static void let_many_call(Fixture *fixture, FakeJob jobs[N_MANY])
{
    for (unsigned i = 0; i < N_MANY; i++) {
        jobs[i] = (FakeJob){.clock = &fixture->clock,
                            .wait = {.hooks = &world_hooks, .userdata = &jobs[i]}};
        assert_true(outage_enter(fixture->outage, &jobs[i].wait));
    }
}

static void turn(Fixture *fixture)
{
    fixture->clock.boottime_usec++;
    timers_run(fixture->timers);
}

static void test_many_are_held_and_resumed_in_as_many_turns_as_it_takes(void **state)
{
    static FakeJob jobs[N_MANY];
    Fixture *fixture = *state;

    let_many_call(fixture, jobs);
    outage_failed(&jobs[0].wait, &fixture->error);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), 1001);
    outage_leave(&jobs[1001].wait); /* the next one */
    turn(fixture);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), 2001);
    turn(fixture);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), N_MANY - 1);
    outage_end(fixture->outage);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), N_MANY - 1 - 1000);
    turn(fixture);
    turn(fixture);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), 0);
    for (unsigned i = 0; i < N_MANY; i++) {
        assert_int_equal(jobs[i].n_resumed, i != 1001);
        outage_leave(&jobs[i].wait);
    }
}

static void test_a_probe_is_not_held_with_the_rest_of_many(void **state)
{
    static FakeJob jobs[N_MANY];
    Fixture *fixture = *state;

    let_many_call(fixture, jobs);
    fixture->clock.random = 0; /* the probe is due at once, while some are still to be held */
    outage_failed(&jobs[0].wait, &fixture->error);
    turn(fixture);
    assert_int_equal(jobs[0].n_resumed, 1);
    assert_true(outage_enter(fixture->outage, &jobs[0].wait));
    assert_true(count_placed(jobs, OUTAGE_WAITING) < N_MANY - 1);
    turn(fixture);
    assert_int_equal(count_placed(jobs, OUTAGE_WAITING), N_MANY - 1);
    assert_int_equal(jobs[0].wait.place, OUTAGE_CALLING);
    for (unsigned i = 0; i < N_MANY; i++)
        outage_leave(&jobs[i].wait);
}

static void test_lets_nobody_call_while_it_is_out(void **state)
{
    Fixture *fixture = *state;

    assert_true(world_enter(fixture, 0));
    world_fail(fixture, 0);
    assert_false(world_enter(fixture, 1));
    assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_WAITING);
    assert_string_equal(outage_error(fixture->outage)->code, "TimedOut");
}

static void test_tells_the_failure_of_now(void **state)
{
    static char later[] = "ConnectionFailed";
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    world_advance(fixture, USEC_PER_SEC / 2);
    world_enter(fixture, 0);
    fixture->error.code = later;
    world_fail(fixture, 0);
    assert_string_equal(outage_error(fixture->outage)->code, later);
}

static void test_takes_back_calls_that_are_not_on_the_wire(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        world_enter(fixture, i);
    fixture->jobs[2].on_the_wire = true;
    world_fail(fixture, 0);
    assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_WAITING);
    assert_int_equal(fixture->jobs[2].wait.place, OUTAGE_CALLING);
}

static void test_an_answer_wakes_all(void **state)
{
    Fixture *fixture = *state;

    fixture->jobs[1].on_the_wire = true;
    world_enter(fixture, 0);
    world_enter(fixture, 1);
    world_fail(fixture, 0);
    world_enter(fixture, 2);
    world_answer(fixture, 1);
    world_assert_resumed(fixture, 2, 1, 0);
    assert_int_equal(fixture->jobs[2].delay_usec, 0);
    assert_int_equal(fixture->jobs[1].n_resumed, 0);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(world_enter(fixture, 2));
}

/* One import alone may make CloudTrail fail: others get through, and it comes back less often. */
static void test_the_one_that_began_it_waits_longer_each_time(void **state)
{
    static const uint64_t delays_sec[] = {1, 2, 4, 8};
    Fixture *fixture = *state;

    for (unsigned i = 0; i < sizeof(delays_sec) / sizeof(delays_sec[0]); i++) {
        fixture->jobs[1].on_the_wire = true;
        assert_true(world_enter(fixture, 0));
        assert_true(world_enter(fixture, 1));
        world_fail(fixture, 0);
        world_answer(fixture, 1);
        assert_int_equal(fixture->jobs[0].n_resumed, i + 1);
        assert_int_equal(fixture->jobs[0].delay_usec, delays_sec[i] * USEC_PER_SEC / 2);
    }
    assert_true(world_enter(fixture, 0));
    world_answer(fixture, 0);
    assert_true(world_enter(fixture, 0));
    assert_true(world_enter(fixture, 1));
    world_fail(fixture, 0);
    world_answer(fixture, 1);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
}

/* Others are well, or may be. */
static void test_trouble_of_one_import_holds_up_its_job_alone(void **state)
{
    static const uint64_t delays_sec[] = {1, 2, 4, 8};
    Fixture *fixture = *state;

    assert_true(world_enter(fixture, 1));
    for (unsigned i = 0; i < sizeof(delays_sec) / sizeof(delays_sec[0]); i++) {
        assert_true(world_enter(fixture, 0));
        world_trouble(fixture, 0);
        assert_int_equal(fixture->jobs[0].n_resumed, i + 1);
        assert_int_equal(fixture->jobs[0].delay_usec, delays_sec[i] * USEC_PER_SEC / 2);
        assert_int_equal(fixture->jobs[1].wait.place, OUTAGE_CALLING);
        assert_null(outage_error(fixture->outage)->code);
    }
    world_answer(fixture, 1);
    outage_leave(&fixture->jobs[1].wait);
    assert_true(world_enter(fixture, 0));
    world_trouble(fixture, 0);
    assert_null(outage_error(fixture->outage)->code); /* one was well meanwhile */
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(world_enter(fixture, 0));
    world_answer(fixture, 0);
    assert_true(world_enter(fixture, 0));
    assert_true(world_enter(fixture, 1));
    world_trouble(fixture, 0);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
}

static void test_trouble_of_several_imports_beside_good_ones_is_theirs_alone(void **state)
{
    Fixture *fixture = *state;

    for (unsigned i = 0; i < 5; i++) {
        for (size_t job = 0; job < N_JOBS; job++)
            assert_true(world_enter(fixture, job));
        if (i == 0)
            world_answer(fixture, 2);
        world_trouble(fixture, 0);
        world_trouble(fixture, 1);
        if (i > 0)
            world_answer(fixture, 2);
        world_advance(fixture, i * USEC_PER_MINUTE);
        assert_null(outage_error(fixture->outage)->code);
    }
}

static void test_trouble_of_all_imports_is_their_targets(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_JOBS; i++)
        assert_true(world_enter(fixture, i));
    fixture->clock.boottime_usec++;
    world_trouble(fixture, 0);
    world_trouble(fixture, 1);
    assert_null(outage_error(fixture->outage)->code);
    world_trouble(fixture, 2);
    assert_string_equal(outage_error(fixture->outage)->code, "TimedOut");
    assert_false(world_enter(fixture, 0));
    world_advance(fixture, USEC_PER_SEC);
    assert_int_equal(fixture->jobs[2].n_resumed + fixture->jobs[0].n_resumed, 2);
}

/* Whether the target is well, it finds out: the others cannot. */
static void test_a_job_without_trouble_does_not_wait_long_for_those_in_trouble(void **state)
{
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_trouble(fixture, 0);
    for (unsigned i = 0; i < 8; i++) {
        world_advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
        world_enter(fixture, 0);
        world_trouble(fixture, 0);
    }
    assert_true(outage_next_usec(fixture->outage) > fixture->clock.boottime_usec + USEC_PER_MINUTE);
    assert_false(world_enter(fixture, 1));
    assert_int_equal(outage_next_usec(fixture->outage),
                     fixture->clock.boottime_usec + USEC_PER_SEC / 2);
    world_advance(fixture, outage_next_usec(fixture->outage) - START_USEC);
    assert_int_equal(fixture->jobs[1].n_resumed, 1);
    assert_true(world_enter(fixture, 1));
    world_answer(fixture, 1);
    assert_true(fixture->jobs[0].delay_usec > 0);
}

static void test_an_answer_to_somebody_else_wakes_all(void **state)
{
    Fixture *fixture = *state;

    outage_end(fixture->outage);
    world_enter(fixture, 0);
    world_fail(fixture, 0);
    world_enter(fixture, 1);
    outage_end(fixture->outage);
    world_assert_resumed(fixture, 0, 1, 0);
    assert_int_equal(fixture->jobs[0].delay_usec, USEC_PER_SEC / 2);
    world_assert_resumed(fixture, 1, 1, 0);
    assert_int_equal(fixture->jobs[1].delay_usec, 0);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_true(world_enter(fixture, 1));
}

static void test_outlives_its_target(void **state)
{
    Fixture *fixture = *state;

    world_enter(fixture, 0);
    world_fail(fixture, 0);
    outage_leave(&fixture->jobs[0].wait);
    assert_ptr_equal(outage_ref(fixture->outage), fixture->outage);
    outage_unref(fixture->outage);
    outage_end(fixture->outage);
    assert_true(world_enter(fixture, 1));
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
        OutageWait wait = {.hooks = &world_hooks, .userdata = &fixture->jobs[0]};
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, outage_world_setup, outage_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lets_all_call_while_the_target_answers),
        TEST(test_many_are_held_and_resumed_in_as_many_turns_as_it_takes),
        TEST(test_a_probe_is_not_held_with_the_rest_of_many),
        TEST(test_lets_nobody_call_while_it_is_out),
        TEST(test_tells_the_failure_of_now),
        TEST(test_takes_back_calls_that_are_not_on_the_wire),
        TEST(test_an_answer_wakes_all),
        TEST(test_the_one_that_began_it_waits_longer_each_time),
        TEST(test_trouble_of_one_import_holds_up_its_job_alone),
        TEST(test_trouble_of_several_imports_beside_good_ones_is_theirs_alone),
        TEST(test_trouble_of_all_imports_is_their_targets),
        TEST(test_a_job_without_trouble_does_not_wait_long_for_those_in_trouble),
        TEST(test_an_answer_to_somebody_else_wakes_all),
        TEST(test_outlives_its_target),
        TEST(test_is_logged_with_the_words_of_its_subject),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
