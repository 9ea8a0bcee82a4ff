/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/endpoint.h: the samples are those of the endpoint rule sets that botocore publishes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/aws/endpoint.h"

struct sample {
    AwsEndpointParams params;
    const char *url; /* NULL: an error */
};

static const struct sample cloudtrail_samples[] = {
    {{"af-south-1", false, false, NULL}, "https://cloudtrail.af-south-1.amazonaws.com"},
    {{"ap-northeast-1", false, false, NULL}, "https://cloudtrail.ap-northeast-1.amazonaws.com"},
    {{"ap-northeast-3", false, false, NULL}, "https://cloudtrail.ap-northeast-3.amazonaws.com"},
    {{"ap-southeast-1", false, false, NULL}, "https://cloudtrail.ap-southeast-1.amazonaws.com"},
    {{"ap-southeast-3", false, false, NULL}, "https://cloudtrail.ap-southeast-3.amazonaws.com"},
    {{"eu-central-1", false, false, NULL}, "https://cloudtrail.eu-central-1.amazonaws.com"},
    {{"eu-south-1", false, false, NULL}, "https://cloudtrail.eu-south-1.amazonaws.com"},
    {{"eu-west-2", false, false, NULL}, "https://cloudtrail.eu-west-2.amazonaws.com"},
    {{"me-south-1", false, false, NULL}, "https://cloudtrail.me-south-1.amazonaws.com"},
    {{"us-east-1", false, false, NULL}, "https://cloudtrail.us-east-1.amazonaws.com"},
    {{"us-east-2", false, false, NULL}, "https://cloudtrail.us-east-2.amazonaws.com"},
    {{"us-west-1", false, false, NULL}, "https://cloudtrail.us-west-1.amazonaws.com"},
    {{"us-west-2", false, false, NULL}, "https://cloudtrail.us-west-2.amazonaws.com"},
    {{"us-east-1", true, true, NULL}, "https://cloudtrail-fips.us-east-1.api.aws"},
    {{"cn-north-1", false, false, NULL}, "https://cloudtrail.cn-north-1.amazonaws.com.cn"},
    {{"cn-north-1", true, true, NULL},
     "https://cloudtrail-fips.cn-north-1.api.amazonwebservices.com.cn"},
    {{"cn-north-1", false, true, NULL},
     "https://cloudtrail.cn-north-1.api.amazonwebservices.com.cn"},
    {{"us-gov-east-1", true, false, NULL}, "https://cloudtrail.us-gov-east-1.amazonaws.com"},
    {{"us-gov-west-1", true, false, NULL}, "https://cloudtrail.us-gov-west-1.amazonaws.com"},
    {{"us-gov-east-1", false, true, NULL}, "https://cloudtrail.us-gov-east-1.api.aws"},
    {{"us-iso-west-1", false, false, NULL}, "https://cloudtrail.us-iso-west-1.c2s.ic.gov"},
    {{"us-isob-east-1", false, false, NULL}, "https://cloudtrail.us-isob-east-1.sc2s.sgov.gov"},
    {{"us-east-1", false, false, "https://example.com"}, "https://example.com"},
    {{"us-east-1", true, false, "https://example.com"}, NULL},
    {{NULL, false, false, NULL}, NULL},
};

