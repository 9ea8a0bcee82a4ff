/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/retry.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"

#define DELAY_TRANSIENT_USEC (50 * USEC_PER_MSEC)
#define DELAY_THROTTLING_USEC USEC_PER_SEC
#define DELAY_MAX_USEC (20 * USEC_PER_SEC)
#define RETRY_AFTER_SPAN_USEC (5 * USEC_PER_SEC)

#define REJECTIONS_EXCUSED_USEC (5 * USEC_PER_MINUTE)
#define REJECTIONS_FORGOTTEN_USEC (10 * USEC_PER_MINUTE)

#define QUOTA_TOKENS 500U
#define QUOTA_COST_TRANSIENT 14U
#define QUOTA_COST_THROTTLING 5U
#define QUOTA_REFILL 1U

/* The last column of exceptions.def: what the code asks for, and whether only with clocks that
 * disagree. */
#define RETRY_NEVER AWS_RETRY_NONE, false
#define RETRY_TRANSIENT AWS_RETRY_TRANSIENT, false
#define RETRY_THROTTLING AWS_RETRY_THROTTLING, false
#define RETRY_CLOCK AWS_RETRY_SKEW, false
#define RETRY_SIGNATURE AWS_RETRY_SKEW, true
#define RETRY_CREDENTIALS AWS_RETRY_EXPIRED, false

static const struct {
    const char *code;
    AwsRetryClass retry_class;
    bool only_when_skewed;
} codes[] = {
#define EXCEPTION(code, service, failure, exit_status, denied, retry) {code, RETRY_##retry},
#include "common/exceptions.def"
#undef EXCEPTION
};

AwsRetryClass aws_retry_classify(unsigned http_status, const char *code, bool skewed)
{
    for (size_t i = 0; code && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(code, codes[i].code) == 0 && codes[i].retry_class != AWS_RETRY_NONE &&
            (skewed || !codes[i].only_when_skewed))
            return codes[i].retry_class;
    switch (http_status) {
    case 429:
        return AWS_RETRY_THROTTLING;
    case 500:
    case 502:
    case 503:
    case 504:
        return AWS_RETRY_TRANSIENT;
    default:
        return AWS_RETRY_NONE;
    }
}

/* A non-negative integer and nothing else. False also where unit makes it too large. */
static bool parse_span(const char *text, uint64_t unit_usec, uint64_t *ret_usec)
{
    unsigned long long number;

    if (!text || text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    number = strtoull(text, NULL, 10);
    return errno == 0 && !__builtin_mul_overflow(number, unit_usec, ret_usec);
}

uint64_t aws_retry_delay_usec(AwsRetryClass retry_class, unsigned retry, double uniform,
                              AwsRetryAfter asked)
{
    uint64_t ceiling =
        retry_class == AWS_RETRY_THROTTLING ? DELAY_THROTTLING_USEC : DELAY_TRANSIENT_USEC;
    uint64_t delay, least;

    assert(retry >= 1 && uniform >= 0 && uniform < 1);
    for (unsigned i = 1; i < retry && ceiling < DELAY_MAX_USEC; i++)
        ceiling *= 2;
    if (ceiling > DELAY_MAX_USEC)
        ceiling = DELAY_MAX_USEC;
    delay = (uint64_t)(uniform * (double)ceiling);

    if (parse_span(asked.msec, USEC_PER_MSEC, &least) && least > delay)
        delay = least > delay + RETRY_AFTER_SPAN_USEC ? delay + RETRY_AFTER_SPAN_USEC : least;
    if (!parse_span(asked.seconds, USEC_PER_SEC, &least))
        least = asked.until_usec;
    if (least > delay)
        delay = least > DELAY_MAX_USEC ? DELAY_MAX_USEC : least;
    return delay;
}

void aws_retry_quota_init(AwsRetryQuota *quota)
{
    quota->tokens = QUOTA_TOKENS;
}

unsigned aws_retry_quota_take(AwsRetryQuota *quota, AwsRetryClass retry_class)
{
    unsigned cost =
        retry_class == AWS_RETRY_THROTTLING ? QUOTA_COST_THROTTLING : QUOTA_COST_TRANSIENT;

    assert(retry_class == AWS_RETRY_TRANSIENT || retry_class == AWS_RETRY_THROTTLING);
    assert(quota->tokens <= QUOTA_TOKENS);
    if (quota->tokens < cost)
        return 0;
    quota->tokens -= cost;
    return cost;
}

void aws_retry_quota_give_back(AwsRetryQuota *quota, unsigned last_cost)
{
    assert(quota->tokens <= QUOTA_TOKENS);
    quota->tokens += last_cost > 0 ? last_cost : QUOTA_REFILL;
    if (quota->tokens > QUOTA_TOKENS)
        quota->tokens = QUOTA_TOKENS;
}

bool aws_rejections_excuse(AwsRejections *rejections, uint64_t now_usec)
{
    assert(now_usec >= rejections->last_usec && rejections->last_usec >= rejections->began_usec);
    if (rejections->last_usec == 0 || now_usec - rejections->last_usec > REJECTIONS_FORGOTTEN_USEC)
        rejections->began_usec = now_usec;
    rejections->last_usec = now_usec;
    return now_usec - rejections->began_usec < REJECTIONS_EXCUSED_USEC;
}

void aws_rejections_end(AwsRejections *rejections)
{
    *rejections = (AwsRejections){0};
}
