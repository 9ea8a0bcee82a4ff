/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/queue-url.h: which host and region the URL of a queue names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/aws/queue-url.h"

static void test_names_host_and_region(void **state)
{
    static const struct {
        const char *url, *endpoint, *region;
    } samples[] = {
        {"https://sqs.eu-west-1.amazonaws.com/123456789012/q",
         "https://sqs.eu-west-1.amazonaws.com", "eu-west-1"},
        {"https://sqs.us-east-1.api.aws/123456789012/q.fifo", "https://sqs.us-east-1.api.aws",
         "us-east-1"},
        {"https://sqs-fips.us-west-2.amazonaws.com/1/q", "https://sqs-fips.us-west-2.amazonaws.com",
         "us-west-2"},
        {"https://sqs.cn-north-1.amazonaws.com.cn/1/q", "https://sqs.cn-north-1.amazonaws.com.cn",
         "cn-north-1"},
        {"https://sqs.us-iso-east-1.c2s.ic.gov/1/q", "https://sqs.us-iso-east-1.c2s.ic.gov",
         "us-iso-east-1"},
        {"https://sqs.eusc-de-east-1.amazonaws.eu/1/q", "https://sqs.eusc-de-east-1.amazonaws.eu",
         "eusc-de-east-1"},
        {"https://us-east-2.queue.amazonaws.com/1/q", "https://us-east-2.queue.amazonaws.com",
         "us-east-2"},
        {"https://cn-north-1.queue.amazonaws.com.cn/1/q",
         "https://cn-north-1.queue.amazonaws.com.cn", "cn-north-1"},
        {"https://queue.amazonaws.com/1/q", "https://queue.amazonaws.com", "us-east-1"},
        {"https://vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com/1/q",
         "https://vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com", "us-east-1"},
        {"HTTPS://SQS.EU-WEST-1.AMAZONAWS.COM:443/1/Q", "HTTPS://SQS.EU-WEST-1.AMAZONAWS.COM:443",
         "eu-west-1"},

        {"http://127.0.0.1:9324/000000000000/q", "http://127.0.0.1:9324", NULL},
        {"http://[::1]:9324/1/q", "http://[::1]:9324", NULL},
        {"https://queue.example/1/q", "https://queue.example", NULL},
        {"https://sqs.eu-west-1.example.com/1/q", "https://sqs.eu-west-1.example.com", NULL},
        {"https://sqs.eu-west-1.notamazonaws.com/1/q", "https://sqs.eu-west-1.notamazonaws.com",
         NULL},
        {"https://amazonaws.com/1/q", "https://amazonaws.com", NULL},
        {"https://sqs.amazonaws.com/1/q", "https://sqs.amazonaws.com", NULL},
        {"https://sqs..amazonaws.com/1/q", "https://sqs..amazonaws.com", NULL},
        {"https://sqs.a.b.amazonaws.com/1/q", "https://sqs.a.b.amazonaws.com", NULL},
        {"https://sns.eu-west-1.amazonaws.com/1/q", "https://sns.eu-west-1.amazonaws.com", NULL},
        {"https://.queue.amazonaws.com/1/q", "https://.queue.amazonaws.com", NULL},
        {"https://vpce.amazonaws.com/1/q", "https://vpce.amazonaws.com", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(freep) char *endpoint = NULL;
        CLEANUP(freep) char *region = NULL;
        CLEANUP(freep) char *error = NULL;

        assert_int_equal(queue_url_validate(samples[i].url, &error), 0);
        assert_int_equal(queue_url_get_endpoint(samples[i].url, &endpoint), 0);
        assert_string_equal(endpoint, samples[i].endpoint);
        assert_int_equal(queue_url_get_region(samples[i].url, &region), 0);
        if (samples[i].region)
            assert_string_equal(region, samples[i].region);
        else
            assert_null(region);
    }
}

static void test_refuses_what_is_not_the_url_of_a_queue(void **state)
{
    static const char *const samples[][2] = {
        {"", "a queue's url has to be an https:// URL"},
        {"q", "a queue's url has to be an https:// URL"},
        {"arn:aws:sqs:eu-west-1:123456789012:q", "a queue's url has to be an https:// URL"},
        {"https://sqs.eu-west-1.amazonaws.com", "ends in its account and name"},
        {"https://sqs.eu-west-1.amazonaws.com//", "ends in its account and name"},
        {"https:///1/q", "host or port is missing"},
        {"https://user:secret@sqs.example/1/q", "must not name a user"},
        {"https://sqs.example/1/q?a", "must not have a query"},
        {"https://sqs.example/1/q#a", "must not have a query"},
        {"https://sqs.example/1/ q", "must not have white space"},
        {"http://sqs.example/1/q", "only for a loopback host"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(freep) char *error = NULL;

        assert_int_equal(queue_url_validate(samples[i][0], &error), -EINVAL);
        if (!strstr(error, samples[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", error, samples[i][1]);
        assert_null(strstr(error, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_host_and_region),
        cmocka_unit_test(test_refuses_what_is_not_the_url_of_a_queue),
    };

    return cmocka_run_group_tests_name("queue-url", tests, NULL, NULL);
}
