/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/journal.h: what an entry looks like as a line of JSON and of text. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/base/journal.h"
#include "tests/unit/journal-capture.h"

static void test_writes_json_lines_of_strings(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_OUTAGE_BEGAN);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s-%d", "t", 1);
    journal_send(&entry, "Target %s is out", "t-1");
    object = capture_end_json(&capture);
    assert_field(object, "TRAILSTOP_TARGET", "t-1");
    assert_field(object, "MESSAGE", "Target t-1 is out");
    assert_field(object, "MESSAGE_ID", "e601d6313ee24c8bb77dca6dce9d80ac");
    assert_field(object, "PRIORITY", "4");
    assert_field(object, "SYSLOG_IDENTIFIER", "trailstopd");
    assert_field(object, "TRAILSTOP_EVENT", "outage-began");
}

static void test_adds_what_is_known_of_an_error(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    CLEANUP(call_error_clear) CallError error = {0}, none = {0};
    JournalEntry entry;
    Capture capture;

    (void)state;
    assert_int_equal(call_error_set(&error, "ThrottlingException", "slow down", 429, "r-1"), 0);
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_JOB_REFUSED);
    journal_add_error(&entry, &error);
    journal_add_error(&entry, &none);
    journal_send(&entry, "no");
    object = capture_end_json(&capture);
    assert_field(object, "TRAILSTOP_AWS_ERROR", "ThrottlingException");
    assert_field(object, "TRAILSTOP_AWS_MESSAGE", "slow down");
    assert_field(object, "TRAILSTOP_AWS_REQUEST_ID", "r-1");
    assert_field(object, "TRAILSTOP_HTTP_STATUS", "429");
}

static void test_leaves_out_what_is_not_known_of_an_error(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    CLEANUP(call_error_clear) CallError error = {0};
    JournalEntry entry;
    Capture capture;

    (void)state;
    assert_int_equal(call_error_set(&error, CALL_ERROR_TIMEOUT, "no answer", 0, NULL), 0);
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_JOB_EXPIRED);
    journal_add_error(&entry, &error);
    journal_send(&entry, "late");
    object = capture_end_json(&capture);
    assert_false(json_object_object_get_ex(object, "TRAILSTOP_AWS_REQUEST_ID", NULL));
    assert_false(json_object_object_get_ex(object, "TRAILSTOP_HTTP_STATUS", NULL));
}

static void test_a_value_may_hold_anything_and_forges_nothing(void **state)
{
    static const char *const value = "x\nTRAILSTOP_EVENT=import-stopped\n\"}\n{\"A\":\"\033[31m\"}";
    CLEANUP(json_object_putp) json_object *object = NULL;
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_REQUEST_ACCEPTED);
    journal_add(&entry, "TRAILSTOP_REASON", "%s", value);
    journal_send(&entry, "Accepted");
    object = capture_end_json(&capture);
    assert_field(object, "TRAILSTOP_REASON", value);
    assert_field(object, "TRAILSTOP_EVENT", "request-accepted");
    assert_false(json_object_object_get_ex(object, "A", NULL));
}

static void test_a_message_is_one_line_without_control_characters(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_STORE_FAILED);
    journal_send(&entry, "a%sb",
                 "\n\r\t\033[1m\001\177\xc3\xa9"
                 "\xc2\x85\xc2\x9b"                     /* next line, and the 8-bit form of ESC [ */
                 "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae" /* U+2028, U+2029, U+202E */
                 "\x9b\xe2\x80");
    object = capture_end_json(&capture);
    assert_field(object, "MESSAGE",
                 "a????[1m??\xc3\xa9????????"
                 "b");
}

static void test_text_is_one_line_too(void **state)
{
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_TEXT);
    journal_begin(&entry, EVENT_STORE_FAILED);
    journal_add(&entry, "TRAILSTOP_STATE_DIRECTORY", "/x");
    journal_send(&entry, "first\nsecond");
    capture_end(&capture);
    assert_ptr_equal(strchr(capture.text, '\n'), capture.text + strlen(capture.text) - 1);
    assert_non_null(strstr(capture.text, "Z first?second\n"));
}

/* A line of text to a terminal. */
static void print_to_terminal(const char *no_color, char *ret_line, size_t size)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), saved_fd = dup(STDERR_FILENO), fd;
    JournalEntry entry;
    ssize_t n;

    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    assert_int_equal(no_color ? setenv("NO_COLOR", no_color, 1) : unsetenv("NO_COLOR"), 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    journal_open(JOURNAL_TEXT, LOG_INFO);
    journal_begin(&entry, EVENT_STORE_FAILED);
    journal_send(&entry, "broken");
    assert_int_equal(dup2(saved_fd, STDERR_FILENO), STDERR_FILENO);
    n = read(terminal, ret_line, size - 1);
    assert_true(n > 0);
    ret_line[n] = '\0';
    journal_close(0);
    close(fd);
    close(saved_fd);
    close(terminal);
}

static void test_text_on_a_terminal_has_colours_unless_NO_COLOR_is_set(void **state)
{
    char line[128];

    (void)state;
    print_to_terminal(NULL, line, sizeof(line));
    assert_non_null(strstr(line, "Z \033[1;31mbroken\033[0m"));
    print_to_terminal("", line, sizeof(line));
    assert_non_null(strstr(line, "Z \033[1;31mbroken\033[0m"));
    print_to_terminal("1", line, sizeof(line));
    assert_non_null(strstr(line, "Z broken"));
    assert_null(strstr(line, "\033"));
}

static void test_drops_what_is_below_the_level(void **state)
{
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_CALL_RETRIED);
    journal_add(&entry, "TRAILSTOP_TARGET", "t");
    journal_send(&entry, "debug");
    journal_set_level(LOG_WARNING);
    journal_begin(&entry, EVENT_STARTED);
    journal_send(&entry, "info");
    capture_end(&capture);
    assert_string_equal(capture.text, "");
}

static void test_more_fields_than_there_is_room_for_are_lost(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    JournalEntry entry;
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    journal_begin(&entry, EVENT_STARTED);
    for (unsigned i = 0; i < 2 * JOURNAL_FIELDS_MAX; i++)
        journal_add(&entry, "TRAILSTOP_VERSION", "%u", i);
    journal_send(&entry, "Started");
    object = capture_end_json(&capture);
    assert_non_null(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_json_lines_of_strings),
        cmocka_unit_test(test_adds_what_is_known_of_an_error),
        cmocka_unit_test(test_leaves_out_what_is_not_known_of_an_error),
        cmocka_unit_test(test_a_value_may_hold_anything_and_forges_nothing),
        cmocka_unit_test(test_a_message_is_one_line_without_control_characters),
        cmocka_unit_test(test_text_is_one_line_too),
        cmocka_unit_test(test_text_on_a_terminal_has_colours_unless_NO_COLOR_is_set),
        cmocka_unit_test(test_drops_what_is_below_the_level),
        cmocka_unit_test(test_more_fields_than_there_is_room_for_are_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
