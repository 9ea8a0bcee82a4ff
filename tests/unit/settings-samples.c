/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/settings-samples.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"

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

int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    return 0;
}

static void assert_sample(const struct sample *sample, Look *look)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(aws_settings_unrefp) AwsSettings *settings = NULL;
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

void assert_samples(const struct sample *samples, size_t n, Look *look)
{
    for (size_t i = 0; i < n; i++)
        assert_sample(&samples[i], look);
}
#define ASSERT_SAMPLES(samples, look)                                                              \
    assert_samples(samples, sizeof(samples) / sizeof(*(samples)), look)

const char *trouble(const AwsSettings *settings)
{
    static char text[512];
    const AwsTrouble *seen = &settings->trouble;

    snprintf(text, sizeof(text), "%s:%u: %s", seen->file ? seen->file : "", seen->line,
             seen->sentence ? seen->sentence : "");
    return text;
}
