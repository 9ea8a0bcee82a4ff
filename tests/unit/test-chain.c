/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/chain.h: the order of sources, and profiles that cannot work. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/credentials/chain.h"

#define VARIABLES_MAX 3U

struct sample {
    const char *environment[VARIABLES_MAX][2]; /* up to the first without a name */
    const char *config, *credentials;
    const char *profile; /* of the target's section; NULL: "default", because nobody names one */
    const char *description;
    const char *error; /* part of the sentence; NULL: works */
};

/* Every variable that the chain looks at. */
static int clear_environment(void **state)
{
    static const char *const variables[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EC2_METADATA_DISABLED",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    return 0;
}

static void assert_sample(const struct sample *sample)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *description = NULL;
    CLEANUP(freep) char *error = NULL;
    AwsChain chain = {.n = AWS_CHAIN_ROLES_MAX + 2};
    AwsChainQuery query;
    int r;

    assert_int_equal(clear_environment(NULL), 0);
    for (size_t i = 0; i < VARIABLES_MAX && sample->environment[i][0]; i++)
        assert_int_equal(setenv(sample->environment[i][0], sample->environment[i][1], 1), 0);
    assert_int_equal(aws_profiles_parse(sample->config, "config", sample->credentials,
                                        "credentials", &profiles, &error),
                     0);
    query = (AwsChainQuery){
        .profiles = profiles,
        .profile = sample->profile ? sample->profile : "default",
        .named = sample->profile != NULL,
        .explicit = sample->profile != NULL,
    };
    r = aws_chain_choose(&query, &chain, &description, &error);
    if (sample->error) {
        assert_int_equal(r, -EINVAL);
        assert_int_equal(chain.n, AWS_CHAIN_ROLES_MAX + 2);
        if (!strstr(error, sample->error))
            fail_msg("\"%s\" does not say \"%s\"", error, sample->error);
        return;
    }
    if (error)
        fail_msg("%s", error);
    assert_int_equal(r, 0);
    assert_int_equal(chain.n == 0, sample->description == NULL);
    if (sample->description)
        assert_string_equal(description, sample->description);
    else
        assert_null(description);
}

static void assert_samples(const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_sample(&samples[i]);
}
#define ASSERT_SAMPLES(samples) assert_samples(samples, sizeof(samples) / sizeof(*(samples)))

#define KEYS "aws_access_key_id = AKID\naws_secret_access_key = SECRET\n"
#define ROLE "role_arn = arn:aws:iam::1:role/r\n"

static void test_source_of_credentials(void **state)
{
    const struct sample samples[] = {
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .credentials = "[default]\n" KEYS,
         .description = "environment"},
        {.environment = {{"AWS_ACCESS_KEY_ID", " "}},
         .credentials = "[default]\n" KEYS,
         .description = "profile default in credentials"},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}},
         .credentials = "[x]\n" KEYS,
         .profile = "x",
         .description = "profile x in credentials"},
        {.config = "[profile x]\n" KEYS, .profile = "x", .description = "profile x in config"},
        {.config = "[profile x]\ncredential_process = /bin/p\n" KEYS,
         .profile = "x",
         .description = "credential_process of profile x"},
        {.config = "[profile x]\ncredential_process = /bin/p\n",
         .credentials = "[x]\n" KEYS,
         .profile = "x",
         .description = "profile x in credentials"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n",
         .credentials = "[y]\n" KEYS,
         .profile = "x",
         .description = "role arn:aws:iam::1:role/r of profile x"},
        {.config = "[profile x]\nrole_arn = f\xFC\nsource_profile = x\n" KEYS,
         .profile = "x",
         .description = "role f\xEF\xBF\xBD of profile x"},
        {.config = "[profile x]\n" ROLE "web_identity_token_file = /t\n",
         .profile = "x",
         .description = "web identity of profile x"},
        {.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}},
         .config = "[default]\n" ROLE "web_identity_token_file = /u\n",
         .description = "web identity of the environment"},
        {.environment = {{"AWS_ROLE_ARN", "r"}},
         .config = "[default]\nweb_identity_token_file = /t\n",
         .description = "web identity of profile default"},
        {.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "r"}},
         .credentials = "[default]\n" KEYS,
         .description = "web identity of the environment"},
        {.environment = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c"}},
         .description = "container"},
        {.environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}},
         .config = "[profile x]\n",
         .profile = "x",
         .description = "container"},
        {.description = "EC2 instance metadata"},
        {.environment = {{"AWS_EC2_METADATA_DISABLED", "True"}}},
        /* A broken profile does no harm where it is not asked. */
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}},
         .config = "[default]\nsso_session = s\n",
         .description = "environment"},
        {.config = "[profile x]\nsso_session = s\n" KEYS,
         .profile = "x",
         .description = "profile x in config"},
    };

    (void)state;
    ASSERT_SAMPLES(samples);
}

