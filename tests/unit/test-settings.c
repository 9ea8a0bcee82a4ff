/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/settings.h: which source counts, what cannot work, and where credentials would
 * come from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "tests/unit/settings-samples.h"

static const char *credentials(const AwsSettings *settings)
{
    return settings->credentials;
}

static const char *region(const AwsSettings *settings)
{
    return settings->region;
}

static const char *profile(const AwsSettings *settings)
{
    return settings->profile;
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
        {.environment = {{"AWS_REGION", "r env 1"}}, .error = "is not a region"},
        {.section = {.region = (char *)"us-east-1a"},
         .error = "us-east-1a is an availability zone, not a region; its region is us-east-1",
         .option = "region"},
        {.environment = {{"AWS_REGION", "EU-WEST-1"}},
         .error = "the region EU-WEST-1 has to be written in lower case: eu-west-1"},
        {.section = {.region = (char *)"no/region"},
         .error = "\"no/region\" is not a region",
         .option = "region"},
        {.section = {.region = (char *)"no/region",
                     .endpoint_url = (char *)"https://example.com",
                     .sts_endpoint_url = (char *)"https://example.com"},
         .error = "\"no/region\" is not a region",
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
         .error = "\"no/region\" is not a region",
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
         .expected = "config:2: credential_process of profile x: it is empty, or has a quote "
                     "that is left open or a backslash at its end"},
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
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_trouble),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, clear_environment);
}
