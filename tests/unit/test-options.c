/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options: what each takes, at both ends of its range, and that conf/trailstopd.conf
 * shows it as it is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/names.h"
#include "daemon/config/config.h"
#include "daemon/config/option-value.h"

static const char *const help_texts[] = {
#define OPTION(section, key, object, member, type, minimum, maximum, default_text, reloadable,     \
               help)                                                                               \
    help,
#include "daemon/config/options.def"
#undef OPTION
};

/* Something to set options of any section in. */
typedef union Object {
    Config config;
    TargetConfig target;
    GuardConfig guard;
    QueueConfig queue;
    NotifyConfig notify;
} Object;

static void expect_taken(const char *section, const char *key, const char *text, const char *json)
{
    const Option *option = option_find(section, key);
    CLEANUP(json_object_putp) json_object *value = NULL;
    CLEANUP(freep) char *error = NULL;
    Object object = {0};

    assert_non_null(option);
    assert_int_equal(option_set_default(option, &object), 0);
    if (option_set(option, &object, text, &error) < 0)
        fail_msg("%s: %s", key, error);
    assert_int_equal(option_to_json(option, &object, &value), 1);
    assert_string_equal(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE),
                        json);
    option_clear(option, &object);
}

/* Refused, and the value is what it was. */
static void expect_refused(const char *section, const char *key, const char *text,
                           const char *sentence)
{
    const Option *option = option_find(section, key);
    CLEANUP(json_object_putp) json_object *before = NULL;
    CLEANUP(json_object_putp) json_object *after = NULL;
    CLEANUP(freep) char *error = NULL;
    Object object = {0};

    assert_non_null(option);
    assert_int_equal(option_set_default(option, &object), 0);
    assert_true(option_to_json(option, &object, &before) >= 0);
    if (option_set(option, &object, text, &error) != -EINVAL)
        fail_msg("%s took \"%s\"", key, text);
    assert_string_equal(error, sentence);
    assert_true(option_to_json(option, &object, &after) >= 0);
    assert_true(json_object_equal(before, after));
    option_clear(option, &object);
}

