/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/schedule.h"

#include <assert.h>
#include <math.h>

#include "common/exceptions.h"
#include "common/time.h"

#define OUTAGE_DELAY_FIRST_USEC USEC_PER_SEC
#define OUTAGE_DELAY_LONGEST_USEC (5 * USEC_PER_MINUTE)
#define POLL_JITTER 0.1
#define FOUND_EVERYWHERE_USEC USEC_PER_MINUTE

static Verdict classify_status(const ImportOperations *operations, json_object *import)
{
    switch (import_status(operations, import)) {
    case IMPORT_STATUS_STOPPED:
        return VERDICT_STOPPED;
    case IMPORT_STATUS_COMPLETED:
        return VERDICT_COMPLETED;
    case IMPORT_STATUS_FAILED:
        return VERDICT_FAILED;
    case IMPORT_STATUS_UNKNOWN:
    case IMPORT_STATUS_INITIALIZING:
    case IMPORT_STATUS_IN_PROGRESS:
    case N_IMPORT_STATUSES:
        break;
    }
    return VERDICT_POLL;
}

static bool is_not_found(const CallError *error)
{
    return exception_find(error->code)->failure == FAILURE_IMPORT_NOT_FOUND;
}

static Verdict classify_trouble(const CallError *error)
{
    return aws_meter_may_be_of_import(error) ? VERDICT_TROUBLE : VERDICT_WAIT;
}

Verdict schedule_classify_stop(const ImportOperations *operations, const AwsResult *result)
{
    switch (result->outcome) {
    case AWS_OK:
        return classify_status(operations, result->body);
    case AWS_REFUSED:
        if (is_not_found(result->error) ||
            exception_denies_access(result->error->code, result->error->http_status))
            return VERDICT_REFUSED;
        return VERDICT_VERIFY;
    case AWS_UNAVAILABLE:
        break;
    }
    return classify_trouble(result->error);
}

Verdict schedule_classify_get(const ImportOperations *operations, const AwsResult *result,
                              const GetReason *reason)
{
    switch (result->outcome) {
    case AWS_OK: {
        Verdict verdict = classify_status(operations, result->body);

        return reason->verifying && verdict == VERDICT_POLL ? VERDICT_REFUSED : verdict;
    }
    case AWS_REFUSED:
        return is_not_found(result->error) && reason->accepted_usec < FOUND_EVERYWHERE_USEC
                   ? VERDICT_POLL
                   : VERDICT_REFUSED;
    case AWS_UNAVAILABLE:
        break;
    }
    return classify_trouble(result->error);
}

uint64_t schedule_poll_delay_usec(const PollingRules *rules, unsigned poll, double random)
{
    double delay;

    assert(rules->growth >= 1 && rules->first_usec <= rules->longest_usec);
    assert(random >= 0 && random < 1);
    delay = (double)rules->first_usec * pow(rules->growth, poll); /* may be infinite */

    delay = fmin(delay, (double)rules->longest_usec);
    return (uint64_t)(delay * (1 - POLL_JITTER + 2 * POLL_JITTER * random));
}

uint64_t schedule_outage_delay_usec(unsigned failures, double random)
{
    double delay;

    assert(failures > 0);
    assert(random >= 0 && random < 1);
    delay = ldexp((double)OUTAGE_DELAY_FIRST_USEC, (int)fmin(failures - 1, 60));

    return (uint64_t)(fmin(delay, (double)OUTAGE_DELAY_LONGEST_USEC) * random);
}
