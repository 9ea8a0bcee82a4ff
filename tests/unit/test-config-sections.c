/* SPDX-License-Identifier: Apache-2.0 */
/* Guards, queues and notifications: what their sections resolve to, and each error with its file
 * and line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/config/config.h"
#include "tests/unit/config-world.h"

static void test_guards(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(json_object_putp) json_object *json = NULL;
    json_object *guards;

    (void)state;
    write_file(CONF, "[guard old]\nolder-than = 6h\n"
                     "[guard costly]\ntargets = audit, default\nservice = logs\nevery = 1min\n"
                     "min-bytes = 500G\nsource = arn:*\naction = stop\n"
                     "destination = arn:aws:logs:us-east-1:111122223333:log-group:x\n"
                     "[target audit]\n[target default]\n");
    write_file(DROP_IN("1.conf"), "[guard old]\nmin-events = 7\nmin-failed-entries = 9\n");
    config = expect_loaded();
    json = config_to_json(config, false);
    assert_true(json_object_object_get_ex(json, "guards", &guards));
    assert_string_equal(
        json_object_to_json_string_ext(guards,
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        "[{\"name\":\"old\",\"targets\":[\"*\"],\"service\":\"cloudtrail\",\"every\":300,"
        "\"older-than\":21600,\"min-failed-entries\":9,\"min-events\":7,\"action\":\"report\"},"
        "{\"name\":\"costly\",\"targets\":[\"audit\",\"default\"],\"service\":\"logs\","
        "\"every\":60,\"min-bytes\":536870912000,\"source\":\"arn:*\","
        "\"destination\":\"arn:aws:logs:us-east-1:111122223333:log-group:x\","
        "\"action\":\"stop\"}]");
}

static void test_errors_of_guards_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[guard]\n", CONF ":1: a guard needs a name: [guard NAME]"},
        {"[guard a/b]\n", CONF ":1: the guard's name \"a/b\" holds characters other than letters, "
                               "digits, '_', '.' and '-'"},
        {"[guard x]\nregion = a\n", CONF ":2: unknown key \"region\" in [guard]"},
        {"\n[guard x]\naction = stop\n", CONF
         ":2: guard x: one of older-than, min-failed-entries, min-events, min-bytes, source and "
         "destination has to be set"},
        {"[guard x]\nmin-events = 1\nmin-events =\n", CONF
         ":1: guard x: one of older-than, min-failed-entries, min-events, min-bytes, source and "
         "destination has to be set"},
        {"[guard x]\nolder-than = 1h\ntargets = default, x\n",
         CONF ":3: guard x: there is no target \"x\""},
        {"[target a]\n[guard x]\nolder-than = 1h\ntargets = default\n",
         CONF ":4: guard x: there is no target \"default\""},
        {"[guard x]\nolder-than = 1h\ntargets =\n", CONF ":3: guard x: targets has no name in it"},
        {"[guard x]\nolder-than = 1h\nmin-bytes = 1G\n",
         CONF ":3: guard x: imports of service cloudtrail have no min-bytes"},
        {"[guard x]\nmin-events = 5\nservice = logs\n",
         CONF ":2: guard x: imports of service logs have no min-events"},
        {"[guard x]\nservice = logs\nmin-failed-entries = 5\n",
         CONF ":3: guard x: imports of service logs have no min-failed-entries"},
        {"[guard x]\ndestination = lake\n", CONF ":2: guard x: destination is not an ARN"},
        {"[guard x]\nevery = 59s\n", CONF ":2: every: \"59s\" is not a time span from 1min to 1d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
}

#define STOPS "https://sqs.us-east-1.amazonaws.com/111122223333/stops"
#define QUEUE "[queue q]\nurl = " STOPS "\n"

static void test_a_queue_resolves_to_the_host_and_region_of_its_url(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    const QueueConfig *queue;

    (void)state;
    write_file(CONF, QUEUE);
    config = expect_loaded();
    assert_int_equal(config->n_queues, 1);
    queue = config->queues[0];
    assert_string_equal(queue->account.section.name, "q");
    assert_string_equal(queue->account.section.kind, "queue");
    assert_string_equal(queue->url, STOPS);
    assert_string_equal(queue->endpoint, "https://sqs.us-east-1.amazonaws.com");
    assert_string_equal(queue->account.settings->region, "us-east-1");
    assert_string_equal(queue->account.settings->sts_endpoint,
                        "https://sts.us-east-1.amazonaws.com");
    assert_null(queue->account.settings->endpoints[SERVICE_CLOUDTRAIL]);
    assert_int_equal(queue->account.max_attempts, 3);
    assert_int_equal(queue->visibility_usec, 120 * USEC_PER_SEC);
    assert_int_equal(queue->wait_usec, 20 * USEC_PER_SEC);
    assert_int_equal(queue->max_jobs, 1000);
    assert_string_equal(queue->targets[0], CONFIG_ALL_TARGETS);
    assert_null(queue->outcome_url);
    assert_null(queue->outcome_endpoint);
    assert_null(queue->outcome_region);
    /* The targets are as they were. */
    assert_string_equal(config->targets[0]->account.settings->region, "eu-west-1");
}

