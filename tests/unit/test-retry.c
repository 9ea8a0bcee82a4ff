/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/retry.h: what is tried again, after how long, at what cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/aws/retry.h"

static const AwsRetryAfter nothing;

#define MSEC(n) ((n)*USEC_PER_MSEC)

static void test_classifies(void **state)
{
    static const struct {
        unsigned status;
        const char *code;
        bool skewed;
        AwsRetryClass expected;
    } samples[] = {
        {400, "RequestTimeout", false, AWS_RETRY_TRANSIENT},
        {400, "RequestTimeoutException", false, AWS_RETRY_TRANSIENT},
        {400, "PriorRequestNotComplete", false, AWS_RETRY_THROTTLING},
        {500, NULL, false, AWS_RETRY_TRANSIENT},
        {502, NULL, false, AWS_RETRY_TRANSIENT},
        {503, NULL, false, AWS_RETRY_TRANSIENT},
        {504, NULL, false, AWS_RETRY_TRANSIENT},
        {500, "InternalFailure", false, AWS_RETRY_TRANSIENT},
        {500, "AccessDenied", false, AWS_RETRY_TRANSIENT},

        {400, "Throttling", false, AWS_RETRY_THROTTLING},
        {400, "ThrottlingException", false, AWS_RETRY_THROTTLING},
        {429, "ThrottlingException", false, AWS_RETRY_THROTTLING},
        {400, "ThrottledException", false, AWS_RETRY_THROTTLING},
        {400, "RequestThrottledException", false, AWS_RETRY_THROTTLING},
        {400, "RequestThrottled", false, AWS_RETRY_THROTTLING},
        {400, "TooManyRequestsException", false, AWS_RETRY_THROTTLING},
        {400, "ProvisionedThroughputExceededException", false, AWS_RETRY_THROTTLING},
        {400, "TransactionInProgressException", false, AWS_RETRY_THROTTLING},
        {503, "RequestLimitExceeded", false, AWS_RETRY_THROTTLING},
        {509, "BandwidthLimitExceeded", false, AWS_RETRY_THROTTLING},
        {400, "LimitExceededException", false, AWS_RETRY_THROTTLING},
        {503, "SlowDown", false, AWS_RETRY_THROTTLING},
        {400, "EC2ThrottledException", false, AWS_RETRY_THROTTLING},
        {429, NULL, false, AWS_RETRY_THROTTLING},

        {403, "RequestTimeTooSkewed", false, AWS_RETRY_SKEW},
        {400, "RequestExpired", false, AWS_RETRY_SKEW},
        {400, "RequestInTheFuture", false, AWS_RETRY_SKEW},
        {400, "InvalidSignatureException", true, AWS_RETRY_SKEW},
        {403, "SignatureDoesNotMatch", true, AWS_RETRY_SKEW},
        {401, "AuthFailure", true, AWS_RETRY_SKEW},
        {400, "InvalidSignatureException", false, AWS_RETRY_NONE},
        {403, "SignatureDoesNotMatch", false, AWS_RETRY_NONE},
        {401, "AuthFailure", false, AWS_RETRY_NONE},

        {400, "ExpiredToken", false, AWS_RETRY_EXPIRED},
        {400, "ExpiredTokenException", false, AWS_RETRY_EXPIRED},
        {400, "UnrecognizedClientException", false, AWS_RETRY_EXPIRED},
        {403, "InvalidClientTokenId", false, AWS_RETRY_EXPIRED},

        {404, "ImportNotFoundException", false, AWS_RETRY_NONE},
        {404, "ImportNotFoundException", true, AWS_RETRY_NONE},
        {400, "AccessDeniedException", false, AWS_RETRY_NONE},
        {403, NULL, false, AWS_RETRY_NONE},
        {302, NULL, false, AWS_RETRY_NONE},
        {501, NULL, false, AWS_RETRY_NONE},
        {400, "throttling", false, AWS_RETRY_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(aws_retry_classify(samples[i].status, samples[i].code, samples[i].skewed),
                         samples[i].expected);
}

static void test_doubles_the_delay(void **state)
{
    static const struct {
        AwsRetryClass retry_class;
        unsigned retry;
        uint64_t most_usec;
    } samples[] = {
        {AWS_RETRY_TRANSIENT, 1, MSEC(50)},     {AWS_RETRY_TRANSIENT, 2, MSEC(100)},
        {AWS_RETRY_TRANSIENT, 3, MSEC(200)},    {AWS_RETRY_TRANSIENT, 9, MSEC(12800)},
        {AWS_RETRY_TRANSIENT, 10, MSEC(20000)}, {AWS_RETRY_TRANSIENT, 4000000000, MSEC(20000)},
        {AWS_RETRY_THROTTLING, 1, MSEC(1000)},  {AWS_RETRY_THROTTLING, 2, MSEC(2000)},
        {AWS_RETRY_THROTTLING, 5, MSEC(16000)}, {AWS_RETRY_THROTTLING, 6, MSEC(20000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_int_equal(
            aws_retry_delay_usec(samples[i].retry_class, samples[i].retry, 0.0, nothing), 0);
        assert_int_equal(
            aws_retry_delay_usec(samples[i].retry_class, samples[i].retry, 0.25, nothing),
            samples[i].most_usec / 4);
        assert_int_equal(
            aws_retry_delay_usec(samples[i].retry_class, samples[i].retry, 0.5, nothing),
            samples[i].most_usec / 2);
    }
}

static void test_heeds_retry_after_within_bounds(void **state)
{
    /* On top of a delay of half a second. */
    static const struct {
        const char *value;
        uint64_t expected_usec;
    } samples[] = {
        {NULL, MSEC(500)},
        {"0", MSEC(500)},
        {"499", MSEC(500)},
        {"501", MSEC(501)},
        {"1500", MSEC(1500)},
        {"5500", MSEC(5500)},
        {"5501", MSEC(5500)},
        {"3600000", MSEC(5500)},
        {"-1", MSEC(500)},
        {"", MSEC(500)},
        {"1.5e3", MSEC(500)},
        {"1500 ms", MSEC(500)},
        {"+1500", MSEC(500)},
        {" 1500", MSEC(500)},
        {"99999999999999999999999", MSEC(500)},
        {"18446744073709551615", MSEC(500)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(aws_retry_delay_usec(AWS_RETRY_THROTTLING, 1, 0.5,
                                              (AwsRetryAfter){.msec = samples[i].value}),
                         samples[i].expected_usec);
}

static void test_heeds_retry_after_in_seconds(void **state)
{
    /* On top of a delay of half a second. */
    static const struct {
        const char *msec, *seconds;
        uint64_t expected_usec;
    } samples[] = {
        {NULL, "0", MSEC(500)},
        {NULL, "1", MSEC(1000)},
        {NULL, "20", MSEC(20000)},
        {NULL, "21", MSEC(20000)},
        {NULL, "3600", MSEC(20000)},
        {NULL, "18446744073709", MSEC(20000)},
        {NULL, "18446744073710", MSEC(500)},
        {NULL, "99999999999999999999999", MSEC(500)},
        {NULL, "-1", MSEC(500)},
        {NULL, "1.5", MSEC(500)},
        {NULL, "", MSEC(500)},
        {NULL, "Sun, 22 Nov 2026 12:33:45 GMT", MSEC(500)},
        {"3000", "1", MSEC(3000)},
        {"3000", "4", MSEC(4000)},
        {"60000", "6", MSEC(6000)},
        {"60000", "1", MSEC(5500)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(aws_retry_delay_usec(AWS_RETRY_THROTTLING, 1, 0.5,
                                              (AwsRetryAfter){.msec = samples[i].msec,
                                                              .seconds = samples[i].seconds}),
                         samples[i].expected_usec);
}

static void test_excuses_rejected_credentials_for_five_minutes(void **state)
{
    AwsRejections rejections = {0};
    uint64_t now = 1000 * USEC_PER_SEC;

    (void)state;
    assert_true(aws_rejections_excuse(&rejections, now));
    assert_true(aws_rejections_excuse(&rejections, now + 4 * USEC_PER_MINUTE));
    assert_true(aws_rejections_excuse(&rejections, now + 5 * USEC_PER_MINUTE - 1));
    assert_false(aws_rejections_excuse(&rejections, now + 5 * USEC_PER_MINUTE));
    assert_false(aws_rejections_excuse(&rejections, now + 14 * USEC_PER_MINUTE));
}

static void test_excuses_them_again_once_they_were_accepted_or_left_alone(void **state)
{
    AwsRejections rejections = {0};
    uint64_t now = 1000 * USEC_PER_SEC;

    (void)state;
    assert_true(aws_rejections_excuse(&rejections, now));
    assert_false(aws_rejections_excuse(&rejections, now + 6 * USEC_PER_MINUTE));
    aws_rejections_end(&rejections);
    assert_true(aws_rejections_excuse(&rejections, now + 6 * USEC_PER_MINUTE));
    assert_false(aws_rejections_excuse(&rejections, now + 12 * USEC_PER_MINUTE));
    assert_true(aws_rejections_excuse(&rejections, now + 23 * USEC_PER_MINUTE));
}

static void test_pays_from_a_quota(void **state)
{
    AwsRetryQuota quota;
    unsigned n;

    (void)state;
    aws_retry_quota_init(&quota);
    assert_int_equal(quota.tokens, 500);
    for (n = 0; aws_retry_quota_take(&quota, AWS_RETRY_TRANSIENT) == 14; n++)
        ;
    assert_int_equal(n, 35);
    assert_int_equal(quota.tokens, 10);
    assert_int_equal(aws_retry_quota_take(&quota, AWS_RETRY_THROTTLING), 5);
    assert_int_equal(aws_retry_quota_take(&quota, AWS_RETRY_THROTTLING), 5);
    assert_int_equal(aws_retry_quota_take(&quota, AWS_RETRY_THROTTLING), 0);
    assert_int_equal(quota.tokens, 0);
}

static void test_gives_back(void **state)
{
    AwsRetryQuota quota = {.tokens = 100};

    (void)state;
    aws_retry_quota_give_back(&quota, 14);
    assert_int_equal(quota.tokens, 114);
    aws_retry_quota_give_back(&quota, 0);
    assert_int_equal(quota.tokens, 115);
    quota.tokens = 499;
    aws_retry_quota_give_back(&quota, 5);
    assert_int_equal(quota.tokens, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classifies),
        cmocka_unit_test(test_doubles_the_delay),
        cmocka_unit_test(test_heeds_retry_after_within_bounds),
        cmocka_unit_test(test_heeds_retry_after_in_seconds),
        cmocka_unit_test(test_excuses_rejected_credentials_for_five_minutes),
        cmocka_unit_test(test_excuses_them_again_once_they_were_accepted_or_left_alone),
        cmocka_unit_test(test_pays_from_a_quota),
        cmocka_unit_test(test_gives_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
