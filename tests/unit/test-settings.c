/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/settings.h: which source counts, what cannot work, and where credentials would
 * come from.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/credentials/settings.h"

#define VARIABLES_MAX 6U

/* Every variable that the settings look at; each test begins without any. */
static const char *const variables[] = {
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_METADATA_SERVICE_TIMEOUT",
};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    return 0;
}

struct sample {
    const char *environment[VARIABLES_MAX][2]; /* up to the first without a name */
    const char *config, *credentials;
    AwsSection section; /* flags: 0 stands for unset unless flags_set */
    bool flags_set;
    AwsPurpose purpose;   /* without a noun: that of a target */
    const char *error;    /* part of the sentence; NULL: works */
    const char *option;   /* that has to do with the error; NULL: does not matter */
    const char *expected; /* what the test looks at */
};

typedef const char *Look(const AwsSettings *settings);

static void assert_sample(const struct sample *sample, Look *look)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(aws_settings_freep) AwsSettings *settings = NULL;
    CLEANUP(trust_freep) Trust *trust = NULL;
    CLEANUP(freep) char *error = NULL;
    AwsSection section = sample->section;
    AwsPurpose purpose = sample->purpose;
    const char *option = NULL;
    int r;
    const char *seen;

    assert_int_equal(clear_environment(NULL), 0);
    for (size_t i = 0; i < VARIABLES_MAX && sample->environment[i][0]; i++)
        assert_int_equal(setenv(sample->environment[i][0], sample->environment[i][1], 1), 0);
    if (!purpose.noun)
        purpose.noun = "target";
    if (!sample->flags_set)
        section.use_fips_endpoint = section.use_dualstack_endpoint = -1;
    assert_int_equal(aws_profiles_parse(sample->config, "config", sample->credentials,
                                        "credentials", &profiles, &error),
                     0);
    assert_int_equal(trust_new(&trust), 0);
    r = aws_settings_resolve(&section, &purpose, profiles, trust, &settings, &option, &error);
    if (sample->error) {
        assert_int_equal(r, -EINVAL);
        assert_null(settings);
        if (!strstr(error, sample->error))
            fail_msg("\"%s\" does not say \"%s\"", error, sample->error);
        if (sample->option)
            assert_string_equal(option, sample->option);
        return;
    }
    if (error)
        fail_msg("%s", error);
    assert_int_equal(r, 0);
    seen = look(settings);
    if (sample->expected) {
        assert_non_null(seen);
        assert_string_equal(seen, sample->expected);
    } else {
        assert_null(seen);
    }
}

static void assert_samples(const struct sample *samples, size_t n, Look *look)
{
    for (size_t i = 0; i < n; i++)
        assert_sample(&samples[i], look);
}
#define ASSERT_SAMPLES(samples, look)                                                              \
    assert_samples(samples, sizeof(samples) / sizeof(*(samples)), look)

static const char *region(const AwsSettings *settings)
{
    return settings->region;
}

static const char *profile(const AwsSettings *settings)
{
    return settings->profile;
}

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

static const char *credentials(const AwsSettings *settings)
{
    return settings->credentials;
}

/* "file:line: what is wrong", as far as there is each of them. */
static const char *trouble(const AwsSettings *settings)
{
    static char text[512];
    const AwsTrouble *seen = &settings->trouble;

    snprintf(text, sizeof(text), "%s:%u: %s", seen->file ? seen->file : "", seen->line,
             seen->sentence ? seen->sentence : "");
    return text;
}

