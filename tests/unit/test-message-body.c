/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/queue/message-body.h: which messages are requests, and why the others are not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/queue/message-body.h"

#define IMPORT_ID "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define ASKS "{\"importId\":\"" IMPORT_ID "\"}"
#define ASKS_QUOTED "{\\\"importId\\\":\\\"" IMPORT_ID "\\\"}"
#define EVENT_QUOTED                                                                               \
    "{\\\"source\\\":\\\"s\\\",\\\"detail-type\\\":\\\"t\\\",\\\"detail\\\":" ASKS_QUOTED "}"

static void test_reads_all_parameters_of_stop(void **state)
{
    static const char text[] = "{\"importId\":\"task-1\",\"target\":\"prod\",\"service\":\"logs\","
                               "\"reason\":\"cost\",\"timeout\":90}";
    CLEANUP(message_body_clear) MessageBody body = {0};
    char *reason;

    (void)state;
    assert_int_equal(message_body_read(text, strlen(text), &body, &reason), 0);
    assert_string_equal(body.parameters.import_id, "task-1");
    assert_string_equal(body.parameters.target, "prod");
    assert_int_equal(body.parameters.service, SERVICE_LOGS);
    assert_string_equal(body.parameters.reason, "cost");
    assert_true(body.parameters.has_timeout);
    assert_int_equal(body.parameters.timeout, 90);
}

static void test_reads_each_envelope(void **state)
{
    static const char *const samples[] = {
        ASKS,
        "  " ASKS "\r\n",
        "{\"importId\":\"EE54F254-6D13-4AC7-B1E5-3E6F1A7F0B29\"}",
        "{\"version\":\"0\",\"id\":\"1\",\"detail-type\":\"t\",\"source\":\"s\",\"account\":\"1\","
        "\"time\":\"2026-11-22T12:23:45Z\",\"region\":\"eu-west-1\",\"resources\":[],"
        "\"detail\":" ASKS "}",
        "{\"source\":\"s\",\"detail\":" ASKS "}",
        "{\"detail-type\":\"t\",\"detail\":" ASKS "}",
        "{\"Type\":\"Notification\",\"MessageId\":\"1\",\"TopicArn\":\"a\",\"Subject\":null,"
        "\"Message\":\"" ASKS_QUOTED "\",\"Timestamp\":\"t\",\"SignatureVersion\":\"1\"}",
        "{\"Type\":\"Notification\",\"Message\":\"" EVENT_QUOTED "\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(message_body_clear) MessageBody body = {0};
        char *reason = NULL;

        if (message_body_read(samples[i], strlen(samples[i]), &body, &reason) < 0)
            fail_msg("%s: %s", samples[i], reason ? reason : "?");
        assert_string_equal(body.parameters.import_id, IMPORT_ID);
        assert_int_equal(body.parameters.service, SERVICE_CLOUDTRAIL);
        assert_false(body.parameters.has_timeout);
        assert_null(body.parameters.target);
    }
}

#define NOT_JSON "it is not JSON as RFC 8259 has it, or nested more than 16 deep"
#define NOT_AN_OBJECT "it is not a JSON object"