static const struct sample sts_samples[] = {
    {{"af-south-1", false, false, NULL}, "https://sts.af-south-1.amazonaws.com"},
    {{"ap-northeast-1", false, false, NULL}, "https://sts.ap-northeast-1.amazonaws.com"},
    {{"ap-northeast-3", false, false, NULL}, "https://sts.ap-northeast-3.amazonaws.com"},
    {{"ap-southeast-1", false, false, NULL}, "https://sts.ap-southeast-1.amazonaws.com"},
    {{"ap-southeast-3", false, false, NULL}, "https://sts.ap-southeast-3.amazonaws.com"},
    {{"ca-central-1", false, false, NULL}, "https://sts.ca-central-1.amazonaws.com"},
    {{"eu-north-1", false, false, NULL}, "https://sts.eu-north-1.amazonaws.com"},
    {{"eu-west-1", false, false, NULL}, "https://sts.eu-west-1.amazonaws.com"},
    {{"eu-west-3", false, false, NULL}, "https://sts.eu-west-3.amazonaws.com"},
    {{"sa-east-1", false, false, NULL}, "https://sts.sa-east-1.amazonaws.com"},
    {{"us-east-1", true, false, NULL}, "https://sts-fips.us-east-1.amazonaws.com"},
    {{"us-east-2", true, false, NULL}, "https://sts-fips.us-east-2.amazonaws.com"},
    {{"us-west-1", true, false, NULL}, "https://sts-fips.us-west-1.amazonaws.com"},
    {{"us-west-2", true, false, NULL}, "https://sts-fips.us-west-2.amazonaws.com"},
    {{"us-east-1", false, true, NULL}, "https://sts.us-east-1.api.aws"},
    {{"cn-northwest-1", false, false, NULL}, "https://sts.cn-northwest-1.amazonaws.com.cn"},
    {{"cn-north-1", true, false, NULL}, "https://sts-fips.cn-north-1.amazonaws.com.cn"},
    {{"us-gov-east-1", false, false, NULL}, "https://sts.us-gov-east-1.amazonaws.com"},
    {{"us-gov-west-1", false, false, NULL}, "https://sts.us-gov-west-1.amazonaws.com"},
    {{"us-gov-east-1", true, true, NULL}, "https://sts-fips.us-gov-east-1.api.aws"},
    {{"us-iso-east-1", false, false, NULL}, "https://sts.us-iso-east-1.c2s.ic.gov"},
    {{"us-iso-east-1", true, false, NULL}, "https://sts-fips.us-iso-east-1.c2s.ic.gov"},
    {{"us-isob-east-1", true, false, NULL}, "https://sts-fips.us-isob-east-1.sc2s.sgov.gov"},
    {{NULL, false, false, "https://example.com"}, "https://example.com"},
    {{"us-east-1", false, true, "https://example.com"}, NULL},
    {{"aws-global", false, false, NULL}, "https://sts.amazonaws.com"},
    {{"us-east-3", false, false, NULL}, "https://sts.us-east-3.amazonaws.com"},
    {{NULL, false, false, "https://example.com"}, "https://example.com"},
};

/* Where the rule sets name the global endpoint of STS for old regions, we stay in the region. */
static const struct sample sts_regional_samples[] = {
    {{"ap-northeast-1", false, false, NULL}, "https://sts.ap-northeast-1.amazonaws.com"},
    {{"ap-southeast-1", false, false, NULL}, "https://sts.ap-southeast-1.amazonaws.com"},
    {{"eu-central-1", false, false, NULL}, "https://sts.eu-central-1.amazonaws.com"},
    {{"eu-west-1", false, false, NULL}, "https://sts.eu-west-1.amazonaws.com"},
    {{"us-east-1", false, false, NULL}, "https://sts.us-east-1.amazonaws.com"},
    {{"us-west-1", false, false, NULL}, "https://sts.us-west-1.amazonaws.com"},
};

