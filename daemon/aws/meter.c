/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/meter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/aws/retry.h"

const char *target_state_name(TargetState state)
{
    static const char *const names[] = {
#define TARGET_STATE(symbol, name, word, phrase) [TARGET_##symbol] = name,
#include "common/target-states.def"
    };

    return names[state];
}

const char *attempt_outcome_name(AttemptOutcome outcome)
{
    static const char *const names[] = {
        [ATTEMPT_OK] = "ok",
        [ATTEMPT_REFUSED] = "refused",
        [ATTEMPT_THROTTLED] = "throttled",
        [ATTEMPT_FAILED] = "failed",
    };

    _Static_assert(sizeof(names) / sizeof(names[0]) == N_ATTEMPT_OUTCOMES, "a name for each");
    return names[outcome];
}

int aws_meter_new(AwsMeters *meters, AwsMeter **ret)
{
    AwsMeter *meter = calloc(1, sizeof(*meter));

    if (!meter)
        return -ENOMEM;
    meter->references = 1;
    meter->meters = meters;
    meter->since_usec = timers_realtime_usec(meters->timers);
    meters->n_in_state[meter->state]++;
    *ret = meter;
    return 0;
}

AwsMeter *aws_meter_ref(AwsMeter *meter)
{
    meter->references++;
    return meter;
}

void aws_meter_unref(AwsMeter *meter)
{
    if (!meter || --meter->references > 0)
        return;
    assert(meter->meters->n_in_state[meter->state] > 0);
    meter->meters->n_in_state[meter->state]--;
    for (unsigned i = 0; i < meter->n_operations; i++)
        free(meter->operations[i]);
    call_error_clear(&meter->error);
    free(meter);
}

void aws_meter_move(AwsMeter *meter, AwsMeters *meters)
{
    meter->meters->n_in_state[meter->state]--;
    meter->meters = meters;
    meters->n_in_state[meter->state]++;
}

void aws_meter_count(AwsMeter *meter, const char *operation, AttemptOutcome outcome)
{
    MeteredOperation *metered;
    unsigned i = 0;

    if (!meter)
        return;
    while (i < meter->n_operations && strcmp(meter->operations[i]->name, operation) != 0)
        i++;
    assert(i < METER_OPERATIONS_MAX);
    metered = i < meter->n_operations ? meter->operations[i] : calloc(1, sizeof(*metered));
    if (!metered)
        return;
    if (i == meter->n_operations)
        meter->operations[meter->n_operations++] = metered;
    metered->name = operation;
    metered->attempts[outcome]++;
}

static void set_state(AwsMeter *meter, TargetState state)
{
    if (meter->state == state)
        return;
    meter->meters->n_in_state[meter->state]--;
    meter->meters->n_in_state[state]++;
    meter->state = state;
    meter->since_usec = timers_realtime_usec(meter->meters->timers);
}

void aws_meter_note_answer(AwsMeter *meter)
{
    if (!meter || meter->state == TARGET_OK)
        return;
    set_state(meter, TARGET_OK);
    call_error_clear(&meter->error);
}

TargetState target_state_of_error(const CallError *error)
{
    if (error->code && strcmp(error->code, CALL_ERROR_CREDENTIALS) == 0)
        return TARGET_NO_CREDENTIALS;
    switch (aws_retry_classify(error->http_status, error->code, true)) {
    case AWS_RETRY_EXPIRED:
    case AWS_RETRY_SKEW:
        return TARGET_NO_CREDENTIALS;
    case AWS_RETRY_THROTTLING:
        return TARGET_THROTTLED;
    default:
        return TARGET_UNREACHABLE;
    }
}

void aws_meter_note_trouble(AwsMeter *meter, const CallError *error)
{
    if (!meter)
        return;
    set_state(meter, target_state_of_error(error));
    (void)call_error_copy(&meter->error, error); /* without memory, the state has to do */
}

/* A secret, token or clock that AWS rejects is a "no" to a call, and trouble of all calls. */
static bool rejects_signature(const CallError *error)
{
    AwsRetryClass retry_class = aws_retry_classify(error->http_status, error->code, true);

    return retry_class == AWS_RETRY_EXPIRED || retry_class == AWS_RETRY_SKEW;
}

bool aws_meter_may_be_of_import(const CallError *error)
{
    if (!error->code || target_state_of_error(error) != TARGET_UNREACHABLE)
        return false;
    return strcmp(error->code, CALL_ERROR_UNREADABLE) == 0 || error->http_status >= 500;
}

void aws_meter_note_end(AwsMeter *meter, const CallError *error, bool refused, bool of_target)
{
    if (!meter)
        return;
    if (!error || (refused && !rejects_signature(error)))
        aws_meter_note_answer(meter);
    else if (refused || of_target || !aws_meter_may_be_of_import(error))
        aws_meter_note_trouble(meter, error);
}