static void test_says_why_a_message_is_not_a_request(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", NOT_JSON},
        {"stop it", NOT_JSON},
        {ASKS ASKS, NOT_JSON},
        {"{\"importId\":\"" IMPORT_ID "\",\"importId\":\"" IMPORT_ID "\"}", NOT_JSON},
        {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", NOT_JSON},
        {"null", NOT_AN_OBJECT},
        {"\"" ASKS_QUOTED "\"", NOT_AN_OBJECT},
        {"[" ASKS "]", NOT_AN_OBJECT},
        {"{}", "importId is missing"},
        {"{\"importId\":null}", "importId is missing"},
        {"{\"importId\":\"x\"}", "the value of importId is not valid"},
        {"{\"importId\":\"" IMPORT_ID "\\u0000\"}", "the value of importId is not valid"},
        {"{\"importId\":[\"" IMPORT_ID "\"]}", "the value of importId is not valid"},
        {"{\"importId\":\"task-1\"}", "the value of importId is not valid"},
        {"{\"importId\":\"task-1\",\"service\":\"s3\"}", "the value of service is not valid"},
        {"{\"importId\":\"task-1\",\"service\":\"logs\",\"timeout\":\"9\"}",
         "the value of timeout is not valid"},
        {"{\"importId\":\"task-1\",\"service\":\"logs\",\"timeout\":-1}",
         "the value of timeout is not valid"},
        {"{\"importId\":\"task-1\",\"service\":\"logs\",\"target\":7}",
         "the value of target is not valid"},
        {"{\"importId\":\"task-1\",\"service\":\"logs\",\"reason\":\"a\\u0000b\"}",
         "the value of reason is not valid"},
        {"{\"import\":\"x\"}", "\"import\" is not a parameter of Stop"},
        {"{\"\":1}", "\"\" is not a parameter of Stop"},
        {"{\"dryRun\":true}", "\"dryRun\" is not a parameter of Stop"},
        {"{\"a\\nb\\u001b[1m\\u202e\":1}",
         "\"a b\xef\xbf\xbd[1m\xef\xbf\xbd\" is not a parameter of Stop"},
        {"{\"source\":\"s\"}", "\"source\" is not a parameter of Stop"},
        {"{\"detail\":" ASKS "}", "\"detail\" is not a parameter of Stop"},
        {"{\"source\":\"s\",\"detail\":\"" ASKS_QUOTED "\"}",
         "it is an event whose detail is not an object"},
        {"{\"source\":\"s\",\"detail\":null}", "it is an event whose detail is not an object"},
        {"{\"source\":\"s\",\"detail\":{\"source\":\"s\",\"detail\":" ASKS "}}",
         "\"source\" is not a parameter of Stop"},
        {"{\"source\":\"s\",\"detail\":{\"importId\":\"x\"}}",
         "the value of importId is not valid"},
        {"{\"Type\":\"Notification\"}", "it is a notification without a Message"},
        {"{\"Type\":\"Notification\",\"Message\":" ASKS "}",
         "it is a notification without a Message"},
        {"{\"Type\":\"Notification\",\"Message\":\"stop it\"}", NOT_JSON},
        {"{\"Type\":\"Notification\",\"Message\":\"7\"}", NOT_AN_OBJECT},
        {"{\"Type\":\"Notification\",\"Message\":\"{}\\u0000\"}", NOT_JSON},
        {"{\"Type\":\"Notification\",\"Message\":\"{\\\"Type\\\":\\\"Notification\\\"}\"}",
         "\"Type\" is not a parameter of Stop"},
        {"{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"m\"}",
         "\"Type\" is not a parameter of Stop"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        MessageBody body;
        CLEANUP(freep) char *reason = NULL;

        if (message_body_read(rows[i].text, strlen(rows[i].text), &body, &reason) != -EINVAL)
            fail_msg("%s was taken", rows[i].text);
        assert_string_equal(reason, rows[i].reason);
    }
}

static void test_quotes_no_more_than_the_start_of_a_name(void **state)
{
    char text[1000];
    CLEANUP(freep) char *reason = NULL;
    MessageBody body;

    (void)state;
    snprintf(text, sizeof(text), "{\"%0500d\":\"secret\"}", 0);
    assert_int_equal(message_body_read(text, strlen(text), &body, &reason), -EINVAL);
    assert_in_range(strlen(reason), 64, 128);
    assert_null(strstr(reason, "secret"));
}

static void test_takes_64_kib_and_not_a_byte_more(void **state)
{
    CLEANUP(message_body_clear) MessageBody body = {0};
    CLEANUP(freep) char *text = malloc(MESSAGE_BODY_MAX + 1);
    CLEANUP(freep) char *reason = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', MESSAGE_BODY_MAX + 1);
    memcpy(text, ASKS, strlen(ASKS));
    assert_int_equal(message_body_read(text, MESSAGE_BODY_MAX, &body, &reason), 0);
    assert_int_equal(message_body_read(text, MESSAGE_BODY_MAX + 1, &body, &reason), -EINVAL);
    assert_string_equal(reason, "it is longer than 64 KiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_all_parameters_of_stop),
        cmocka_unit_test(test_reads_each_envelope),
        cmocka_unit_test(test_says_why_a_message_is_not_a_request),
        cmocka_unit_test(test_quotes_no_more_than_the_start_of_a_name),
        cmocka_unit_test(test_takes_64_kib_and_not_a_byte_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