/* Every partition, each way; regions of no partition; exceptions and what only looks like one. */
static const struct sample partition_samples[] = {
    {{"mx-central-1", true, false, NULL}, "https://cloudtrail-fips.mx-central-1.amazonaws.com"},
    {{"xx-new-1", false, true, NULL}, "https://cloudtrail.xx-new-1.api.aws"},
    {{"us-nowhere", false, false, NULL}, "https://cloudtrail.us-nowhere.amazonaws.com"},
    {{"cn-north", false, false, NULL}, "https://cloudtrail.cn-north.amazonaws.com"},
    {{"cn-north-1x", false, false, NULL}, "https://cloudtrail.cn-north-1x.amazonaws.com"},
    {{"cn-north-1", true, false, NULL}, "https://cloudtrail-fips.cn-north-1.amazonaws.com.cn"},
    {{"us-gov-west-1", true, true, NULL}, "https://cloudtrail-fips.us-gov-west-1.api.aws"},
    {{"us-gov-west-1", false, false, NULL}, "https://cloudtrail.us-gov-west-1.amazonaws.com"},
    {{"us-gov-north-1", true, false, NULL}, "https://cloudtrail-fips.us-gov-north-1.amazonaws.com"},
    {{"us-iso-east-1", true, false, NULL}, "https://cloudtrail-fips.us-iso-east-1.c2s.ic.gov"},
    {{"us-iso-east-1", false, true, NULL}, "https://cloudtrail.us-iso-east-1.api.aws.ic.gov"},
    {{"us-isob-east-1", true, true, NULL}, "https://cloudtrail-fips.us-isob-east-1.api.aws.scloud"},
    {{"eu-isoe-west-1", false, false, NULL}, "https://cloudtrail.eu-isoe-west-1.cloud.adc-e.uk"},
    {{"eu-isoe-west-1", false, true, NULL},
     "https://cloudtrail.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
    {{"us-isof-south-1", false, false, NULL}, "https://cloudtrail.us-isof-south-1.csp.hci.ic.gov"},
    {{"us-isof-south-1", false, true, NULL},
     "https://cloudtrail.us-isof-south-1.api.aws.hci.ic.gov"},
    {{"eusc-de-east-1", true, false, NULL}, "https://cloudtrail-fips.eusc-de-east-1.amazonaws.eu"},
    {{"eusc-de-east-1", false, true, NULL},
     "https://cloudtrail.eusc-de-east-1.api.amazonwebservices.eu"},
    {{"us-east-1", false, true, "https://example.com"}, NULL},
    {{"", false, false, NULL}, NULL},
    {{"us-east-1.evil.example/", false, false, NULL}, NULL},
    {{"us-east-1@evil", false, false, "https://example.com"}, NULL},
    {{"-east-1", false, false, NULL}, NULL},
    {{"us east 1", false, false, NULL}, NULL},
    {{"a123456789012345678901234567890123456789012345678901234567890123", false, false, NULL},
     NULL},
};

static const struct sample sts_partition_samples[] = {
    {{"us-gov-west-1", true, false, NULL}, "https://sts.us-gov-west-1.amazonaws.com"},
    {{"us-gov-north-1", true, false, NULL}, "https://sts.us-gov-north-1.amazonaws.com"},
    {{"us-gov-west-1", true, true, NULL}, "https://sts-fips.us-gov-west-1.api.aws"},
    {{"eusc-de-east-1", false, false, NULL}, "https://sts.eusc-de-east-1.amazonaws.eu"},
};

static const struct sample events_samples[] = {
    {{"eu-west-1", false, false, NULL}, "https://events.eu-west-1.amazonaws.com"},
    {{"us-east-1", true, false, NULL}, "https://events-fips.us-east-1.amazonaws.com"},
    {{"us-east-1", false, true, NULL}, "https://events.us-east-1.api.aws"},
    {{"us-east-1", true, true, NULL}, "https://events-fips.us-east-1.api.aws"},
    {{"cn-north-1", false, false, NULL}, "https://events.cn-north-1.amazonaws.com.cn"},
    {{"us-gov-west-1", false, false, NULL}, "https://events.us-gov-west-1.amazonaws.com"},
    {{"us-gov-west-1", true, false, NULL}, "https://events.us-gov-west-1.amazonaws.com"},
    {{"us-gov-east-1", true, false, NULL}, "https://events.us-gov-east-1.amazonaws.com"},
    {{"us-gov-east-1", true, true, NULL}, "https://events-fips.us-gov-east-1.api.aws"},
    {{"us-iso-west-1", false, false, NULL}, "https://events.us-iso-west-1.c2s.ic.gov"},
    {{"us-east-1", false, false, "https://example.com"}, "https://example.com"},
    {{"us-east-1", true, false, "https://example.com"}, NULL},
    {{"us-east-1", false, true, "https://example.com"}, NULL},
    {{NULL, false, false, NULL}, NULL},
};

static void assert_samples(AwsService service, const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(freep) char *url = NULL;
        CLEANUP(freep) char *error = NULL;
        int r = aws_endpoint_resolve(service, &samples[i].params, &url, &error);
        if (samples[i].url) {
            assert_int_equal(r, 0);
            assert_string_equal(url, samples[i].url);
            assert_null(error);
        } else {
            assert_int_equal(r, -EINVAL);
            assert_null(url);
            assert_non_null(error);
        }
    }
}
#define ASSERT_SAMPLES(service, samples)                                                           \
    assert_samples(service, samples, sizeof(samples) / sizeof(*(samples)))

static void test_cloudtrail_rules(void **state)
{
    (void)state;
    ASSERT_SAMPLES(AWS_SERVICE_CLOUDTRAIL, cloudtrail_samples);
    ASSERT_SAMPLES(AWS_SERVICE_CLOUDTRAIL, partition_samples);
}

static void test_sts_rules(void **state)
{
    (void)state;
    ASSERT_SAMPLES(AWS_SERVICE_STS, sts_samples);
    ASSERT_SAMPLES(AWS_SERVICE_STS, sts_regional_samples);
    ASSERT_SAMPLES(AWS_SERVICE_STS, sts_partition_samples);
}