static void test_ranges(void **state)
{
    static const struct {
        const char *section, *key;
        const char *lowest, *lowest_json, *too_low;
        const char *highest, *highest_json, *too_high;
        const char *takes;
    } ranges[] = {
        {"daemon", "max-clients", "1", "1", "0", "4294967295", "4294967295", "4294967296",
         "a whole number from 1 to 4294967295"},
        {"daemon", "max-clients-per-user", "1", "1", "0", "4294967295", "4294967295", "4294967296",
         "a whole number from 1 to 4294967295"},
        {"daemon", "max-jobs", "1", "1", "0", "4294967295", "4294967295", "4294967296",
         "a whole number from 1 to 4294967295"},
        {"daemon", "max-message", "4K", "4096", "4095", "16M", "16777216", "16777217",
         "a size from 4K to 16M"},
        {"daemon", "keep-finished", "0", "0", "-1s", "100y", "3155760000", "101y",
         "a time span from 0 to 100y"},
        {"calls", "connect-timeout", "100ms", "0.1", "99999us", "10min", "600", "601s",
         "a time span from 100ms to 10min"},
        {"calls", "timeout", "100ms", "0.1", "99ms", "10min", "600", "10min 1us",
         "a time span from 100ms to 10min"},
        {"calls", "max-attempts", "1", "1", "0", "10", "10", "11", "a whole number from 1 to 10"},
        {"calls", "max-connections", "1", "1", "0", "1024", "1024", "1025",
         "a whole number from 1 to 1024"},
        {"polling", "first", "10ms", "0.01", "9ms", "1d", "86400", "86401s",
         "a time span from 10ms to 1d"},
        {"polling", "longest", "10ms", "0.01", "9999us", "24h", "86400", "25h",
         "a time span from 10ms to 1d"},
        {"polling", "growth", "1", "1", "0.99", "10", "10", "10.01", "a number from 1 to 10"},
        {"polling", "timeout", "0", "0", "soon", "100y", "3155760000", "1200month 1d",
         "a time span from 0 to 100y"},
        {"polling", "settle", "0", "0", "soon", "1d", "86400", "25h", "a time span from 0 to 1d"},
        {"target", "duration", "15min", "900", "899s", "12h", "43200", "43201s",
         "a time span from 15min to 12h"},
        {"target", "stop-rate", "0.01", "0.01", "0.009", "1000", "1000", "1000.1",
         "a number from 0.01 to 1000"},
        {"target", "read-rate", "0.01", "0.01", "0", "1000.0", "1000", "1001",
         "a number from 0.01 to 1000"},
        {"guard", "every", "1min", "60", "59s", "1d", "86400", "86401s",
         "a time span from 1min to 1d"},
        {"guard", "older-than", "1s", "1", "0", "100y", "3155760000", "101y",
         "a time span from 1s to 100y"},
        {"guard", "min-failed-entries", "1", "1", "0", "1000000000000000", "1000000000000000",
         "1000000000000001", "a whole number from 1 to 1000000000000000"},
        {"guard", "min-events", "1", "1", "-1", "1000000000000000", "1000000000000000",
         "99999999999999999999999", "a whole number from 1 to 1000000000000000"},
        {"guard", "min-bytes", "1", "1", "0", "1000000G", "1073741824000000", "9007199254740993",
         "a size from 1 to 1000000G"},
        {"queue", "duration", "15min", "900", "899s", "12h", "43200", "43201s",
         "a time span from 15min to 12h"},
        {"queue", "visibility", "30s", "30", "29999ms", "12h", "43200", "43201s",
         "a time span from 30s to 12h"},
        {"queue", "wait-time", "0", "0", "-1s", "20s", "20", "20001ms",
         "a time span from 0 to 20s"},
        {"queue", "max-jobs", "1", "1", "0", "4294967295", "4294967295", "4294967296",
         "a whole number from 1 to 4294967295"},
        {"notify", "duration", "15min", "900", "899s", "12h", "43200", "43201s",
         "a time span from 15min to 12h"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        char sentence[160];

        expect_taken(ranges[i].section, ranges[i].key, ranges[i].lowest, ranges[i].lowest_json);
        expect_taken(ranges[i].section, ranges[i].key, ranges[i].highest, ranges[i].highest_json);
        snprintf(sentence, sizeof(sentence), "%s: \"%s\" is not %s", ranges[i].key,
                 ranges[i].too_low, ranges[i].takes);
        expect_refused(ranges[i].section, ranges[i].key, ranges[i].too_low, sentence);
        snprintf(sentence, sizeof(sentence), "%s: \"%s\" is not %s", ranges[i].key,
                 ranges[i].too_high, ranges[i].takes);
        expect_refused(ranges[i].section, ranges[i].key, ranges[i].too_high, sentence);
    }
}

static void test_every_range_is_tested(void **state)
{
    unsigned n = 0;

    (void)state;
    for (size_t i = 0; i < N_OPTIONS; i++)
        n += options[i].minimum != NULL;
    assert_int_equal(n, 27); /* as many as test_ranges() has rows */
}

static void test_numbers_are_read_strictly(void **state)
{
    static const char *const counts[] = {
        "4 096", "4k", "0x10", "1e3", "+1", "-1", "1.5", "99999999999999999999", "one", "1K", "1 "};
    static const char *const sizes[] = {"64k", "64KB", "K",           "1.5M",
                                        "-4K", "64 K", "9999999999G", "KK"};
    static const char *const reals[] = {"1e0", "nan",   "inf", "-1", "+1", ".5",
                                        "1,5", "1.2.3", "0x1", "1 ", "one"};
    char sentence[160];

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        snprintf(sentence, sizeof(sentence),
                 "max-attempts: \"%s\" is not a whole number from 1 to 10", counts[i]);
        expect_refused("calls", "max-attempts", counts[i], sentence);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        snprintf(sentence, sizeof(sentence), "max-message: \"%s\" is not a size from 4K to 16M",
                 sizes[i]);
        expect_refused("daemon", "max-message", sizes[i], sentence);
    }
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        snprintf(sentence, sizeof(sentence), "growth: \"%s\" is not a number from 1 to 10",
                 reals[i]);
        expect_refused("polling", "growth", reals[i], sentence);
    }
    expect_taken("daemon", "max-message", "1M", "1048576");
    expect_taken("daemon", "max-message", "5000", "5000");
    expect_taken("polling", "growth", "1.25", "1.25");
    expect_taken("polling", "longest", "1min 30.5s", "90.5");
    expect_taken("polling", "first", "2", "2");
}

static void test_words(void **state)
{
    static const char *const levels[] = {"emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug"};
    static const char *const yes[] = {"yes", "y", "true", "t", "on", "1", "True", "YES"};
    static const char *const no[] = {"no", "n", "false", "f", "off", "0", "False", "NO"};
    Object object = {0};
    CLEANUP(freep) char *error = NULL;

    (void)state;
    for (int i = LOG_EMERG; i <= LOG_DEBUG; i++) {
        char json[16];

        snprintf(json, sizeof(json), "\"%s\"", levels[i]);
        expect_taken("daemon", "log-level", levels[i], json);
        assert_int_equal(option_set(option_find("daemon", "log-level"), &object, levels[i], &error),
                         0);
        assert_int_equal(object.config.log_level, i);
    }
    expect_refused("daemon", "log-level", "verbose",
                   "log-level: \"verbose\" is not one of emerg, alert, crit, err, warning, notice, "
                   "info, debug");
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        expect_taken("target", "use-fips-endpoint", yes[i], "true");
        expect_taken("target", "use-dualstack-endpoint", no[i], "false");
    }
    expect_taken("guard", "action", "report", "\"report\"");
    expect_taken("guard", "action", "stop", "\"stop\"");
    expect_taken("guard", "service", "logs", "\"logs\"");
    expect_refused("guard", "action", "sto", "action: \"sto\" is not one of report, stop");
    expect_refused("guard", "action", "Stop", "action: \"Stop\" is not one of report, stop");
    expect_refused("guard", "service", "report|stop",
                   "service: \"report|stop\" is not one of cloudtrail, logs");
    expect_refused("target", "use-fips-endpoint", "2", "use-fips-endpoint: \"2\" is not yes or no");
}