static void test_roles_that_work(void **state)
{
    static const char expected[] = "role arn:aws:iam::1:role/r of profile x";
    const struct sample samples[] = {
        {.config = "[profile x]\n" ROLE "credential_source = Environment\n",
         .profile = "x",
         .description = expected},
        {.config = "[profile x]\n" ROLE "source_profile = x\n" KEYS,
         .profile = "x",
         .description = expected},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\n" ROLE
                   "source_profile = z\n[profile z]\ncredential_process = /bin/p\n",
         .profile = "x",
         .description = expected},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\n" ROLE
                   "web_identity_token_file = /t\n",
         .profile = "x",
         .description = expected},
    };

    (void)state;
    ASSERT_SAMPLES(samples);
}

static void test_profiles_that_cannot_work(void **state)
{
    const struct sample samples[] = {
        {.config = "[profile x]\n" ROLE "source_profile = y\nmfa_serial = m\n[profile y]\n" KEYS,
         .profile = "x",
         .error = "mfa_serial"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\n" ROLE
                   "credential_source = Environment\nmfa_serial = m\n",
         .profile = "x",
         .error = "profile y needs"},
        {.config = "[profile x]\n" ROLE "source_profile = y\ncredential_source = Environment\n",
         .profile = "x",
         .error = "both source_profile and credential_source"},
        {.config = "[profile x]\n" ROLE, .profile = "x", .error = "neither source_profile"},
        {.config = "[profile x]\n" ROLE "credential_source = Elsewhere\n",
         .profile = "x",
         .error = "credential_source is not one of"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n",
         .profile = "x",
         .error = "profile y"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n  z\x1b[31m\n",
         .profile = "x",
         .error = "profile y z\xEF\xBF\xBD[31m, the source_profile of x, is in none"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\nregion = a\n",
         .profile = "x",
         .error = "profile y, the source_profile of x, has no credentials"},
        {.config = "[profile x]\n" ROLE "source_profile = x\n",
         .profile = "x",
         .error = "in a cycle: x -> x"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\n" ROLE
                   "source_profile = z\n[profile z]\n" ROLE "source_profile = y\n",
         .profile = "x",
         .error = "in a cycle: y -> z -> y"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n" KEYS "[profile y]\n" ROLE
                   "source_profile = x\n",
         .profile = "x",
         .error = "in a cycle: x -> y -> x"},
        {.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}, .error = "AWS_ROLE_ARN is not"},
        {.config = "[profile x]\nweb_identity_token_file = /t\n",
         .profile = "x",
         .error = "profile x has a web_identity_token_file, but no role_arn"},
        {.environment = {{"AWS_ROLE_ARN", "r"}},
         .config =
             "[profile x]\n" ROLE "source_profile = y\n[profile y]\nweb_identity_token_file = /t\n",
         .profile = "x",
         .error = "profile y has a web_identity_token_file, but no role_arn"},
        {.config = "[profile x]\n" ROLE "source_profile = x\nduration_seconds = 899\n" KEYS,
         .profile = "x",
         .error = "duration_seconds of profile x is not a number from 900 to 43200"},
        {.config = "[profile x]\n" ROLE "source_profile = x\nduration_seconds = 1h\n" KEYS,
         .profile = "x",
         .error = "duration_seconds of profile x is not a number"},
        {.config = "[profile y]\n", .profile = "x", .error = "profile x is in none"},
        {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}}, .profile = "x", .error = "profile x"},
        {.config = "[profile x]\nsso_session = s\n", .profile = "x", .error = "browser"},
        {.config = "[profile x]\nsso_start_url = s\n", .profile = "x", .error = "browser"},
        {.config = "[profile x]\nsso_account_id = 1\n", .profile = "x", .error = "browser"},
        {.config = "[profile x]\nsso_role_name = r\n", .profile = "x", .error = "browser"},
        {.config = "[profile x]\nlogin_session = s\n", .profile = "x", .error = "browser"},
        {.config = "[profile x]\n" ROLE "source_profile = y\n[profile y]\nsso_session = s\n",
         .profile = "x",
         .error = "profile y signs in"},
    };

    (void)state;
    ASSERT_SAMPLES(samples);
}

