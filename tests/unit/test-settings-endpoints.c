/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/settings.h: which hosts are called, and whose certificates are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "tests/unit/settings-samples.h"

static const char *endpoint(const AwsSettings *settings)
{
    return settings->endpoints[SERVICE_CLOUDTRAIL];
}

static const char *events_endpoint(const AwsSettings *settings)
{
    return settings->events_endpoint;
}

static const char *sts_endpoint(const AwsSettings *settings)
{
    return settings->sts_endpoint;
}

static const char *ca_bundle(const AwsSettings *settings)
{
    return settings->ca_bundle;
}

#define SERVICES                                                                                   \
    "[default]\nregion = us-east-1\nendpoint_url = https://profile\nservices = s\n"                \
    "[services s]\ncloudtrail =\n  endpoint_url = https://services\n"

static void test_custom_endpoint(void **state)
{
    static const struct sample samples[] = {
        {.environment = {{"AWS_ENDPOINT_URL_CLOUDTRAIL", "https://env-cloudtrail"}},
         .config = SERVICES,
         .section = {.endpoint_url = (char *)"https://section"},
         .expected = "https://section"},
        {.environment = {{"AWS_ENDPOINT_URL_CLOUDTRAIL", "https://env-cloudtrail"},
                         {"AWS_ENDPOINT_URL", "https://env"}},
         .config = SERVICES,
         .expected = "https://env-cloudtrail"},
        {.environment = {{"AWS_ENDPOINT_URL", "https://env"},
                         {"AWS_ENDPOINT_URL_STS", "https://env-sts"}},
         .config = SERVICES,
         .expected = "https://env"},
        {.config = SERVICES, .expected = "https://services"},
        {.config = "[default]\nregion = us-east-1\nendpoint_url = https://profile\n"
                   "services = s\n[services s]\nsts =\n endpoint_url = https://services\n",
         .expected = "https://profile"},
        {.environment = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE"},
                         {"AWS_ENDPOINT_URL", "https://env"}},
         .config = SERVICES,
         .expected = "https://cloudtrail.us-east-1.amazonaws.com"},
        {.environment = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
         .config = SERVICES,
         .section = {.endpoint_url = (char *)"https://section"},
         .expected = "https://section"},
        {.config = "[default]\nregion = us-east-1\nendpoint_url = https://profile\n"
                   "ignore_configured_endpoint_urls = true\n",
         .expected = "https://cloudtrail.us-east-1.amazonaws.com"},
        {.environment = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}},
         .config = "[default]\nregion = us-east-1\nendpoint_url = https://profile\n"
                   "ignore_configured_endpoint_urls = true\n",
         .expected = "https://profile"},
        {.environment = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:5000"}},
         .config = SERVICES,
         .expected = "http://127.0.0.1:5000"},
        {.environment = {{"AWS_ENDPOINT_URL", "http://example.com"}},
         .config = SERVICES,
         .error = "AWS_ENDPOINT_URL: http://"},
        {.config = SERVICES,
         .section = {.endpoint_url = (char *)"example.com"},
         .error = "endpoint-url: an endpoint has to be",
         .option = "endpoint-url"},
        {.config = "[default]\nregion = us-east-1\nservices = s\n", .error = "[services s]"},
        {.environment = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "1"}},
         .config = SERVICES,
         .error = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, endpoint);
}

static void test_events_endpoint(void **state)
{
    static const AwsPurpose purpose = {"notify", AWS_USE_EVENTS, NULL};
    static const char services[] = "[default]\nregion = us-east-1\nservices = s\n"
                                   "[services s]\neventbridge =\n  endpoint_url = "
                                   "https://services\n";
    const struct sample samples[] = {
        {.section = {.region = (char *)"eu-west-1"},
         .purpose = purpose,
         .expected = "https://events.eu-west-1.amazonaws.com"},
        {.environment = {{"AWS_USE_FIPS_ENDPOINT", "true"}},
         .section = {.region = (char *)"eu-west-1"},
         .purpose = purpose,
         .expected = "https://events-fips.eu-west-1.amazonaws.com"},
        {.environment = {{"AWS_ENDPOINT_URL_EVENTBRIDGE", "https://env-events"},
                         {"AWS_ENDPOINT_URL_CLOUDTRAIL", "https://env-cloudtrail"},
                         {"AWS_ENDPOINT_URL", "https://env"}},
         .config = services,
         .purpose = purpose,
         .expected = "https://env-events"},
        {.environment = {{"AWS_ENDPOINT_URL_CLOUDTRAIL", "https://env-cloudtrail"}},
         .config = services,
         .purpose = purpose,
         .expected = "https://services"},
        {.environment = {{"AWS_ENDPOINT_URL_EVENTBRIDGE", "https://env-events"}},
         .config = services,
         .section = {.endpoint_url = (char *)"https://section"},
         .purpose = purpose,
         .expected = "https://section"},
        {.environment = {{"AWS_ENDPOINT_URL_EVENTBRIDGE", "http://example.com"}},
         .config = services,
         .purpose = purpose,
         .error = "AWS_ENDPOINT_URL_EVENTBRIDGE: http://"},
        {.section = {.region = (char *)"eu-west-1"}, .purpose = {"queue", AWS_USE_QUEUES, NULL}},
        {.section = {.region = (char *)"eu-west-1"}},
    };

    (void)state;
    ASSERT_SAMPLES(samples, events_endpoint);
}