static void test_region(void **state)
{
    static const char config[] = "[default]\nregion = r-profile-1\n[profile x]\nregion = r-x-1\n";
    static const struct sample samples[] = {
        {.environment = {{"AWS_REGION", "r-env-1"}, {"AWS_DEFAULT_REGION", "r-env-2"}},
         .config = config,
         .section = {.region = (char *)"r-section-1"},
         .expected = "r-section-1"},
        {.environment = {{"AWS_REGION", "r-env-1"}, {"AWS_DEFAULT_REGION", "r-env-2"}},
         .config = config,
         .expected = "r-env-1"},
        {.environment = {{"AWS_REGION", ""}, {"AWS_DEFAULT_REGION", "r-env-2"}},
         .config = config,
         .expected = "r-env-2"},
        {.config = config, .expected = "r-profile-1"},
        {.config = config, .section = {.profile = (char *)"x"}, .expected = "r-x-1"},
        {.environment = {{"AWS_REGION", "r-env-1"}},
         .config = config,
         .section = {.profile = (char *)"x"},
         .expected = "r-env-1"},
        {.error = "set region = in the target's section, $AWS_REGION, or region in profile default "
                  "of config"},
        {.section = {.endpoint_url = (char *)"https://example.com"}, .error = "there is no region"},
        {.environment = {{"AWS_REGION", " \tr-env-1\r\n"}}, .expected = "r-env-1"},
        {.environment = {{"AWS_REGION", " \n"}, {"AWS_DEFAULT_REGION", "r-env-2\n"}},
         .config = config,
         .expected = "r-env-2"},
        {.environment = {{"AWS_REGION", "r env 1"}}, .error = "is not one"},
        {.section = {.region = (char *)"us-east-1a"},
         .error = "us-east-1a is not a region but a zone of one; its region is us-east-1",
         .option = "region"},
        {.environment = {{"AWS_REGION", "EU-WEST-1"}},
         .error = "the region EU-WEST-1 is written in lower case: eu-west-1"},
        {.section = {.region = (char *)"no/region"},
         .error = "the region \"no/region\" is not one",
         .option = "region"},
        {.section = {.region = (char *)"no/region",
                     .endpoint_url = (char *)"https://example.com",
                     .sts_endpoint_url = (char *)"https://example.com"},
         .error = "the region \"no/region\" is not one",
         .option = "region"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, region);
}

/* That which a queue's URL or a bus's ARN names. */
static void test_a_region_named_besides_comes_after_the_section_alone(void **state)
{
    static const struct sample samples[] = {
        {.environment = {{"AWS_REGION", "r-env-1"}},
         .config = "[default]\nregion = r-profile-1\n",
         .purpose = {"queue", AWS_USE_QUEUES, "r-url-1"},
         .expected = "r-url-1"},
        {.section = {.region = (char *)"r-section-1"},
         .purpose = {"queue", AWS_USE_QUEUES, "r-url-1"},
         .expected = "r-section-1"},
        {.environment = {{"AWS_REGION", "r-env-1"}},
         .purpose = {"queue", AWS_USE_QUEUES, NULL},
         .expected = "r-env-1"},
        {.purpose = {"notify", AWS_USE_EVENTS, "no/region"},
         .error = "the region \"no/region\" is not one",
         .option = "region"},
        {.purpose = {"queue", AWS_USE_QUEUES, NULL},
         .error = "set region = in the queue's section, $AWS_REGION, or region in profile default"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, region);
}

static void test_profile(void **state)
{
    static const char config[] = "[default]\nregion = a-b-1\n[profile x]\nregion = a-b-1\n"
                                 "[profile y]\nregion = a-b-1\n";
    static const struct sample samples[] = {
        {.config = config, .expected = "default"},
        {.environment = {{"AWS_PROFILE", "x"}}, .config = config, .expected = "x"},
        {.environment = {{"AWS_PROFILE", ""}}, .config = config, .expected = "default"},
        {.environment = {{"AWS_DEFAULT_PROFILE", "x"}}, .config = config, .expected = "x"},
        {.environment = {{"AWS_PROFILE", "y"}, {"AWS_DEFAULT_PROFILE", "x"}},
         .config = config,
         .expected = "y"},
        {.environment = {{"AWS_PROFILE", ""}, {"AWS_DEFAULT_PROFILE", "x"}},
         .config = config,
         .expected = "x"},
        {.environment = {{"AWS_DEFAULT_PROFILE", "w"}},
         .config = config,
         .error = "profile w is in none",
         .option = "profile"},
        {.environment = {{"AWS_PROFILE", "x"}},
         .config = config,
         .section = {.profile = (char *)"y"},
         .expected = "y"},
        {.credentials = "[z]\nregion = a-b-1",
         .section = {.profile = (char *)"z"},
         .expected = "z"},
        {.section = {.region = (char *)"a-b-1"}, .expected = "default"},
        {.environment = {{"AWS_PROFILE", "z"}}, .config = config, .error = "profile z"},
        {.config = config,
         .section = {.profile = (char *)"z"},
         .error = "profile z",
         .option = "profile"},
        {.section = {.profile = (char *)"default", .region = (char *)"a-b-1"},
         .error = "profile default"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, profile);
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
         .error = "endpoint-url: an endpoint is",
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

#define KEYS "aws_access_key_id = AKID\naws_secret_access_key = SECRET\n"

static void test_credentials(void **state)
{
    static const struct sample samples[] = {
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .credentials = "[x]\n" KEYS,
         .section = {.region = (char *)"us-east-1"},
         .expected = "environment"},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_PROFILE", "x"}},
         .credentials = "[x]\n" KEYS,
         .section = {.region = (char *)"us-east-1"},
         .expected = "environment"},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .credentials = "[x]\n" KEYS,
         .section = {.region = (char *)"us-east-1", .profile = (char *)"x"},
         .expected = "profile x in credentials"},
        {.environment = {{"AWS_EC2_METADATA_DISABLED", "true"}},
         .section = {.region = (char *)"us-east-1"}},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .section = {.region = (char *)"us-east-1",
                     .role = {.arn = (char *)"arn:aws:iam::2:role/t"}},
         .expected = "role arn:aws:iam::2:role/t with those of environment"},
        {.config = "[profile x]\nsso_session = s\n",
         .section = {.region = (char *)"us-east-1", .profile = (char *)"x"},
         .error = "browser"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, credentials);
}

#define NO_TROUBLE ":0: "
#define ROLE "role_arn = arn:aws:iam::1:role/r\n"

/* What is known beforehand is not an error, but can be shown. */
static void test_trouble(void **state)
{
    const AwsSection plain = {.region = (char *)"us-east-1"};
    const AwsSection explicit = {.region = (char *)"us-east-1", .profile = (char *)"x"};
    const struct sample samples[] = {
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "SECRET"}},
         .section = plain,
         .expected = NO_TROUBLE},
        {.environment = {{"AWS_EC2_METADATA_DISABLED", "true"}},
         .section = plain,
         .expected = NO_TROUBLE},
        {.section = plain, .expected = NO_TROUBLE},
        {.credentials = "[x]\n" KEYS, .section = explicit, .expected = NO_TROUBLE},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .section = plain,
         .expected = ":0: environment: an access key id without its secret access key"},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "two words"}},
         .section = plain,
         .expected = ":0: environment: a key with white space or control characters inside"},
        {.credentials = "[x]\n\naws_access_key_id = AKID\n",
         .section = explicit,
         .expected = "credentials:3: profile x in credentials: an access key id without its secret "
                     "access key"},
        {.config = "[profile x]\ncredential_process = p 'open\n",
         .section = explicit,
         .expected = "config:2: credential_process of profile x: it is empty, or a quote or a "
                     "backslash in it is left open"},
        {.environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/x"}},
         .section = plain,
         .expected = ":0: container: AWS_CONTAINER_CREDENTIALS_FULL_URI: http:// is taken only for "
                     "a loopback host; use https:// for example.com"},
        {.environment = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x"}},
         .section = plain,
         .expected = ":0: container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path"},
        {.environment = {{"AWS_METADATA_SERVICE_TIMEOUT", "x"}},
         .section = plain,
         .expected =
             ":0: EC2 instance metadata: AWS_METADATA_SERVICE_TIMEOUT is not a number from 1 "
             "to 600"},
        {.config = "[profile x]\nmetadata_service_num_attempts = 0\n",
         .section = explicit,
         .expected =
             "config:2: EC2 instance metadata: metadata_service_num_attempts is not a number "
             "from 1 to 100"},
        /* A role says where its first credentials come from. */
        {.config = "[profile x]\n" ROLE "credential_source = Environment\n",
         .section = explicit,
         .expected = "config:3: environment: there is no access key id"},
        {.config = "[profile x]\n" ROLE "credential_source = EcsContainer\n",
         .section = explicit,
         .expected = "config:3: container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
        {.environment = {{"AWS_EC2_METADATA_DISABLED", "true"}},
         .config = "[profile x]\n" ROLE "credential_source = Ec2InstanceMetadata\n",
         .section = explicit,
         .expected = "config:3: EC2 instance metadata: AWS_EC2_METADATA_DISABLED is true"},
        {.config =
             "[profile x]\n" ROLE "source_profile = y\n[profile y]\n" ROLE "source_profile = z\n",
         .credentials = "[z]\naws_access_key_id = AKID\n",
         .section = explicit,
         .expected = "credentials:2: profile z in credentials: an access key id without its secret "
                     "access key"},
    };

    (void)state;
    ASSERT_SAMPLES(samples, trouble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_a_region_named_besides_comes_after_the_section_alone),
        cmocka_unit_test(test_events_endpoint),
        cmocka_unit_test(test_a_queue_needs_no_endpoint_besides_that_of_sts),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_custom_endpoint),
        cmocka_unit_test(test_sts_endpoint),
        cmocka_unit_test(test_fips_and_dualstack),
        cmocka_unit_test_setup_teardown(test_ca_bundle, make_bundles, remove_bundles),
        cmocka_unit_test_setup_teardown(test_ca_bundles_that_hold_no_certificate, make_bundles,
                                        remove_bundles),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_trouble),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, clear_environment);
}
