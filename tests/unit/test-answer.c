/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/answer.h: every form in which AWS, or what stands in for it, says that something went
 * wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "common/utf8.h"
#include "daemon/aws/answer.h"

static HttpResponse answer(unsigned status, const char *body, const HttpHeader *headers, size_t n)
{
    return (HttpResponse){
        .status = status,
        .headers = headers,
        .n_headers = n,
        .body = body,
        .body_size = strlen(body),
    };
}

static void test_finds_the_code(void **state)
{
    static const struct {
        const char *header, *body, *code; /* code NULL: none is AWS's */
    } samples[] = {
        {NULL, "{\"__type\":\"ImportNotFoundException\"}", "ImportNotFoundException"},
        {NULL, "{\"code\":\"ImportNotFoundException\"}", "ImportNotFoundException"},
        {"ImportNotFoundException", "", "ImportNotFoundException"},
        {"ImportNotFoundException", "<html>", "ImportNotFoundException"},
        {"ImportNotFoundException:http://internal.amazon.com/coral/", "{}",
         "ImportNotFoundException"},
        {"com.amazonaws.cloudtrail#ImportNotFoundException:http://a.example/#b", "{}",
         "ImportNotFoundException"},
        {NULL, "{\"__type\":\"com.amazonaws#a#ImportNotFoundException\"}",
         "ImportNotFoundException"},
        {NULL, "{\"__type\":\"a.b#ImportNotFoundException:x\"}", "ImportNotFoundException"},
        {NULL, "\xEF\xBB\xBF{\"__type\":\"ImportNotFoundException\"}", "ImportNotFoundException"},
        {NULL, "{\"code\":\"a.b#ImportNotFoundException:x\"}", "ImportNotFoundException"},
        {" ImportNotFoundException ", "{}", "ImportNotFoundException"},

        /* The header, then __type, then code. */
        {"A", "{\"__type\":\"B\",\"code\":\"C\"}", "A"},
        {NULL, "{\"code\":\"C\",\"__type\":\"B\"}", "B"},
        {"", "{\"__type\":\"B\"}", "B"},
        {":x", "{\"__type\":\"B\"}", "B"},
        {NULL, "{\"__type\":null,\"code\":\"C\"}", "C"},
        {NULL, "{\"__type\":5,\"code\":\"C\"}", "C"},
        {NULL, "{\"__type\":\"#\",\"code\":\"C\"}", "C"},

        {NULL, "", NULL},
        {NULL, "{}", NULL},
        {NULL, "[\"B\"]", NULL},
        {NULL, "{\"code\":400}", NULL},
        {NULL, "{\"code\":\"404\",\"message\":\"no route\"}", NULL},
        {"403.14", "{}", NULL},
        {NULL, "{\"message\":\"Forbidden\"}", NULL},
        {NULL, "<html><body>502</body></html>", NULL},
        {NULL, "{\"__type\":\"B\"", NULL},
        {"two words", "{}", NULL},
        {"AWS.SimpleQueueService.A_b-c1", "{}", "AWS.SimpleQueueService.A_b-c1"},
        {"wJalr&#47;UtnFEMI", "{}", NULL},
        {"wJalr/UtnFEMI", "{}", NULL},
        {"\xc3\xa9", "{}", NULL},
        {NULL, "{\"__type\":\"a\\u000ab\"}", NULL},
        {NULL, "{\"__type\":\"B\\u0000\"}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpHeader header = {"x-amzn-ErrorType", samples[i].header};
        HttpResponse response = answer(400, samples[i].body, &header, samples[i].header ? 1 : 0);
        CLEANUP(call_error_clear) CallError error = {0};
        bool named;

        assert_int_equal(aws_answer_read_error(&response, "host", &error, &named), 0);
        assert_int_equal(named, samples[i].code != NULL);
        assert_string_equal(error.code, samples[i].code ? samples[i].code : CALL_ERROR_HTTP);
        assert_int_equal(error.http_status, 400);
    }
}

static void test_finds_the_message(void **state)
{
    static const struct {
        const char *body, *message;
    } samples[] = {
        {"{\"__type\":\"B\",\"message\":\"No such import.\"}", "No such import."},
        {"{\"__type\":\"B\",\"Message\":\"No such import.\"}", "No such import."},
        {"{\"__type\":\"B\",\"message\":null,\"Message\":\"M\"}", "M"},
        {"{\"__type\":\"B\",\"message\":\"caf\xc3\xa9\\n\"}", "caf\xc3\xa9\n"},
        {"{\"__type\":\"B\",\"message\":\"bad \\ud83d end\"}", "bad \xEF\xBF\xBD end"},
        {"{\"__type\":\"A\",\"__type\":\"B\",\"message\":\"caf\xE9\"}", "caf\xEF\xBF\xBD"},
        {"{\"__type\":\"B\"}", "HTTP status 404 without a message"},
        {"{\"__type\":\"B\",\"message\":5}", "HTTP status 404 without a message"},
        {"{\"__type\":\"B\",\"message\":\"\"}", "HTTP status 404 without a message"},
        {"{\"__type\":\"B\",\"Message\":\" \\n\"}", "HTTP status 404 without a message"},
        {"{\"__type\":\"B\",\"message\":\"a\\u0000b\"}", "HTTP status 404 without a message"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpResponse response = answer(404, samples[i].body, NULL, 0);
        CLEANUP(call_error_clear) CallError error = {0};
        bool named;

        assert_int_equal(aws_answer_read_error(&response, "host", &error, &named), 0);
        assert_string_equal(error.message, samples[i].message);
    }
}

static void test_quotes_the_beginning_of_an_error_that_is_not_json(void **state)
{
    static const struct {
        const char *code, *body, *message;
    } samples[] = {
        {"B", "Not for you.", "Not for you."},
        {"B", "\n\t Not \r\n for\x1b[0m you. ", "Not for [0m you."},
        {"B", "caf\xc3\xa9 \xff\xe2\x80\xae!", "caf\xc3\xa9 !"},
        {"B", "[\"x\"]", "[\"x\"]"},
        {"B", " \n", "HTTP status 403 without a message"},
        {"B", "", "HTTP status 403 without a message"},
        {NULL, "Not for you.",
         "h answered 403 with no AWS error, 12 bytes of text/plain: Not for you."},
        {NULL, "", "h answered 403 with no AWS error, 0 bytes of text/plain"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpHeader headers[] = {{"content-type", "text/plain"},
                                {"x-amzn-ErrorType", samples[i].code}};
        HttpResponse response = answer(403, samples[i].body, headers, samples[i].code ? 2 : 1);
        CLEANUP(call_error_clear) CallError error = {0};
        bool named;

        assert_int_equal(aws_answer_read_error(&response, "h", &error, &named), 0);
        assert_int_equal(named, samples[i].code != NULL);
        assert_string_equal(error.message, samples[i].message);
    }
}

static void test_quotes_200_bytes_of_it_and_no_half_character(void **state)
{
    HttpHeader header = {"x-amzn-ErrorType", "B"};
    char body[512] = "x";
    HttpResponse response;
    CLEANUP(call_error_clear) CallError error = {0};
    bool named;

    (void)state;
    for (int i = 0; i < 150; i++)
        strcat(body, "\xc3\xa9");
    response = answer(400, body, &header, 1);
    assert_int_equal(aws_answer_read_error(&response, "h", &error, &named), 0);
    assert_int_equal(strlen(error.message), 199);
    assert_memory_equal(error.message, body, 199);
}

static void test_quotes_nothing_of_a_success_that_is_unreadable(void **state)
{
    HttpResponse response = answer(200, "<SessionToken>secret", NULL, 0);
    CLEANUP(call_error_clear) CallError error = {0};

    (void)state;
    assert_int_equal(aws_answer_describe_unreadable(&response, "h", &error), 0);
    assert_string_equal(error.message,
                        "h answered 200 with unexpected contents, 20 bytes of an unknown type");
}

static void test_bounds_the_message(void **state)
{
    static const char head[] = "{\"__type\":\"B\",\"message\":\"x";
    char body[9000] = "";
    HttpResponse response;
    CLEANUP(call_error_clear) CallError error = {0};
    bool named;

    (void)state;
    strcpy(body, head);
    for (int i = 0; i < 4000; i++)
        strcat(body, "\xc3\xa9");
    strcat(body, "\"}");
    response = answer(400, body, NULL, 0);
    assert_int_equal(aws_answer_read_error(&response, "host", &error, &named), 0);
    assert_int_equal(strlen(error.message), 4095);
    assert_true(utf8_is_valid(error.message, strlen(error.message)));
}

static void test_finds_the_request_id(void **state)
{
    static const struct {
        const char *value, *expected;
    } samples[] = {
        {"b05ac9c4-0000-4000-8000-3e6f1a7f0b29", "b05ac9c4-0000-4000-8000-3e6f1a7f0b29"},
        {"", NULL},
        {"a b", NULL},
        {"\xff", NULL},
    };
    static const char *const bodies[] = {"{\"__type\":\"B\"}", "<html>"};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        for (size_t j = 0; j < 2; j++) {
            HttpHeader header = {"X-Amzn-RequestId", samples[i].value};
            HttpResponse response = answer(400, bodies[j], &header, 1);
            CLEANUP(call_error_clear) CallError error = {0};
            bool named;

            assert_int_equal(aws_answer_read_error(&response, "host", &error, &named), 0);
            if (samples[i].expected)
                assert_string_equal(error.request_id, samples[i].expected);
            else
                assert_null(error.request_id);
        }
}

static void test_describes_a_strangers_page(void **state)
{
    static const struct {
        const char *type, *message;
    } samples[] = {
        {"text/html; charset=utf-8",
         "host:1 answered 502 with no AWS error, 6 bytes of text/html: <html>"},
        {"text/html", "host:1 answered 502 with no AWS error, 6 bytes of text/html: <html>"},
        {"", "host:1 answered 502 with no AWS error, 6 bytes of an unknown type: <html>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpHeader header = {"Content-Type", samples[i].type};
        HttpResponse response = answer(502, "<html>", &header, 1);
        CLEANUP(call_error_clear) CallError error = {0};
        bool named;

        assert_int_equal(aws_answer_read_error(&response, "host:1", &error, &named), 0);
        assert_string_equal(error.message, samples[i].message);
        assert_string_equal(error.code, CALL_ERROR_HTTP);
    }
}

static void test_names_failures_of_the_way(void **state)
{
    static const struct {
        HttpFailure failure;
        const char *code;
    } samples[] = {
        {HTTP_CONNECT_FAILED, CALL_ERROR_CONNECTION},
        {HTTP_TIMED_OUT, CALL_ERROR_TIMEOUT},
        {HTTP_TLS_FAILED, CALL_ERROR_TLS},
        {HTTP_UNREADABLE, CALL_ERROR_UNREADABLE},
        {HTTP_NO_RESOURCES, CALL_ERROR_RESOURCES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpResponse response = {.failure = samples[i].failure, .message = "host:1: no"};
        CLEANUP(call_error_clear) CallError error = {0};
        bool named;

        assert_false(aws_answer_is_success(&response));
        assert_int_equal(aws_answer_read_error(&response, "host", &error, &named), 0);
        assert_false(named);
        assert_string_equal(error.code, samples[i].code);
        assert_string_equal(error.message, "host:1: no");
        assert_int_equal(error.http_status, 0);
    }
}

static void test_reads_objects_only(void **state)
{
    static const struct {
        const char *body;
        int expected;
    } samples[] = {
        {"{}", 0},          {"{\"a\":[1]}", 0},    {"", -EBADMSG},
        {"[]", -EBADMSG},   {"null", -EBADMSG},    {"{\"a\":1", -EBADMSG},
        {"{} x", -EBADMSG}, {"{'a':1}", -EBADMSG}, {"<html>", -EBADMSG},
        {"{}\n", 0},        {"\xEF\xBB\xBF{}", 0},
    };
    HttpResponse none = {.status = 200};
    json_object *untouched = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpResponse response = answer(200, samples[i].body, NULL, 0);
        CLEANUP(json_object_putp) json_object *object = NULL;

        assert_int_equal(aws_answer_read_object(&response, &object), samples[i].expected);
        assert_int_equal(object != NULL, samples[i].expected == 0);
    }
    assert_int_equal(aws_answer_read_object(&none, &untouched), -EBADMSG);
}

static void test_reads_dates(void **state)
{
    static const struct {
        const char *value;
        uint64_t seconds; /* 0: no date */
    } samples[] = {
        {"Sun, 22 Nov 2026 12:23:45 GMT", 1795350225},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Sun, 22 Nov 2026 12:23:45", 0},
        {"Sun, 22 Nov 2026 12:23:45 CET", 0},
        {"Sun, 22 Nuv 2026 12:23:45 GMT", 0},
        {"Sun, 22 anF 2026 12:23:45 GMT", 0},
        {"2026-11-22T12:23:45Z", 0},
        {"", 0},
    };
    HttpResponse undated = {.status = 200};
    uint64_t usec;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        HttpHeader header = {"date", samples[i].value};
        HttpResponse response = answer(200, "", &header, 1);

        usec = 0;
        assert_int_equal(aws_answer_read_date(&response, &usec), samples[i].seconds != 0);
        assert_int_equal(usec, samples[i].seconds * USEC_PER_SEC);
    }
    assert_false(aws_answer_read_date(&undated, &usec));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_code),
        cmocka_unit_test(test_finds_the_message),
        cmocka_unit_test(test_quotes_the_beginning_of_an_error_that_is_not_json),
        cmocka_unit_test(test_quotes_200_bytes_of_it_and_no_half_character),
        cmocka_unit_test(test_quotes_nothing_of_a_success_that_is_unreadable),
        cmocka_unit_test(test_bounds_the_message),
        cmocka_unit_test(test_finds_the_request_id),
        cmocka_unit_test(test_describes_a_strangers_page),
        cmocka_unit_test(test_names_failures_of_the_way),
        cmocka_unit_test(test_reads_objects_only),
        cmocka_unit_test(test_reads_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