static void test_longest_chain_of_roles(void **state)
{
    char config[4096];
    size_t length = 0;

    (void)state;
    for (unsigned i = 0; i < 17; i++)
        length += (size_t)snprintf(config + length, sizeof(config) - length,
                                   "[profile p%u]\n" ROLE "source_profile = p%u\n", i, i + 1);
    snprintf(config + length, sizeof(config) - length, "[profile p17]\n" KEYS);

    assert_sample(&(struct sample){.config = config,
                                   .profile = "p1",
                                   .description = "role arn:aws:iam::1:role/r of profile p1"});
    assert_sample(
        &(struct sample){.config = config, .profile = "p0", .error = "more than 16 roles"});
}

/* What was told, line by line. */
static void on_looked(const char *source, bool taken, const char *why, void *userdata)
{
    char *told = userdata;
    size_t length = strlen(told);

    snprintf(told + length, 2048 - length, "%s%s: %s\n", taken ? "* " : "", source, why);
}

static void test_explanation(void **state)
{
    static const struct {
        const char *variable, *config;
        bool explicit;
        const char *told;
    } samples[] = {
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "[profile x]\nregion = a\n", false,
         "environment: AWS_ACCESS_KEY_ID is not set\n"
         "role of the profile: profile x has no role_arn\n"
         "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set, and profile x has no "
         "web_identity_token_file\n"
         "shared credentials file: profile x has no aws_access_key_id there\n"
         "credential_process: profile x has no credential_process\n"
         "config file: profile x has no aws_access_key_id there\n"
         "sign-in at a browser: profile x has no sso_* and no login_session\n"
         "* container: container\n"},
        {"AWS_ACCESS_KEY_ID", "[profile x]\ncredential_process = 5ecr3t\n", true,
         "environment: the target names profile x, which comes before the environment\n"
         "role of the profile: profile x has no role_arn\n"
         "web identity: profile x has no web_identity_token_file\n"
         "shared credentials file: profile x has no aws_access_key_id there\n"
         "* credential_process: credential_process of profile x\n"},
        {"AWS_SESSION_TOKEN", "[profile x]\n" ROLE, false,
         "environment: AWS_ACCESS_KEY_ID is not set\n"
         "role of the profile: profile x has neither source_profile nor credential_source; its "
         "role_arn needs exactly one of them\n"},
        {"AWS_SESSION_TOKEN", "[profile y]\n", false,
         "profile: profile x is in none of the shared files\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
        CLEANUP(freep) char *error = NULL;
        char told[2048] = "";
        AwsChainQuery query;

        assert_int_equal(clear_environment(NULL), 0);
        assert_int_equal(setenv(samples[i].variable, "value", 1), 0);
        assert_int_equal(
            aws_profiles_parse(samples[i].config, "config", NULL, NULL, &profiles, &error), 0);
        query = (AwsChainQuery){
            .profiles = profiles,
            .profile = "x",
            .named = true,
            .explicit = samples[i].explicit,
        };
        assert_int_equal(aws_chain_explain(&query, on_looked, told), 0);
        assert_string_equal(told, samples[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_of_credentials),
        cmocka_unit_test(test_roles_that_work),
        cmocka_unit_test(test_profiles_that_cannot_work),
        cmocka_unit_test(test_longest_chain_of_roles),
        cmocka_unit_test(test_explanation),
    };

    return cmocka_run_group_tests_name("chain", tests, NULL, clear_environment);
}