static void test_the_region_of_a_queue(void **state)
{
    static const struct {
        const char *text, *region;
    } samples[] = {
        {"url = " STOPS "\n", "us-east-1"},
        {"url = " STOPS "\nregion = us-west-2\n", "us-west-2"},
        {"url = https://queue.example/1/q\n", "eu-west-1"},
        {"url = https://queue.example/1/q\nprofile = p\n", "eu-west-1"},
        {"url = http://127.0.0.1:9324/1/q\nregion = us-west-2\n", "us-west-2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(config_freep) Config *config = NULL;
        char text[512];

        write_file("config", "[profile p]\nregion = af-south-1\n");
        setenv("AWS_CONFIG_FILE", "config", 1);
        snprintf(text, sizeof(text), "[queue q]\n%s", samples[i].text);
        write_file(CONF, text);
        config = expect_loaded();
        assert_string_equal(config->queues[0]->account.settings->region, samples[i].region);
    }
}

/* It names the host, whatever the environment says of the services of targets. */
static void test_the_endpoint_of_a_queue_is_its_own(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(config_freep) Config *elsewhere = NULL;

    (void)state;
    setenv("AWS_ENDPOINT_URL", "https://env", 1);
    write_file(CONF, "[queue q]\nurl = " STOPS "\noutcome-url = "
                     "https://sqs.eu-north-1.amazonaws.com:8443/1/outcomes\n");
    config = expect_loaded();
    assert_string_equal(config->queues[0]->endpoint, "https://sqs.us-east-1.amazonaws.com");
    assert_string_equal(config->queues[0]->outcome_endpoint,
                        "https://sqs.eu-north-1.amazonaws.com:8443");
    assert_string_equal(config->queues[0]->outcome_region, "eu-north-1");

    unsetenv("AWS_ENDPOINT_URL");
    setenv("AWS_USE_FIPS_ENDPOINT", "true", 1);
    write_file(CONF, "[queue q]\nurl = " STOPS
                     "\nendpoint-url = https://sqs-fips.us-east-1.amazonaws.com\n"
                     "outcome-url = https://queue.example/1/outcomes\n");
    elsewhere = expect_loaded();
    assert_string_equal(elsewhere->queues[0]->endpoint, "https://sqs-fips.us-east-1.amazonaws.com");
    assert_string_equal(elsewhere->queues[0]->outcome_endpoint,
                        "https://sqs-fips.us-east-1.amazonaws.com");
    assert_string_equal(elsewhere->queues[0]->outcome_region, "us-east-1");
    assert_string_equal(elsewhere->queues[0]->account.settings->sts_endpoint,
                        "https://sts-fips.us-east-1.amazonaws.com");
}

static void test_a_queue_counts_in_whole_seconds(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, QUEUE "visibility = 30001ms\nwait-time = 1us\n");
    config = expect_loaded();
    assert_int_equal(config->queues[0]->visibility_usec, 31 * USEC_PER_SEC);
    assert_int_equal(config->queues[0]->wait_usec, USEC_PER_SEC);
}

static void test_a_queue_of_several_files(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "[queue q]\nmax-jobs = 3\nurl = https://queue.example/1/old\n[target a]\n");
    write_file(DROP_IN("1.conf"), QUEUE "targets = a\n");
    config = expect_loaded();
    assert_int_equal(config->n_queues, 1);
    assert_string_equal(config->queues[0]->url, STOPS);
    assert_int_equal(config->queues[0]->max_jobs, 3);
    assert_string_equal(config->queues[0]->targets[0], "a");
}

