/* SPDX-License-Identifier: Apache-2.0 */
/* When a failed attempt is tried again, and after how long. Pure: no clock, no I/O, randomness
 * given.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Retry behavior", standard mode, with the delays and
 * costs that the SDKs agreed on for 2026. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum AwsRetryClass {
    AWS_RETRY_NONE,
    AWS_RETRY_TRANSIENT,
    AWS_RETRY_THROTTLING,
    AWS_RETRY_SKEW,    /* the clocks disagree: correct by the answer's Date, then at once */
    AWS_RETRY_EXPIRED, /* fetch credentials again, then at once */
} AwsRetryClass;

/* Further from ours than this, a Date explains a rejected signature. */
#define AWS_SKEW_TOLERATED_USEC (4 * 60 * UINT64_C(1000000))

/* What an answer asks for. Code NULL: it came without an AWS error code. skewed: its Date is
 * further from the time it was signed with than AWS_SKEW_TOLERATED_USEC. */
AwsRetryClass aws_retry_classify(unsigned http_status, const char *code, bool skewed);

/* What an answer asks for by its headers; NULL: nothing. Values that are not numbers are ignored.
 */
typedef struct AwsRetryAfter {
    const char *msec;    /* x-amz-retry-after: at least that, and at most 5 s more than without */
    const char *seconds; /* Retry-After of a 429 or 503: at least that, or 20 s */
    uint64_t until_usec; /* the same where it is a date: how long until then; else 0 */
} AwsRetryAfter;

/* Delay before retry number `retry` (1 for the first) of a transient or throttled attempt. uniform
 * is in [0, 1). */
uint64_t aws_retry_delay_usec(AwsRetryClass retry_class, unsigned retry, double uniform,
                              AwsRetryAfter asked);

/* What one target may spend on retries, so that they do not make an outage worse. */
typedef struct AwsRetryQuota {
    unsigned tokens;
} AwsRetryQuota;

void aws_retry_quota_init(AwsRetryQuota *quota);

/* Pays for a retry. Returns what it cost, or 0 where the quota does not cover it. */
unsigned aws_retry_quota_take(AwsRetryQuota *quota, AwsRetryClass retry_class);

/* A call succeeded, whose last retry cost that much; 0: it had none. */
void aws_retry_quota_give_back(AwsRetryQuota *quota, unsigned last_cost);

/* Credentials that AWS rejects although they are fresh. A key just made or just rotated is not
 * known everywhere at once: for five minutes that says nothing about the call, only afterwards it
 * counts as a "no". A rejection that comes ten minutes after the last one is the first of a new
 * series; by then nobody has waited for the outcome of the old one (jobs wait up to five). */
typedef struct AwsRejections {
    uint64_t began_usec, last_usec; /* CLOCK_BOOTTIME; 0: there was none */
} AwsRejections;

/* Another one. True: it does not count as a "no" yet. */
bool aws_rejections_excuse(AwsRejections *rejections, uint64_t now_usec);

/* AWS knows them. */
void aws_rejections_end(AwsRejections *rejections);
