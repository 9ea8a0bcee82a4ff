/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation or descriptor is missing, a configuration is loaded whole or not at all, and
 * shown whole or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "daemon/config/config.h"
#include "tests/unit/config-world.h"
#include "tests/unit/every-call.h"

static char untouched[] = "untouched";

static void write_world(void)
{
    setenv("AWS_CONFIG_FILE", "aws", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "keys", 1);
    write_file("aws", "[profile role]\n"
                      "role_arn = arn:aws:iam::123456789012:role/one\n"
                      "source_profile = base\n"
                      "region = eu-central-1\n"
                      "services = local\n"
                      "use_fips_endpoint = false\n"
                      "max_attempts = 7\n"
                      "nonsense key = 1\n"
                      "long = one\n"
                      "  two\n"
                      "nested =\n"
                      "  one = 1\n"
                      "  two = 2\n"
                      "[profile base]\n"
                      "credential_process = /bin/echo one \"two words\"\n"
                      "[profile env]\n"
                      "role_arn = arn:aws:iam::123456789012:role/two\n"
                      "credential_source = Environment\n"
                      "[services local]\n"
                      "cloudtrail =\n"
                      "  endpoint_url = http://127.0.0.1:4000\n"
                      "[profile two words]\n");
    write_file("keys", "[plain]\n"
                       "aws_access_key_id = AKIDEXAMPLE\n"
                       "aws_secret_access_key = a-secret-of-the-test\n");
    write_file(CONF, "[daemon]\n"
                     "operators = root @wheel\n"
                     "max-message = 128K\n"
                     "keep-finished = 1d\n"
                     "[polling]\n"
                     "growth = 2\n"
                     "[target a]\n"
                     "profile = role\n"
                     "role-arn = arn:aws:iam::123456789012:role/three\n"
                     "external-id = x\n"
                     "operators = @wheel audit\n"
                     "[target b]\n"
                     "profile = plain\n"
                     "use-dualstack-endpoint = true\n"
                     "[target c]\n"
                     "profile = env\n"
                     "[target d]\n"
                     "sts-endpoint-url = http://127.0.0.1:4001\n");
    write_file(DROP_IN("1.conf"),
               "[guard g]\n"
               "targets = a, b\n"
               "older-than = 1h\n"
               "source = s3://*\n"
               "[queue q]\n"
               "url = https://sqs.eu-west-1.amazonaws.com/123456789012/requests\n"
               "outcome-url = https://sqs.eu-west-2.amazonaws.com/123456789012/outcomes\n"
               "[queue r]\n"
               "url = https://sqs.eu-west-1.amazonaws.com/123456789012/more\n"
               "targets = c\n"
               "[notify n]\n"
               "event-bus = arn:aws:events:eu-west-1:123456789012:event-bus/ours\n"
               "[notify m]\n"
               "queue-url = https://sqs.eu-west-1.amazonaws.com/123456789012/ends\n");
}

typedef struct Shown {
    Config *config;
    char *whole;
} Shown;

static bool show(void *data)
{
    const Shown *shown = data;
    CLEANUP(json_object_putp) json_object *json = config_to_json(shown->config, true);
    const char *text = json ? json_text(json, NULL) : NULL;

    if (text)
        assert_string_equal(text, shown->whole);
    return text;
}

static bool load(void *data)
{
    Shown shown = {.config = (Config *)untouched, .whole = data};
    CLEANUP(freep) char *error = NULL;
    int r = config_load(CONF, NULL, note_warning, &shown.config, &error);

    if (r < 0) {
        assert_ptr_equal(shown.config, untouched);
        assert_true(error || r == -ENOMEM);
        return false;
    }
    assert_null(error);
    faults_end(FAULT_MEMORY);
    assert_true(show(&shown));
    config_free(shown.config);
    return true;
}

static void test_loading_and_showing(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(json_object_putp) json_object *json = NULL;
    Shown shown;

    (void)state;
    write_world();
    shown.config = config = expect_loaded();
    json = config_to_json(config, true);
    assert_non_null(json);
    assert_int_equal(string_copy(json_text(json, NULL), &shown.whole), 0);
    every_allocation(show, &shown);
    every_allocation(load, shown.whole);
    free(shown.whole);
}

/* What is wrong is said whole, or not at all. */
static bool refuse(void *data)
{
    const char *sentence = data;
    Config *config = (Config *)untouched;
    CLEANUP(freep) char *error = NULL;
    int r = config_load(CONF, NULL, note_warning, &config, &error);

    assert_true(r < 0);
    assert_ptr_equal(config, untouched);
    if (!error)
        assert_int_equal(r, -ENOMEM);
    else if (r == -EINVAL)
        assert_string_equal(error, sentence);
    return r == -EINVAL;
}

static void test_refusing(void **state)
{
    static const char *const cases[] = {
        "[target a]\nendpoint-url = http://example.com\n",
        "[target a]\nprofile = nobody\n",
        "[target a/b]\n",
        "[daemon]\nmax-message = 1\n",
        "[daemon]\nlog-level = loud\n",
        "[polling]\nfirst = 10s\nlongest = 1s\n",
        "[target a]\nprofile = a\n",
        "[guard g]\ntargets = nobody\nmin-events = 1\n",
        "[guard g]\nservice = logs\nmin-events = 1\n",
        "[queue q]\nurl = nonsense\n",
        "[queue q]\nurl = https://sqs.eu-west-1.amazonaws.com/1/a\n"
        "outcome-url = https://sqs.eu-west-1.amazonaws.com/1/a\n",
        "[queue q]\nurl = https://sqs.eu-west-1.amazonaws.com/1/a\n"
        "[queue r]\nurl = https://sqs.eu-west-1.amazonaws.com/1/a\n",
        "[notify n]\nevent-bus = arn:aws:nonsense\n",
        "no line\n",
        "[target b]\nprofile = many\n",
    };

    (void)state;
    setenv("AWS_CONFIG_FILE", "aws", 1);
    write_file("aws", "[profile a]\n"
                      "role_arn = arn:aws:iam::123456789012:role/a\n"
                      "source_profile = b\n"
                      "[profile b]\n"
                      "role_arn = arn:aws:iam::123456789012:role/b\n"
                      "source_profile = a\n"
                      "[profile many]\n"
                      "max_attempts = 99\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(freep) char *sentence = NULL;
        Config *config;

        write_file(CONF, cases[i]);
        if (config_load(CONF, NULL, note_warning, &config, &sentence) != -EINVAL)
            fail_msg("taken: %s", cases[i]);
        every_allocation(refuse, sentence);
    }
}

/* Where credentials cannot come from is found, or that there is no memory to look. */
static bool check(void *data)
{
    CLEANUP(freep) char *error = NULL;
    int r = config_check_accounts(data, &error);

    if (r == -ENOMEM)
        return false;
    assert_int_equal(r, -EINVAL);
    assert_non_null(error);
    return true;
}

static void test_checking_accounts(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    setenv("AWS_CONFIG_FILE", "aws", 1);
    write_file("aws", "[profile a]\ncredential_process = \"unclosed\n");
    write_file(CONF, "[target a]\nprofile = a\n");
    config = expect_loaded();
    every_allocation(check, config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_loading_and_showing),
        TEST(test_refusing),
        TEST(test_checking_accounts),
    };

    return cmocka_run_group_tests_name("config-memory", tests, NULL, NULL);
}
