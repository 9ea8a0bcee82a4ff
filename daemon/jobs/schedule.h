/* SPDX-License-Identifier: Apache-2.0 */
/* What comes next for a job, and when: pure rules, without clock or I/O. */
#pragma once

#include <stdint.h>

#include "daemon/aws/import-operations.h"

typedef struct PollingRules {
    uint64_t first_usec;
    uint64_t longest_usec;
    double growth;
    uint64_t settle_usec; /* from STOPPED to a look at the final statistics; 0: none */
} PollingRules;

typedef enum Verdict {
    VERDICT_WAIT,    /* the target is in trouble: call again when it is over */
    VERDICT_TROUBLE, /* as it seems this import's own: call again later, and alone */
    VERDICT_POLL,    /* CloudTrail is at it: ask again */
    VERDICT_VERIFY,  /* StopImport was refused: GetImport says whether the import has ended all the
                        same */
    VERDICT_REFUSED,
    VERDICT_STOPPED,
    VERDICT_COMPLETED,
    VERDICT_FAILED,
} Verdict;

Verdict schedule_classify_stop(const ImportOperations *operations, const AwsResult *result);

/* What GetImport is asked for. */
typedef struct GetReason {
    bool verifying; /* after a refused StopImport: an import which goes on means "refused" */
    uint64_t accepted_usec; /* how long ago StopImport was accepted; UINT64_MAX: it was not */
} GetReason;

/* For a minute after it accepted to stop an import, CloudTrail may not find it everywhere. */
Verdict schedule_classify_get(const ImportOperations *operations, const AwsResult *result,
                              const GetReason *reason);

/* Before poll number `poll` (0: the first): first · growth^poll, at most longest, ±10 % (random in
 * [0, 1)). */
uint64_t schedule_poll_delay_usec(const PollingRules *rules, unsigned poll, double random);

/* After `failures` calls in a row that failed (1 or more): full jitter below 1 s, 2 s, … 5 min. */
uint64_t schedule_outage_delay_usec(unsigned failures, double random);
