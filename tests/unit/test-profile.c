/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/profile.h: the samples follow the parser test suite that the AWS SDKs share.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/credentials/shared-files.h"

#define ROWS_MAX 8U

/* What a profile's key must be (value NULL: absent). Without a key: that the profile is there or
 * not. */
struct row {
    const char *profile, *key, *value;
};

struct sample {
    const char *config, *credentials;
    struct row rows[ROWS_MAX]; /* up to the first without a profile */
};

static const struct sample suite[] = {
    {"", NULL, {}},
    {"[profile some-thing:long/the_one%only.foo@bar+]\n[profile foo!bar]",
     NULL,
     {{"some-thing:long/the_one%only.foo@bar+", NULL, ""}, {"foo!bar", NULL, NULL}}},
    {"[profile \tfoo \t]", NULL, {{"foo", NULL, ""}}},
    {"[profile foo]\r\nname = value", NULL, {{"foo", NULL, ""}, {"foo", "name", "value"}}},
    {"[profile foo]\nname = \xc3\xb0\xc5\xb8\xcb\x9c\xe2\x80\x9a",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "\xc3\xb0\xc5\xb8\xcb\x9c\xe2\x80\x9a"}}},
    {"[profile foo]\nname = value\nname2 = value2",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value"}, {"foo", "name2", "value2"}}},
    {"[profile foo]\nname =", NULL, {{"foo", NULL, ""}, {"foo", "name", ""}}},
    {"[profile foo]\nname = value\n[profile bar]\nname2 = value2",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value"}, {"bar", NULL, ""}, {"bar", "name2", "value2"}}},
    {"# Comment\n[profile foo] # Comment\nname = value # Comment with # sign",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value"}}},
    {"# Comment\n[profile foo] ; Comment\nname = value # Comment with ; sign",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value"}}},
    {"[profile foo]; Adjacent semicolons\n[profile bar]# Adjacent pound signs",
     NULL,
     {{"foo", NULL, ""}, {"bar", NULL, ""}}},
    {"[profile foo]\nname = value\n -continued",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value\n-continued"}}},
    {"[profile foo]\nname = value\n \t -continued \t ",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value\n-continued"}}},
    {"[profile foo]\nname = value\n -continued ; Comment",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value\n-continued ; Comment"}}},
    {"[profile foo]\nname = value\n[profile foo]\nname2 = value2",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value"}, {"foo", "name2", "value2"}}},
    {"[profile foo]\nname = value\n[profile foo]\nname = value2",
     NULL,
     {{"foo", NULL, ""}, {"foo", "name", "value2"}}},
    {"[profile default]\nname = value\n[default]\nname2 = value2",
     NULL,
     {{"default", NULL, ""}, {"default", "name", "value"}, {"default", "name2", NULL}}},
    {"[profile in valid]\nname = value",
     "[in valid 2]\nname2 = value2",
     {{"in valid", NULL, NULL}, {"in valid 2", NULL, NULL}, {"valid 2", NULL, NULL}}},
    {"[profile ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_]",
     NULL,
     {{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", NULL, ""}}},
    {"[profile foo]\ns3 =\n name = value",
     NULL,
     {{"foo", NULL, ""}, {"foo", "s3", "\nname = value"}}},
    {"[profile foo]\ns3 =\n name =", NULL, {{"foo", NULL, ""}, {"foo", "s3", "\nname ="}}},
    {"[profile foo]\ns3 =\n in valid = value",
     NULL,
     {{"foo", NULL, ""}, {"foo", "s3", "\nin valid = value"}}},
    {"[profile foo]\nname = value",
     "[foo]\nname2 = value2",
     {{"foo", NULL, ""}, {"foo", "name", "value"}, {"foo", "name2", "value2"}}},
    {"[profile default]\nname = value\n[default]\nname2 = value2\n[profile default]\nname3 = "
     "value3",
     "[default]\nsecret=foo",
     {{"default", NULL, ""},
      {"default", "name", "value"},
      {"default", "name3", "value3"},
      {"default", "secret", "foo"},
      {"default", "name2", NULL}}},
    {"[foo]\nname = value", NULL, {{"foo", NULL, NULL}}},
    {"[profile foo]; semicolon\n[profile bar]# pound",
     NULL,
     {{"foo", NULL, ""}, {"bar", NULL, ""}}},
    {"[profilefoo]\nname = value\n[profile bar]",
     NULL,
     {{"bar", NULL, ""}, {"bar", "name", NULL}, {"profilefoo", NULL, NULL}, {"foo", NULL, NULL}}},
    {NULL,
     "[   foo    ]\nname = value\n[profile bar]",
     {{"foo", NULL, ""}, {"foo", "name", "value"}, {"bar", NULL, NULL}}},
    {"[sso-session foo]\nname = value\n[profile bar]",
     NULL,
     {{"bar", NULL, ""},
      {"bar", "name", NULL},
      {"sso-session foo", NULL, NULL},
      {"foo", NULL, NULL}}},
    {"[sso-sesion foo]\nname = value\n[profile bar]",
     NULL,
     {{"bar", NULL, ""},
      {"bar", "name", NULL},
      {"sso-sesion foo", NULL, NULL},
      {"foo", NULL, NULL}}},
};

/* What the suite leaves open, and the rules that only come out in combination. */
static const struct sample more[] = {
    {"[profile\tfoo]\nA.B/C%D@E:F+G_H-1 = x", NULL, {{"foo", "a.b/c%d@e:f+g_h-1", "x"}}},
    {"[profile foo]\nName = value\nNAME = last", NULL, {{"foo", "name", "last"}}},
    {"[profile foo]\nname \t=  \tval=ue \t", NULL, {{"foo", "name", "val=ue"}}},
    {"[profile foo]\nname = value; in it\nname2 = value# in it",
     NULL,
     {{"foo", "name", "value; in it"}, {"foo", "name2", "value# in it"}}},
    {"[profile foo]\nname = #", NULL, {{"foo", "name", ""}}},
    {"\t \n[profile foo]\n\t\n \nname = value\n\t \n more", NULL, {{"foo", "name", "value\nmore"}}},
    {"[profile foo]\nname = value\n -one\n# comment\n -two",
     NULL,
     {{"foo", "name", "value\n-one\n-two"}}},
    {"[profile foo]\nin valid = value\n more\nname = value",
     NULL,
     {{"foo", "in valid", NULL}, {"foo", "name", "value"}}},
    {"[default]\na = 1\n[profile default]\nb = 2",
     NULL,
     {{"default", "a", NULL}, {"default", "b", "2"}}},
    {"[default]\na = 1\n[default]\nb = 2", NULL, {{"default", "a", "1"}, {"default", "b", "2"}}},
    {"[profile default]\na = 1", "[default]\na = 2\nb = 2", {{"default", "a", "2"}}},
    {"[profile]\na = 1\n[profile ]\na = 1", NULL, {{"profile", NULL, NULL}, {"", NULL, NULL}}},
    {NULL, "[profile foo]\na = 1", {{"foo", NULL, NULL}, {"profile foo", NULL, NULL}}},
    {NULL, "[sso-session foo]\na = 1", {{"foo", NULL, NULL}}},
    {"[profile foo]\na = 1\nb = 1",
     "[foo]\nB = 2\nc = 2",
     {{"foo", "a", "1"}, {"foo", "b", "2"}, {"foo", "c", "2"}}},
    {"[profile foo]\ns3 =\n max = 1 ; comment\n\n Min=2\n in valid = 3",
     NULL,
     {{"foo", "s3.max", "1"},
      {"foo", "s3.min", "2"},
      {"foo", "s3.in valid", NULL},
      {"foo", "max", NULL},
      {"foo", "s3", "\nmax = 1 ; comment\nMin=2\nin valid = 3"}}},
    {"[profile foo]\ns3 =\n max = 1\n min = 1\ns3 =\n max = 2",
     NULL,
     {{"foo", "s3.max", "2"}, {"foo", "s3.min", NULL}}},
    {"[profile foo]\ns3 =\n max = 1\ns3x =\n max = 3\ns3 = flat",
     NULL,
     {{"foo", "s3", "flat"}, {"foo", "s3.max", NULL}, {"foo", "s3x.max", "3"}}},
    {"[profile foo]\nname = value\n key = more", NULL, {{"foo", "name.key", NULL}}},
    {"[profile \"foo\"]\na = 1\n[profile\t'bar' ] # c\na = 2",
     NULL,
     {{"foo", "a", "1"}, {"bar", "a", "2"}, {"\"foo\"", NULL, NULL}}},
    {"[profile \"foo\"]\na = 1\n[profile foo]\nb = 2",
     "[foo]\nc = 3",
     {{"foo", "a", "1"}, {"foo", "b", "2"}, {"foo", "c", "3"}}},
    {"[default]\na = 1\n[profile \"default\"]\nb = 2",
     NULL,
     {{"default", "a", NULL}, {"default", "b", "2"}}},
    {"[profile \"in valid\"]\n[profile \"foo]\n[profile \"foo']\n[profile \"\"]\n[profile \"]",
     NULL,
     {{"in valid", NULL, NULL}, {"foo", NULL, NULL}, {"", NULL, NULL}, {"\"", NULL, NULL}}},
    {"[default]\nregion = us-west-2\n  # eu-west-1 is slower\noutput = json",
     NULL,
     {{"default", "region", "us-west-2"}, {"default", "output", "json"}}},
    {"[default]\nregion = us-west-2\ns3 =\n  # speed things up\n  max_concurrent_requests = 20",
     NULL,
     {{"default", "s3.max_concurrent_requests", "20"},
      {"default", "s3", "\nmax_concurrent_requests = 20"}}},
    {"\xEF\xBB\xBF[default]\na = 1",
     "\xEF\xBB\xBF[default]\nb = 2",
     {{"default", "a", "1"}, {"default", "b", "2"}}},
};

static void assert_row(const AwsProfiles *profiles, const struct row *row)
{
    const char *value;

    if (!row->key) {
        assert_int_equal(aws_profiles_has(profiles, row->profile), row->value != NULL);
        return;
    }
    value = aws_profiles_get(profiles, row->profile, row->key);
    if (row->value) {
        assert_non_null(value);
        assert_string_equal(value, row->value);
    } else {
        assert_null(value);
        assert_null(aws_profiles_file(profiles, row->profile, row->key));
    }
}

static void assert_samples(const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(aws_profiles_parse(samples[i].config, "config", samples[i].credentials,
                                            "credentials", &profiles, &error),
                         0);
        assert_null(error);
        for (const struct row *row = samples[i].rows; row->profile; row++)
            assert_row(profiles, row);
    }
}

static void test_suite(void **state)
{
    (void)state;
    assert_samples(suite, sizeof(suite) / sizeof(*suite));
}

static void test_grammar(void **state)
{
    (void)state;
    assert_samples(more, sizeof(more) / sizeof(*more));
}

static void test_errors(void **state)
{
    static const struct {
        const char *config, *credentials, *where;
    } samples[] = {
        {"name = value", NULL, "config:1: "},
        {" -continued", NULL, "config:1: "},
        {"[profile foo]\nkey : value", NULL, "config:2: "},
        {"[profile foo]\n -continued", NULL, "config:2: "},
        {"[profile foo]\nname = value\n[profile foo]\n -continued", NULL, "config:4: "},
        {"[profile foo\nname = value", NULL, "config:1: "},
        {"\n[profile foo] bar\n", NULL, "config:2: "},
        {"[profile foo]\n= value", NULL, "config:2: "},
        {"[profile foo]\n# comment\r\n\r\nsecret", NULL, "config:4: "},
        {"[profile foo]\ns3 =\n secret", NULL, "config:3: "},
        {"[profile foo]\ns3 =\n = secret", NULL, "config:3: "},
        {"[passed over]\nsecret", NULL, "config:2: "},
        {"", "[default]\nsecret", "credentials:2: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        AwsProfiles *profiles = NULL;
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(aws_profiles_parse(samples[i].config, "config", samples[i].credentials,
                                            "credentials", &profiles, &error),
                         -EINVAL);
        assert_null(profiles);
        assert_int_equal(strncmp(error, samples[i].where, strlen(samples[i].where)), 0);
        assert_null(strstr(error, "secret"));
    }
}

static void test_warnings(void **state)
{
    static const char config[] = "[foo]\n[profile in valid]\n[profile ok]\nin valid = x\ns3 =\n"
                                 " in valid = x\n[profile]\n";
    static const unsigned lines[] = {1, 2, 4, 6, 7};
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;
    size_t n = 0;

    (void)state;
    assert_int_equal(
        aws_profiles_parse(config, "config", "[profile x]\n", "credentials", &profiles, &error), 0);
    for (; n < sizeof(lines) / sizeof(*lines); n++) {
        char where[32];
        snprintf(where, sizeof(where), "config:%u: ", lines[n]);
        assert_non_null(aws_profiles_warning(profiles, n));
        assert_int_equal(strncmp(aws_profiles_warning(profiles, n), where, strlen(where)), 0);
    }
    assert_int_equal(strncmp(aws_profiles_warning(profiles, n++), "credentials:1: ", 15), 0);
    assert_null(aws_profiles_warning(profiles, n));
}

static void test_sections_for_other_programs_cause_no_warning(void **state)
{
    static const char config[] = "[sso-session corp]\nsso_region = us-east-1\n"
                                 "[services mine]\nsts =\n  endpoint_url = https://a\n"
                                 "[plugins]\ncli_legacy_plugin_path = /x\n"
                                 "[preview]\ncloudfront = true\n"
                                 "[sso-session \"corp\"]\n[default]\nregion = us-west-2\n";
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;

    (void)state;
    assert_int_equal(aws_profiles_parse(config, "config", NULL, NULL, &profiles, &error), 0);
    assert_null(aws_profiles_warning(profiles, 0));
    assert_string_equal(aws_profiles_get(profiles, "default", "region"), "us-west-2");
    assert_null(aws_profiles_get(profiles, "default", "sso_region"));
}

static void test_warnings_are_bounded(void **state)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;
    char config[3000] = "";
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i + strlen("[a b]\n") < sizeof(config); i += strlen("[a b]\n"))
        memcpy(config + i, "[a b]\n", sizeof("[a b]\n"));
    assert_int_equal(aws_profiles_parse(config, "config", NULL, NULL, &profiles, &error), 0);
    while (aws_profiles_warning(profiles, n))
        n++;
    assert_int_equal(n, AWS_PROFILES_WARNINGS_MAX);
    assert_non_null(strstr(aws_profiles_warning(profiles, n - 1), "and more"));
}

/* A text of so many lines, and whether it can be read. */
static void assert_many(const char *head, const char *format, unsigned n, bool good)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;
    size_t capacity = strlen(head) + n * 32U + 1, size;
    CLEANUP(freep) char *text = malloc(capacity);

    assert_non_null(text);
    size = (size_t)snprintf(text, capacity, "%s", head);
    for (unsigned i = 0; i < n; i++)
        size += (size_t)snprintf(text + size, capacity - size, "%s%u%s", format, i,
                                 *format == '[' ? "]\n" : " =\n");
    assert_int_equal(aws_profiles_parse(text, "config", NULL, NULL, &profiles, &error),
                     good ? 0 : -EINVAL);
    if (!good)
        assert_non_null(strstr(error, "more than"));
}

static void test_sections_and_keys_are_bounded(void **state)
{
    (void)state;
    assert_many("", "[profile p", AWS_PROFILES_SECTIONS_MAX, true);
    assert_many("", "[profile p", AWS_PROFILES_SECTIONS_MAX + 1, false);
    assert_many("[profile p]\n", "k", AWS_PROFILES_KEYS_MAX, true);
    assert_many("[profile p]\n", "k", AWS_PROFILES_KEYS_MAX + 1, false);
    assert_many("[profile p]\nk =\n", " n", AWS_PROFILES_KEYS_MAX - 1, true);
    assert_many("[profile p]\nk =\n", " n", AWS_PROFILES_KEYS_MAX, false);
    assert_many("[profile p]\nk = v\n", " n", 200000, true); /* one long value */
}

static void test_services(void **state)
{
    static const char config[] = "[services mine]\ncloudtrail =\n  endpoint_url = https://a\n"
                                 "[profile mine]\nservices = mine\n";
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;

    (void)state;
    assert_int_equal(aws_profiles_parse(config, "config", "[services other]\na = 1\n",
                                        "credentials", &profiles, &error),
                     0);
    assert_true(aws_profiles_has_services(profiles, "mine"));
    assert_false(aws_profiles_has_services(profiles, "other"));
    assert_string_equal(aws_profiles_get_service(profiles, "mine", "cloudtrail.endpoint_url"),
                        "https://a");
    assert_null(aws_profiles_get_service(profiles, "mine", "sts.endpoint_url"));
    assert_null(aws_profiles_get_service(profiles, "other", "a"));
    assert_null(aws_profiles_get(profiles, "mine", "cloudtrail.endpoint_url"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_sections_for_other_programs_cause_no_warning),
        cmocka_unit_test(test_warnings_are_bounded),
        cmocka_unit_test(test_sections_and_keys_are_bounded),
        cmocka_unit_test(test_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