static void test_lists(void **state)
{
    (void)state;
    expect_taken("daemon", "operators", "root", "[\"root\"]");
    expect_taken("daemon", "operators", "@trailstop, audit\t@wheel,",
                 "[\"@trailstop\",\"audit\",\"@wheel\"]");
    expect_taken("daemon", "operators", "a b c", "[\"a\",\"b\",\"c\"]");
    expect_taken("daemon", "operators", "", "[]");
    expect_taken("daemon", "operators", " , ", "[]");
    expect_taken("target", "operators", "audit @wheel", "[\"audit\",\"@wheel\"]");
    expect_taken("target", "operators", "", "[]");
    expect_refused("daemon", "operators", "audit @",
                   "operators: \"audit @\" is not a list of users and @groups");
}

static void test_paths(void **state)
{
    char path[128], sentence[256];

    (void)state;
    expect_taken("daemon", "socket", "/run/x", "\"/run/x\"");
    expect_refused("daemon", "socket", "run/x",
                   "socket: \"run/x\" is not an absolute path of at most 107 bytes");
    expect_refused("target", "ca-bundle", "ca.pem",
                   "ca-bundle: \"ca.pem\" is not an absolute path of at most 4000 bytes");

    /* sun_path of a struct sockaddr_un has room for 107 bytes and NUL. */
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[107] = '\0';
    snprintf(sentence, sizeof(sentence), "\"%s\"", path);
    expect_taken("daemon", "socket", path, sentence);
    path[107] = 'x';
    path[108] = '\0';
    snprintf(sentence, sizeof(sentence),
             "socket: \"%.80s...\" is not an absolute path of at most 107 bytes", path);
    expect_refused("daemon", "socket", path, sentence);
}

static void test_a_long_value_is_cut_between_characters(void **state)
{
    char text[128] = "", sentence[256];

    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(text, i == 0 ? "x" : "é"); /* byte 80 is inside a character */
    snprintf(sentence, sizeof(sentence),
             "socket: \"%.79s...\" is not an absolute path of at most 107 bytes", text);
    expect_refused("daemon", "socket", text, sentence);
}

static void test_urls(void **state)
{
    const Option *option = option_find("target", "endpoint-url");
    CLEANUP(freep) char *error = NULL;
    Object object = {0};

    (void)state;
    expect_taken("target", "endpoint-url", "https://trail.example", "\"https://trail.example\"");
    expect_taken("target", "sts-endpoint-url", "http://127.0.0.1:8080",
                 "\"http://127.0.0.1:8080\"");
    assert_int_equal(option_set(option, &object, "http://trail.example", &error), -EINVAL);
    assert_int_equal(strncmp(error, "endpoint-url: ", strlen("endpoint-url: ")), 0);
    assert_null(object.target.account.aws.endpoint_url);

    expect_taken("queue", "url", "https://sqs.eu-west-1.amazonaws.com/123456789012/stops",
                 "\"https://sqs.eu-west-1.amazonaws.com/123456789012/stops\"");
    expect_refused("queue", "url", "https://sqs.eu-west-1.amazonaws.com",
                   "url: a queue's url ends in its account and name; `aws sqs get-queue-url` "
                   "prints it");
    expect_refused("queue", "outcome-url", "arn:aws:sqs:eu-west-1:123456789012:stops",
                   "outcome-url: a queue's url has to be an https:// URL");
    expect_refused("notify", "queue-url", "http://sqs.example/1/q",
                   "queue-url: http:// is taken only for a loopback host; use https:// for "
                   "sqs.example");
}

