/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/schedule.h and retention.h: what an answer means for a job, how long it waits, and
 * how long it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/jobs/retention.h"
#include "daemon/jobs/schedule.h"

#define ALMOST_ONE (1 - 0x1p-53)

static Verdict classify(bool stop, bool verifying, const AwsResult *result)
{
    GetReason reason = {.verifying = verifying, .accepted_usec = UINT64_MAX};

    return stop ? schedule_classify_stop(&cloudtrail_operations, result)
                : schedule_classify_get(&cloudtrail_operations, result, &reason);
}

static void test_reads_the_status(void **state)
{
    static const struct {
        const char *status; /* NULL: left out */
        Verdict verdict, verifying;
    } samples[] = {
        {"STOPPED", VERDICT_STOPPED, VERDICT_STOPPED},
        {"COMPLETED", VERDICT_COMPLETED, VERDICT_COMPLETED},
        {"FAILED", VERDICT_FAILED, VERDICT_FAILED},
        {"INITIALIZING", VERDICT_POLL, VERDICT_REFUSED},
        {"IN_PROGRESS", VERDICT_POLL, VERDICT_REFUSED},
        {"PAUSED", VERDICT_POLL, VERDICT_REFUSED},
        {"stopped", VERDICT_POLL, VERDICT_REFUSED},
        {NULL, VERDICT_POLL, VERDICT_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *import = json_object_new_object();
        AwsResult result = {.outcome = AWS_OK, .body = import};

        assert_int_equal(json_add_string(import, "ImportStatus", samples[i].status), 0);
        assert_int_equal(classify(true, false, &result), samples[i].verdict);
        assert_int_equal(classify(false, false, &result), samples[i].verdict);
        assert_int_equal(classify(false, true, &result), samples[i].verifying);
    }
}

static void test_verifies_a_refusal_that_may_have_another_reason(void **state)
{
    static const struct {
        const char *code;
        unsigned http_status;
        Verdict verdict;
    } samples[] = {
        {"OperationNotPermittedException", 400, VERDICT_VERIFY},
        {"UnsupportedOperationException", 400, VERDICT_VERIFY},
        {"InvalidParameterException", 400, VERDICT_VERIFY},
        {"NewException", 400, VERDICT_VERIFY},
        {"ImportNotFoundException", 404, VERDICT_REFUSED},
        {"AccessDeniedException", 400, VERDICT_REFUSED},
        {"AccessDenied", 400, VERDICT_REFUSED},
        {"ExpiredTokenException", 400, VERDICT_REFUSED},
        {"NewException", 403, VERDICT_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        AwsResult result = {.outcome = AWS_REFUSED, .error = &error};

        assert_int_equal(
            call_error_set(&error, samples[i].code, "no", samples[i].http_status, NULL), 0);
        assert_int_equal(classify(true, false, &result), samples[i].verdict);
        assert_int_equal(classify(false, false, &result), VERDICT_REFUSED);
        assert_int_equal(classify(false, true, &result), VERDICT_REFUSED);
    }
}

static void test_waits_when_there_is_no_answer_that_counts(void **state)
{
    CLEANUP(call_error_clear) CallError error = {0};
    AwsResult result = {.outcome = AWS_UNAVAILABLE, .error = &error};

    (void)state;
    assert_int_equal(call_error_set(&error, "AccessDenied", "a proxy's", 403, NULL), 0);
    assert_int_equal(classify(true, false, &result), VERDICT_WAIT);
    assert_int_equal(classify(false, false, &result), VERDICT_WAIT);
    assert_int_equal(classify(false, true, &result), VERDICT_WAIT);
}

/* Of an answer that came, and that may be the fault of the one import which was asked for. */
static void test_tells_trouble_of_one_import_from_that_of_its_target(void **state)
{
    static const struct {
        const char *code;
        unsigned http_status;
        Verdict verdict;
    } samples[] = {
        {"InternalFailure", 500, VERDICT_TROUBLE},
        {"UnexpectedStatus", 502, VERDICT_TROUBLE},
        {"ServiceUnavailable", 503, VERDICT_TROUBLE},
        {"NotYetException", 599, VERDICT_TROUBLE},
        {"UnreadableAnswer", 200, VERDICT_TROUBLE},
        {"UnreadableAnswer", 0, VERDICT_TROUBLE},
        {"UnexpectedStatus", 403, VERDICT_WAIT},
        {"UnexpectedStatus", 302, VERDICT_WAIT},
        {"ConnectionFailed", 0, VERDICT_WAIT},
        {"TimedOut", 0, VERDICT_WAIT},
        {"TLSFailed", 0, VERDICT_WAIT},
        {"OutOfResources", 0, VERDICT_WAIT},
        {"CredentialsUnavailable", 0, VERDICT_WAIT},
        {"CredentialsUnavailable", 500, VERDICT_WAIT},
        {"ThrottlingException", 400, VERDICT_WAIT},
        {"SlowDown", 503, VERDICT_WAIT},
        {"UnexpectedStatus", 429, VERDICT_WAIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        AwsResult result = {.outcome = AWS_UNAVAILABLE, .error = &error};

        assert_int_equal(
            call_error_set(&error, samples[i].code, "no", samples[i].http_status, NULL), 0);
        assert_int_equal(classify(true, false, &result), samples[i].verdict);
        assert_int_equal(classify(false, false, &result), samples[i].verdict);
        assert_int_equal(classify(false, true, &result), samples[i].verdict);
    }
}

static void test_asks_again_for_an_import_that_was_just_accepted_to_be_stopped(void **state)
{
    static const struct {
        const char *code;
        uint64_t accepted_usec;
        Verdict verdict;
    } samples[] = {
        {"ImportNotFoundException", 0, VERDICT_POLL},
        {"ImportNotFoundException", USEC_PER_MINUTE - 1, VERDICT_POLL},
        {"ResourceNotFoundException", 0, VERDICT_POLL},
        {"ImportNotFoundException", USEC_PER_MINUTE, VERDICT_REFUSED},
        {"ImportNotFoundException", UINT64_MAX, VERDICT_REFUSED},
        {"AccessDeniedException", 0, VERDICT_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        AwsResult result = {.outcome = AWS_REFUSED, .error = &error};
        GetReason reason = {.accepted_usec = samples[i].accepted_usec};

        assert_int_equal(call_error_set(&error, samples[i].code, "no", 400, NULL), 0);
        assert_int_equal(schedule_classify_get(&cloudtrail_operations, &result, &reason),
                         samples[i].verdict);
    }
}

static void test_polls_at_growing_intervals(void **state)
{
    static const PollingRules rules = {
        .first_usec = USEC_PER_SEC, .longest_usec = 5 * USEC_PER_SEC, .growth = 2};
    static const uint64_t middles_usec[] = {1000000, 2000000, 4000000, 5000000, 5000000};

    (void)state;
    for (unsigned poll = 0; poll < sizeof(middles_usec) / sizeof(middles_usec[0]); poll++) {
        uint64_t middle_usec = middles_usec[poll];

        assert_int_equal(schedule_poll_delay_usec(&rules, poll, 0), middle_usec * 9 / 10);
        assert_int_equal(schedule_poll_delay_usec(&rules, poll, 0.5), middle_usec);
        assert_in_range(schedule_poll_delay_usec(&rules, poll, ALMOST_ONE),
                        middle_usec * 11 / 10 - 1, middle_usec * 11 / 10);
    }
}

static void test_polls_on_however_often(void **state)
{
    static const PollingRules rules = {
        .first_usec = USEC_PER_SEC, .longest_usec = USEC_PER_DAY, .growth = 10};

    (void)state;
    assert_int_equal(schedule_poll_delay_usec(&rules, 1000, 0.5), USEC_PER_DAY);
    assert_int_equal(schedule_poll_delay_usec(&rules, UINT32_MAX, 0.5), USEC_PER_DAY);
}

static void test_keeps_the_interval_where_it_does_not_grow(void **state)
{
    static const PollingRules rules = {
        .first_usec = USEC_PER_SEC, .longest_usec = USEC_PER_SEC, .growth = 1};

    (void)state;
    assert_int_equal(schedule_poll_delay_usec(&rules, 0, 0.5), USEC_PER_SEC);
    assert_int_equal(schedule_poll_delay_usec(&rules, UINT32_MAX, 0.5), USEC_PER_SEC);
}

static void test_doubles_the_wait_of_an_outage(void **state)
{
    static const uint64_t ceilings_sec[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};

    (void)state;
    for (unsigned i = 0; i < sizeof(ceilings_sec) / sizeof(ceilings_sec[0]); i++) {
        uint64_t ceiling_usec = ceilings_sec[i] * USEC_PER_SEC;

        assert_int_equal(schedule_outage_delay_usec(i + 1, 0), 0);
        assert_int_equal(schedule_outage_delay_usec(i + 1, 0.5), ceiling_usec / 2);
        assert_in_range(schedule_outage_delay_usec(i + 1, ALMOST_ONE), ceiling_usec - 1,
                        ceiling_usec);
    }
    assert_int_equal(schedule_outage_delay_usec(UINT32_MAX, 0.5), 150 * USEC_PER_SEC);
}

/* Over a start too, where `start` says when the store changed last; else the clocks go on alike. */
static void test_forgets_nothing_because_of_a_clock_that_jumps(void **state)
{
    static const uint64_t now = UINT64_C(1795348800) * USEC_PER_SEC, keep = 30 * USEC_PER_DAY,
                          year = 365 * USEC_PER_DAY, up = USEC_PER_HOUR;
    Retention retention = {.seen_usec = now - USEC_PER_DAY};

    (void)state;
    assert_int_equal(retention_limit_usec(&retention, keep, now, up), now - keep);
    assert_int_equal(retention_limit_usec(&retention, keep, now + keep / 2, up + keep / 2),
                     now - keep / 2);
    /* ahead and back */
    assert_int_equal(retention_limit_usec(&retention, keep, now + year, up + keep), 0);
    assert_int_equal(retention_limit_usec(&retention, keep, now + 2 * keep, up + 2 * keep - 1), 0);
    assert_int_equal(retention_limit_usec(&retention, keep, now + 2 * keep, up + 2 * keep),
                     now + keep);
    /* ahead, to stay */
    assert_int_equal(retention_limit_usec(&retention, keep, now + year, up + 2 * keep), 0);
    assert_int_equal(retention_limit_usec(&retention, keep, now + year + keep, up + 3 * keep),
                     now + year);

    retention = (Retention){.seen_usec = now - year};
    assert_int_equal(retention_limit_usec(&retention, keep, now, up), 0);
    assert_int_equal(retention_limit_usec(&retention, keep, now + keep, up + keep), now);
    retention = (Retention){0};
    assert_int_equal(retention_limit_usec(&retention, keep, now, up), now - keep);
    retention = (Retention){.seen_usec = now};
    assert_int_equal(retention_limit_usec(&retention, keep, USEC_PER_DAY, up), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_status),
        cmocka_unit_test(test_verifies_a_refusal_that_may_have_another_reason),
        cmocka_unit_test(test_waits_when_there_is_no_answer_that_counts),
        cmocka_unit_test(test_tells_trouble_of_one_import_from_that_of_its_target),
        cmocka_unit_test(test_asks_again_for_an_import_that_was_just_accepted_to_be_stopped),
        cmocka_unit_test(test_forgets_nothing_because_of_a_clock_that_jumps),
        cmocka_unit_test(test_polls_at_growing_intervals),
        cmocka_unit_test(test_polls_on_however_often),
        cmocka_unit_test(test_keeps_the_interval_where_it_does_not_grow),
        cmocka_unit_test(test_doubles_the_wait_of_an_outage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