static void test_notifications(void **state)
{
    static const struct {
        const char *text, *region, *endpoint;
    } samples[] = {
        {"event-bus = default\n", "eu-west-1", "https://events.eu-west-1.amazonaws.com"},
        {"event-bus = default\nregion = us-gov-west-1\nuse-fips-endpoint = yes\n", "us-gov-west-1",
         "https://events.us-gov-west-1.amazonaws.com"},
        {"event-bus = aws.partner/example.com/1/a_b-c\nuse-dualstack-endpoint = yes\n", "eu-west-1",
         "https://events.eu-west-1.api.aws"},
        {"event-bus = arn:aws:events:us-east-2:111122223333:event-bus/ended\n", "us-east-2",
         "https://events.us-east-2.amazonaws.com"},
        {"event-bus = arn:aws-cn:events:cn-north-1:111122223333:event-bus/a\nregion = "
         "us-west-2\n",
         "us-west-2", "https://events.us-west-2.amazonaws.com"},
        {"event-bus = b\nendpoint-url = http://127.0.0.1:1\n", "eu-west-1", "http://127.0.0.1:1"},
        {"queue-url = " STOPS "\n", "us-east-1", "https://sqs.us-east-1.amazonaws.com"},
        {"queue-url = " STOPS "\nendpoint-url = http://[::1]:1\n", "us-east-1", "http://[::1]:1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(config_freep) Config *config = NULL;
        char text[512];

        snprintf(text, sizeof(text), "[notify n]\n%s", samples[i].text);
        write_file(CONF, text);
        config = expect_loaded();
        assert_int_equal(config->n_notifies, 1);
        assert_string_equal(config->notifies[0]->account.settings->region, samples[i].region);
        assert_string_equal(config->notifies[0]->endpoint, samples[i].endpoint);
        assert_true(!config->notifies[0]->event_bus != !config->notifies[0]->queue_url);
    }
}

static void test_queues_and_notifications_are_shown(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(json_object_putp) json_object *json = NULL;
    const char *text;

    (void)state;
    write_file(CONF, QUEUE "role-arn = arn:aws:iam::1:role/r\nmax-jobs = 7\n"
                           "outcome-url = https://sqs.eu-north-1.amazonaws.com/1/outcomes\n"
                           "[notify n]\nevent-bus = ended\nprofile = p\n");
    write_file("config", "[profile p]\nmax_attempts = 5\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    setenv("AWS_USE_FIPS_ENDPOINT", "false", 1);
    config = expect_loaded();
    json = config_to_json(config, false);
    assert_non_null(json);
    text = json_text(json, NULL);
    assert_string_equal(
        strstr(text, "\"queues\""),
        "\"queues\":[{\"name\":\"q\",\"url\":\"" STOPS "\",\"region\":\"us-east-1\","
        "\"endpoint\":\"https://sqs.us-east-1.amazonaws.com\","
        "\"stsEndpoint\":\"https://sts.us-east-1.amazonaws.com\","
        "\"outcomeRegion\":\"eu-north-1\","
        "\"outcomeEndpoint\":\"https://sqs.eu-north-1.amazonaws.com\",\"profile\":\"default\","
        "\"credentials\":\"role arn:aws:iam::1:role/r with those of environment\","
        "\"role-arn\":\"arn:aws:iam::1:role/r\",\"targets\":[\"*\"],\"visibility\":120,"
        "\"wait-time\":20,\"max-jobs\":7,"
        "\"outcome-url\":\"https://sqs.eu-north-1.amazonaws.com/1/outcomes\"}],"
        "\"notify\":[{\"name\":\"n\",\"region\":\"eu-west-1\","
        "\"endpoint\":\"https://events.eu-west-1.amazonaws.com\","
        "\"stsEndpoint\":\"https://sts.eu-west-1.amazonaws.com\",\"profile\":\"p\","
        "\"credentials\":\"EC2 instance metadata\",\"use-fips-endpoint\":false,\"max-attempts\":5,"
        "\"event-bus\":\"ended\"}]}");
}

static void test_trouble_of_a_queue_or_notification_is_found_by_a_check(void **state)
{
    static const char *const sections[] = {QUEUE, "[notify q]\nevent-bus = b\n"};
    static const char *const kinds[] = {"queue", "notify"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(config_freep) Config *config = NULL;
        CLEANUP(freep) char *error = NULL;
        char text[512];

        snprintf(text, sizeof(text), "%sprofile = p\n", sections[i]);
        write_file(CONF, text);
        write_file("config", "[profile p]\nca_bundle = empty.pem\n");
        write_file("empty.pem", "");
        setenv("AWS_CONFIG_FILE", "config", 1);
        config = expect_loaded();
        assert_int_equal(config_check_accounts(config, &error), -EINVAL);
        snprintf(text, sizeof(text), ": %s q: ", kinds[i]);
        assert_non_null(strstr(error, text));
    }
}

static void test_errors_of_queues_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[queue]\n", CONF ":1: a queue needs a name: [queue NAME]"},
        {"\n[queue q]\n", CONF ":2: queue q: url has to be set"},
        {"[queue q]\nurl = " STOPS "\nurl =\n", CONF ":1: queue q: url has to be set"},
        {"[queue q]\nurl = stops\n", CONF ":2: url: a queue's url has to be an https:// URL"},
        {"[queue q]\nurl = https://sqs.us-east-1.amazonaws.com/\n",
         CONF ":2: url: a queue's url ends in its account and name; `aws sqs get-queue-url` prints "
              "it"},
        {"[queue q]\nurl = http://sqs.example/1/q\n",
         CONF ":2: url: http:// is taken only for a loopback host; use https:// for sqs.example"},
        {"[queue q]\nurl = https://sqs.example/1/q?Action=SendMessage\n",
         CONF ":2: url: a queue's url must not have a query or a fragment"},
        {QUEUE "targets = a\n", CONF ":3: queue q: there is no target \"a\""},
        {QUEUE "targets =\n", CONF ":3: queue q: targets has no name in it"},
        {QUEUE "visibility = 29s\n",
         CONF ":3: visibility: \"29s\" is not a time span from 30s to 12h"},
        {QUEUE "wait-time = 21s\n", CONF ":3: wait-time: \"21s\" is not a time span from 0 to 20s"},
        {QUEUE "max-jobs = 0\n",
         CONF ":3: max-jobs: \"0\" is not a whole number from 1 to 4294967295"},
        {QUEUE "operators = alice\n", CONF ":3: unknown key \"operators\" in [queue]"},
        {QUEUE "[queue other]\nurl = " STOPS "\n",
         CONF ":4: queue other: queue q has the same url"},
        {QUEUE "outcome-url = " STOPS "\n", CONF
         ":3: queue q: outcome-url is the url of queue q, which would take outcomes for requests"},
        {"[queue p]\nurl = https://sqs.example/1/p\noutcome-url = " STOPS "\n" QUEUE, CONF
         ":3: queue p: outcome-url is the url of queue q, which would take outcomes for requests"},
        {QUEUE "profile = none\n", CONF ":3: queue q: profile none is in none of the shared files"},
        {QUEUE "region = us-east-1a\n", CONF ":3: queue q: us-east-1a is an availability zone, "
                                             "not a region; its region is us-east-1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
}

static void test_errors_of_notifications_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[notify]\n", CONF ":1: a notify needs a name: [notify NAME]"},
        {"\n[notify n]\n",
         CONF ":2: notify n: one of event-bus and queue-url has to be set, and not both"},
        {"[notify n]\nqueue-url = " STOPS "\nevent-bus = b\n",
         CONF ":2: notify n: one of event-bus and queue-url has to be set, and not both"},
        {"[notify n]\nevent-bus = b c\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws:sqs:us-east-1:111122223333:stops\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws:events:us-east-1:111122223333\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws:events:us-east-1:111122223333:rule/r\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws:events:us-east-1:111122223333:event-bus/\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = arn:aws:events::111122223333:event-bus/b\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[notify n]\nevent-bus = b\nuse-fips-endpoint = yes\nendpoint-url = https://e\n",
         CONF ":4: notify n: endpoint-url: a custom endpoint cannot be combined with FIPS"},
        {QUEUE "[notify n]\nqueue-url = " STOPS "\n", CONF
         ":4: notify n: queue-url is the url of queue q, which would take outcomes for requests"},
        {"[notify n]\nqueue-url = " STOPS "\ntargets = *\n",
         CONF ":3: unknown key \"targets\" in [notify]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_guards),
        TEST(test_errors_of_guards_name_file_and_line),
        TEST(test_a_queue_resolves_to_the_host_and_region_of_its_url),
        TEST(test_the_region_of_a_queue),
        TEST(test_the_endpoint_of_a_queue_is_its_own),
        TEST(test_a_queue_counts_in_whole_seconds),
        TEST(test_a_queue_of_several_files),
        TEST(test_notifications),
        TEST(test_queues_and_notifications_are_shown),
        TEST(test_trouble_of_a_queue_or_notification_is_found_by_a_check),
        TEST(test_errors_of_queues_name_file_and_line),
        TEST(test_errors_of_notifications_name_file_and_line),
    };

    return cmocka_run_group_tests_name("config-sections", tests, NULL, NULL);
}