static void test_empty_values(void **state)
{
    CLEANUP(freep) char *error = NULL;
    const Option *region;
    const Option *fips;
    const Option *duration;
    Object object;
    json_object *json;

    (void)state;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        char sentence[128];

        snprintf(sentence, sizeof(sentence), "%s: a value is missing", options[i].key);
        if (options[i].default_text && options[i].type != OPTION_LIST)
            expect_refused(options[i].section, options[i].key, "", sentence);
    }

    /* Where it may be left unset, an empty value takes back what was set before. */
    region = option_find("target", "region");
    fips = option_find("target", "use-fips-endpoint");
    duration = option_find("target", "duration");
    object = (Object){0};
    json = NULL;

    assert_int_equal(option_set(region, &object, "eu-west-1", &error), 0);
    assert_int_equal(option_set(region, &object, "", &error), 0);
    assert_null(object.target.account.aws.region);
    assert_int_equal(option_set(fips, &object, "no", &error), 0);
    assert_int_equal(option_set(fips, &object, "", &error), 0);
    assert_int_equal(object.target.account.aws.use_fips_endpoint, -1);
    assert_int_equal(option_set(duration, &object, "1h", &error), 0);
    assert_int_equal(option_set(duration, &object, "", &error), 0);
    assert_int_equal(object.target.account.aws.role.duration_usec, 0);
    assert_int_equal(option_to_json(duration, &object, &json), 0);
    assert_null(json);
}

static void test_suggestions(void **state)
{
    (void)state;
    assert_string_equal(option_suggest_key("daemon", "max-client"), "max-clients");
    assert_string_equal(option_suggest_key("target", "stoprate"), "stop-rate");
    assert_null(option_suggest_key("target", "max-clients"));
    assert_null(
        option_suggest_key("polling", "something-else-altogether-and-longer-than-names-are"));
    assert_string_equal(option_suggest_section("deamon"), "daemon");
    assert_string_equal(option_suggest_section("targets"), "target");
    assert_null(option_suggest_section("logging"));
}

/* Whether it would not be at its default if it lost one `#`: its section has two, or an empty list
 * is not an unset one. */
static bool is_commented_out_twice(const Option *option)
{
    return (option_is_of_named_section(option) && !option_is_of(option, OPTION_TARGET_SECTION)) ||
           (option->type == OPTION_LIST && !option->default_text);
}

/* One option as conf/trailstopd.conf has it: comment lines, then `#key = default`. */
static void expect_in_conf(FILE *conf, size_t i)
{
    char line[256], expected[256], comment[1024] = "", help[1024];

    while (fgets(line, sizeof(line), conf) && strncmp(line, "# ", 2) != 0)
        ;
    do {
        line[strcspn(line, "\n")] = '\0';
        snprintf(comment + strlen(comment), sizeof(comment) - strlen(comment), "%s%s",
                 *comment ? " " : "", line + 2);
    } while (fgets(line, sizeof(line), conf) && strncmp(line, "# ", 2) == 0);

    snprintf(help, sizeof(help), "%s", help_texts[i]);
    if (options[i].minimum)
        snprintf(help + strlen(help), sizeof(help) - strlen(help), " Range: %s to %s.",
                 options[i].minimum, options[i].maximum);
    assert_string_equal(comment, help);

    snprintf(expected, sizeof(expected), "%s%s =%s%s\n",
             is_commented_out_twice(&options[i]) ? "##" : "#", options[i].key,
             options[i].default_text ? " " : "",
             options[i].default_text ? options[i].default_text : "");
    assert_string_equal(line, expected);
}

static void test_conf_shows_every_option(void **state)
{
    const char *srcdir = getenv("srcdir");
    char path[512], line[256], header[64];
    const char *section = "";
    CLEANUP(fclosep) FILE *conf = NULL;

    (void)state;
    snprintf(path, sizeof(path), "%s/conf/trailstopd.conf", srcdir ? srcdir : ".");
    conf = fopen(path, "re");
    assert_non_null(conf);

    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (strcmp(options[i].section, section) != 0) {
            section = options[i].section;
            if (strcmp(section, OPTION_TARGET_SECTION) == 0)
                snprintf(header, sizeof(header), "#[%s default]\n", section);
            else if (strcmp(section, OPTION_GUARD_SECTION) == 0)
                snprintf(header, sizeof(header), "##[%s runaway]\n", section);
            else if (strcmp(section, OPTION_QUEUE_SECTION) == 0)
                snprintf(header, sizeof(header), "##[%s requests]\n", section);
            else if (strcmp(section, OPTION_NOTIFY_SECTION) == 0)
                snprintf(header, sizeof(header), "##[%s ended]\n", section);
            else
                snprintf(header, sizeof(header), "[%s]\n", section);
            do
                if (!fgets(line, sizeof(line), conf))
                    fail_msg("no section %s", header);
            while (strcmp(line, header) != 0);
        }
        expect_in_conf(conf, i);
    }
    assert_null(fgets(line, sizeof(line), conf));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_every_range_is_tested),
        cmocka_unit_test(test_numbers_are_read_strictly),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_a_long_value_is_cut_between_characters),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_empty_values),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_conf_shows_every_option),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