/* Its URL names the host: what is wrong with the custom endpoints of other services does not
 * matter. */
static void test_a_queue_needs_no_endpoint_besides_that_of_sts(void **state)
{
    static const AwsPurpose purpose = {"queue", AWS_USE_QUEUES, NULL};
    const struct sample samples[] = {
        {.environment = {{"AWS_ENDPOINT_URL_CLOUDTRAIL", "http://example.com"}},
         .section = {.region = (char *)"eu-west-1"},
         .purpose = purpose},
        {.environment = {{"AWS_USE_FIPS_ENDPOINT", "true"}},
         .section = {.region = (char *)"eu-west-1", .endpoint_url = (char *)"https://section"},
         .purpose = purpose},
    };

    (void)state;
    ASSERT_SAMPLES(samples, endpoint);
}

static void test_sts_endpoint(void **state)
{
    static const struct sample samples[] = {
        {.section = {.region = (char *)"eu-west-1"},
         .expected = "https://sts.eu-west-1.amazonaws.com"},
        {.section = {.region = (char *)"eu-west-1", .endpoint_url = (char *)"https://section"},
         .expected = "https://sts.eu-west-1.amazonaws.com"},
        {.environment = {{"AWS_ENDPOINT_URL_STS", "https://env-sts"}},
         .section = {.region = (char *)"eu-west-1", .sts_endpoint_url = (char *)"https://section"},
         .expected = "https://section"},
        {.environment = {{"AWS_ENDPOINT_URL_STS", "https://env-sts"},
                         {"AWS_ENDPOINT_URL", "https://env"}},
         .section = {.region = (char *)"eu-west-1"},
         .expected = "https://env-sts"},
        {.environment = {{"AWS_ENDPOINT_URL_CLOUDTRAIL", "https://env-cloudtrail"},
                         {"AWS_ENDPOINT_URL", "https://env"}},
         .section = {.region = (char *)"eu-west-1"},
         .expected = "https://env"},
        {.config = "[default]\nservices = s\nendpoint_url = https://profile\n"
                   "[services s]\nsts =\n endpoint_url = https://services\n",
         .section = {.region = (char *)"eu-west-1"},
         .expected = "https://services"},
        {.section = {.region = (char *)"eu-west-1",
                     .sts_endpoint_url = (char *)"http://example.com"},
         .error = "sts-endpoint-url: http://",
         .option = "sts-endpoint-url"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, sts_endpoint);
}

static void test_fips_and_dualstack(void **state)
{
    static const char config[] = "[default]\nregion = us-east-1\nuse_fips_endpoint = true\n"
                                 "use_dualstack_endpoint = TRUE\n";
    static const struct sample samples[] = {
        {.config = config, .expected = "https://cloudtrail-fips.us-east-1.api.aws"},
        {.environment = {{"AWS_USE_FIPS_ENDPOINT", "false"}},
         .config = config,
         .expected = "https://cloudtrail.us-east-1.api.aws"},
        {.environment = {{"AWS_USE_DUALSTACK_ENDPOINT", "False"}},
         .config = config,
         .expected = "https://cloudtrail-fips.us-east-1.amazonaws.com"},
        {.environment = {{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_USE_DUALSTACK_ENDPOINT", "true"}},
         .config = config,
         .flags_set = true,
         .expected = "https://cloudtrail.us-east-1.amazonaws.com"},
        {.section = {.region = (char *)"us-east-1", .use_fips_endpoint = 1},
         .flags_set = true,
         .expected = "https://cloudtrail-fips.us-east-1.amazonaws.com"},
        {.config = config,
         .section = {.endpoint_url = (char *)"https://example.com"},
         .error = "endpoint-url: a custom endpoint cannot be combined with FIPS"},
        {.environment = {{"AWS_USE_DUALSTACK_ENDPOINT", "true"},
                         {"AWS_ENDPOINT_URL", "https://example.com"}},
         .section = {.region = (char *)"us-east-1"},
         .error = "AWS_ENDPOINT_URL: a custom endpoint cannot be combined with dual-stack"},
        {.environment = {{"AWS_USE_FIPS_ENDPOINT", "yes"}},
         .section = {.region = (char *)"us-east-1"},
         .error = "$AWS_USE_FIPS_ENDPOINT is neither"},
        {.config = "[default]\nregion = us-east-1\nuse_dualstack_endpoint = 1\n",
         .error = "use_dualstack_endpoint of profile default is neither"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, endpoint);
}

/* Of nobody, for a hundred years. */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcDCCARWgAwIBAgIUII18Zb3pbya2nmhMNsEdiLMhiWowCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBdDAgFw0yNjExMjYxODA1MThaGA8yMTI2MTEwMjE4MDUxOFow\n"
    "DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL5FseLXjtRX\n"
    "yime+6JF9g4EARiFdf+l+qrZSX9mWNGMCF6nnjD9Ftg97sIq9NQXB4JnuNR9geS+\n"
    "Ox10nqbSViOjUzBRMB0GA1UdDgQWBBQzdUjDU/1ieMl8Lz9VuANM/1VKRDAfBgNV\n"
    "HSMEGDAWgBQzdUjDU/1ieMl8Lz9VuANM/1VKRDAPBgNVHRMBAf8EBTADAQH/MAoG\n"
    "CCqGSM49BAMCA0kAMEYCIQCUVvL6vG/YzB5gYQ4ggAsD2L7ZvflauHhC+3vQbovq\n"
    "3wIhAKvTHcjldEBtC0RleAH4COeYR278uGBqhSuwrzI/pFmo\n"
    "-----END CERTIFICATE-----\n";

static int make_bundles(void **state)
{
    static char directory[32];
    static const struct {
        const char *name, *before, *text;
    } files[] = {
        {"a.pem", "", certificate},
        {"b.pem", "Explanations come before the first.\n", certificate},
        {"empty.pem", "", ""},
        {"text.pem", "this is not a certificate\n", ""},
        {"cut.pem", "-----BEGIN CERTIFICATE-----\nMIIBcDCCARWgAwIBAgIUII18\n", ""},
    };

    snprintf(directory, sizeof(directory), "/tmp/test-settings-XXXXXX");
    *state = directory;
    if (!mkdtemp(directory) || chdir(directory) < 0 || mkdir("directory", 0700) < 0 ||
        mkfifo("fifo", 0600) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        CLEANUP(fclosep) FILE *file = fopen(files[i].name, "we");
        if (!file || fprintf(file, "%s%s", files[i].before, files[i].text) < 0)
            return -1;
    }
    return 0;
}

static int remove_bundles(void **state)
{
    static const char *const names[] = {"a.pem",    "b.pem",   "empty.pem",
                                        "text.pem", "cut.pem", "fifo"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(names[i]);
    return rmdir("directory") + chdir("/") + rmdir(*state);
}

static void test_ca_bundles_that_hold_no_certificate(void **state)
{
    static const struct sample samples[] = {
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"directory"},
         .expected = ":0: the CA bundle directory: cannot be read: Is a directory"},
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"empty.pem"},
         .expected = ":0: the CA bundle empty.pem: is empty"},
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"text.pem"},
         .expected = ":0: the CA bundle text.pem: holds no certificate; it is to be a file of "
                     "certificates in PEM (-----BEGIN CERTIFICATE-----)"},
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"cut.pem"},
         .expected = ":0: the CA bundle cut.pem: holds no certificate; it is to be a file of "
                     "certificates in PEM (-----BEGIN CERTIFICATE-----)"},
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"fifo"},
         .expected = ":0: the CA bundle fifo: is not a regular file"},
        {.section = {.region = (char *)"a-b-1", .ca_bundle = (char *)"/dev/null"},
         .expected = ":0: the CA bundle /dev/null: is not a regular file"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, trouble);
}