static void test_events_rules(void **state)
{
    (void)state;
    ASSERT_SAMPLES(AWS_SERVICE_EVENTS, events_samples);
}

static void test_takes_custom_endpoints(void **state)
{
    static const char *const urls[] = {
        "https://example.com",   "https://example.com/", "https://example.com:8443/a/path",
        "HTTPS://EXAMPLE.COM",   "https://10.0.0.1",     "https://[fd00::1]:443",
        "http://localhost:4566", "http://LOCALHOST",     "http://127.0.0.1:1",
        "http://127.255.0.3/",   "http://[::1]:65535",   "http://[0:0:0:0:0:0:0:1]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(aws_endpoint_validate(urls[i], &error), 0);
        assert_null(error);
    }
}

static void test_refuses_custom_endpoints(void **state)
{
    static const char *const samples[][2] = {
        {"", "https://"},
        {"example.com", "https://"},
        {"ftp://example.com", "https://"},
        {"https:/example.com", "https://"},
        {"https://", "host or port"},
        {"https:///path", "host or port"},
        {"https://:443", "host or port"},
        {"https://example.com:", "host or port"},
        {"https://example.com:0", "host or port"},
        {"https://example.com:65536", "host or port"},
        {"https://example.com:44x", "host or port"},
        {"https://example.com:000443", "host or port"},
        {"https://[::1", "host or port"},
        {"https://[example.com]", "host or port"},
        {"https://[::1]x", "host or port"},
        {"https://ex%61mple.com", "host or port"},
        {"https://user@example.com", "user"},
        {"https://user:secret@example.com", "user"},
        {"https://example.com?a=b", "query"},
        {"https://example.com/#a", "fragment"},
        {"https://example.com/a b", "white space"},
        {"https://example.com\r\nHost: x", "white space"},
        {"https://ex\xc3\xa4mple.com", "ASCII"},
        {"http://example.com", "loopback"},
        {"http://localhost.example.com", "loopback"},
        {"http://128.0.0.1", "loopback"},
        {"http://127.1", "loopback"},
        {"http://127.0.0.1.example.com", "loopback"},
        {"http://[::2]", "loopback"},
        {"http://[::ffff:127.0.0.1]", "loopback"},
        {"http://0.0.0.0", "loopback"},
        {"http://169.254.169.254", "loopback"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(aws_endpoint_validate(samples[i][0], &error), -EINVAL);
        assert_non_null(strstr(error, samples[i][1]));
        assert_null(strstr(error, "secret"));
    }
}

static void validates_regions(void **state)
{
    /* error NULL: it may be one */
    static const struct {
        const char *region, *error;
    } samples[] = {
        {"us-east-1", NULL},
        {"us-gov-west-1", NULL},
        {"eusc-de-east-1", NULL},
        {"aws-global", NULL},
        {"us-iso-west-1", NULL},
        {"us-isob-east-1", NULL},
        {"mars-north-1", NULL},
        {"mars-north-1a", NULL},
        {"MARS-north-1", NULL},
        {"us-east-1-fips", NULL},
        {"us-gov-west-1-fips", NULL},
        {"local", NULL},
        {"us-east-12", NULL},
        {"custom1a", NULL},
        {"us-east-1a", "its region is us-east-1"},
        {"US-EAST-1A", "its region is us-east-1"},
        {"us-gov-west-1b", "its region is us-gov-west-1"},
        {"cn-north-1a", "its region is cn-north-1"},
        {"us-west-2-lax-1a", "its region is us-west-2"},
        {"us-east-1-wl1-bos-wlz-1", "its region is us-east-1"},
        {"US-EAST-1", "in lower case: us-east-1"},
        {"Eu-West-3", "in lower case: eu-west-3"},
        {"us east 1", "is not a region"},
        {"us-east-1.", "is not a region"},
        {"-a", "is not a region"},
        {"mars-north-", "is not a region"},
        {"eu-west-1-", "is not a region"},
        {"", "is not a region"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(aws_endpoint_validate_region(samples[i].region, &error),
                         samples[i].error ? -EINVAL : 0);
        if (samples[i].error && !strstr(error, samples[i].error))
            fail_msg("\"%s\" does not say \"%s\"", error, samples[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validates_regions),
        cmocka_unit_test(test_cloudtrail_rules),
        cmocka_unit_test(test_sts_rules),
        cmocka_unit_test(test_events_rules),
        cmocka_unit_test(test_takes_custom_endpoints),
        cmocka_unit_test(test_refuses_custom_endpoints),
    };

    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
