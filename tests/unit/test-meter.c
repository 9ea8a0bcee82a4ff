/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/meter.h: what calls show of their target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/aws/import-operations.h"
#include "daemon/aws/meter.h"
#include "tests/unit/virtual-clock.h"

typedef struct Fixture {
    VirtualClock time;
    Clock clock;
    AwsMeters meters;
    AwsMeter *meter;
} Fixture;

static int setup(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->time = (VirtualClock){.boottime_usec = 5, .realtime_usec = 1000};
    fixture->clock = virtual_clock(&fixture->time);
    assert_int_equal(timers_new(&fixture->clock, &fixture->meters.timers), 0);
    assert_int_equal(aws_meter_new(&fixture->meters, &fixture->meter), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    Fixture *fixture = *state;

    aws_meter_unref(fixture->meter);
    for (TargetState i = 0; i < N_TARGET_STATES; i++)
        assert_int_equal(fixture->meters.n_in_state[i], 0);
    timers_free(fixture->meters.timers);
    free(fixture);
    return 0;
}

static void end_call(Fixture *fixture, const char *code, unsigned status, bool refused,
                     bool of_target)
{
    CLEANUP(call_error_clear) CallError error = {0};

    fixture->time.realtime_usec += 1000;
    assert_int_equal(call_error_set(&error, code, "it failed", status, NULL), 0);
    aws_meter_note_end(fixture->meter, &error, refused, of_target);
}

static void expect(const Fixture *fixture, TargetState state, uint64_t since_usec)
{
    assert_int_equal(fixture->meter->state, state);
    assert_int_equal(fixture->meter->since_usec, since_usec);
    assert_int_equal(fixture->meters.n_in_state[state], 1);
    if (state == TARGET_OK)
        assert_null(fixture->meter->error.code);
    else
        assert_non_null(fixture->meter->error.code);
}

static void test_it_counts_where_it_was_moved_to(void **state)
{
    Fixture *fixture = *state;
    AwsMeters others = {.timers = fixture->meters.timers};

    end_call(fixture, "HTTP 503", 503, false, true);
    aws_meter_move(fixture->meter, &others);
    assert_int_equal(fixture->meters.n_in_state[TARGET_UNREACHABLE], 0);
    assert_int_equal(others.n_in_state[TARGET_UNREACHABLE], 1);
    aws_meter_move(fixture->meter, &fixture->meters);
    expect(fixture, TARGET_UNREACHABLE, fixture->time.realtime_usec);
}

static void test_trouble_on_the_way_is_the_targets(void **state)
{
    static const struct {
        const char *code;
        unsigned status;
        TargetState state;
    } cases[] = {
        {CALL_ERROR_CONNECTION, 0, TARGET_UNREACHABLE},
        {CALL_ERROR_TIMEOUT, 0, TARGET_UNREACHABLE},
        {CALL_ERROR_TLS, 0, TARGET_UNREACHABLE},
        {CALL_ERROR_CREDENTIALS, 0, TARGET_NO_CREDENTIALS},
        {"ExpiredToken", 403, TARGET_NO_CREDENTIALS},
        {"RequestTimeTooSkewed", 403, TARGET_NO_CREDENTIALS},
        {"ThrottlingException", 400, TARGET_THROTTLED},
        {CALL_ERROR_HTTP, 429, TARGET_THROTTLED},
    };
    Fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        end_call(fixture, cases[i].code, cases[i].status, false, false);
        expect(fixture, cases[i].state, fixture->time.realtime_usec);
        aws_meter_note_end(fixture->meter, NULL, false, false);
        expect(fixture, TARGET_OK, fixture->time.realtime_usec);
    }
}

static void test_trouble_that_may_be_one_imports_own_says_nothing(void **state)
{
    Fixture *fixture = *state;

    end_call(fixture, CALL_ERROR_UNREADABLE, 200, false, false);
    end_call(fixture, CALL_ERROR_HTTP, 503, false, false);
    end_call(fixture, "InternalFailure", 500, false, false);
    expect(fixture, TARGET_OK, 1000);
    end_call(fixture, CALL_ERROR_HTTP, 503, false, true);
    expect(fixture, TARGET_UNREACHABLE, 5000);
}

static void test_a_refusal_is_an_answer_unless_it_is_of_the_signature(void **state)
{
    Fixture *fixture = *state;

    end_call(fixture, CALL_ERROR_CONNECTION, 0, false, false);
    end_call(fixture, "AccessDeniedException", 400, true, true);
    expect(fixture, TARGET_OK, 3000);
    end_call(fixture, "UnrecognizedClientException", 400, true, false);
    expect(fixture, TARGET_NO_CREDENTIALS, 4000);
    end_call(fixture, "ImportNotFoundException", 404, true, false);
    expect(fixture, TARGET_OK, 5000);
    end_call(fixture, "InvalidSignatureException", 403, true, false);
    expect(fixture, TARGET_NO_CREDENTIALS, 6000);
}

static void test_a_state_that_goes_on_keeps_its_time_and_has_the_last_error(void **state)
{
    Fixture *fixture = *state;

    end_call(fixture, CALL_ERROR_CONNECTION, 0, false, false);
    end_call(fixture, CALL_ERROR_TIMEOUT, 0, false, false);
    expect(fixture, TARGET_UNREACHABLE, 2000);
    assert_string_equal(fixture->meter->error.code, CALL_ERROR_TIMEOUT);
}

static void test_it_has_room_for_all_operations_of_a_target(void **state)
{
    Fixture *fixture = *state;

    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
        const ImportOperations *of = import_operations(service);
        const AwsOperation *operations[] = {&of->stop, &of->get, &of->list, &of->failures,
                                            &of->start};

        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
            if (operations[i]->name)
                aws_meter_count(fixture->meter, operations[i]->name, ATTEMPT_OK);
    }
    assert_in_range(fixture->meter->n_operations, 1, METER_OPERATIONS_MAX);
}

static void test_attempts_are_counted_by_operation_and_outcome(void **state)
{
    Fixture *fixture = *state;
    MeteredOperation *const *operations = fixture->meter->operations;

    aws_meter_count(fixture->meter, "StopImport", ATTEMPT_OK);
    aws_meter_count(fixture->meter, "GetImport", ATTEMPT_FAILED);
    aws_meter_count(fixture->meter, "GetImport", ATTEMPT_FAILED);
    aws_meter_count(NULL, "GetImport", ATTEMPT_OK);
    assert_int_equal(fixture->meter->n_operations, 2);
    assert_string_equal(operations[1]->name, "GetImport");
    assert_int_equal(operations[0]->attempts[ATTEMPT_OK], 1);
    assert_int_equal(operations[1]->attempts[ATTEMPT_FAILED], 2);
    assert_int_equal(operations[1]->attempts[ATTEMPT_OK], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_counts_where_it_was_moved_to, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble_on_the_way_is_the_targets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble_that_may_be_one_imports_own_says_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_is_an_answer_unless_it_is_of_the_signature,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_state_that_goes_on_keeps_its_time_and_has_the_last_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_has_room_for_all_operations_of_a_target, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_attempts_are_counted_by_operation_and_outcome, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