static void test_ca_bundle(void **state)
{
    static const char config[] = "[default]\nregion = us-east-1\nca_bundle = a.pem\n";
    static const struct sample samples[] = {
        {.section = {.region = (char *)"us-east-1"}},
        {.config = config, .expected = "a.pem"},
        {.environment = {{"AWS_CA_BUNDLE", "b.pem"}}, .config = config, .expected = "b.pem"},
        {.environment = {{"AWS_CA_BUNDLE", "b.pem"}},
         .config = config,
         .section = {.ca_bundle = (char *)"a.pem"},
         .expected = "a.pem"},
        {.config = config,
         .section = {.ca_bundle = (char *)"/dev/null/x"},
         .error = "/dev/null/x",
         .option = "ca-bundle"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, ca_bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_endpoint),
        cmocka_unit_test(test_a_queue_needs_no_endpoint_besides_that_of_sts),
        cmocka_unit_test(test_custom_endpoint),
        cmocka_unit_test(test_sts_endpoint),
        cmocka_unit_test(test_fips_and_dualstack),
        cmocka_unit_test_setup_teardown(test_ca_bundle, make_bundles, remove_bundles),
        cmocka_unit_test_setup_teardown(test_ca_bundles_that_hold_no_certificate, make_bundles,
                                        remove_bundles),
    };

    return cmocka_run_group_tests_name("settings-endpoints", tests, NULL, clear_environment);
}
