/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/journal-capture.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/json.h"

void capture_begin(Capture *capture, JournalFormat format)
{
    capture->file = tmpfile();
    assert_non_null(capture->file);
    fflush(stderr);
    capture->saved_fd = dup(STDERR_FILENO);
    assert_true(capture->saved_fd >= 0);
    assert_int_equal(dup2(fileno(capture->file), STDERR_FILENO), STDERR_FILENO);
    journal_open(format, LOG_INFO);
}

void capture_end(Capture *capture)
{
    size_t size;

    fflush(stderr);
    assert_int_equal(dup2(capture->saved_fd, STDERR_FILENO), STDERR_FILENO);
    close(capture->saved_fd);
    rewind(capture->file);
    size = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
    capture->text[size] = '\0';
    fclose(capture->file);
}

void capture_end_events(Capture *capture)
{
    char line[8192];

    fflush(stderr);
    assert_int_equal(dup2(capture->saved_fd, STDERR_FILENO), STDERR_FILENO);
    close(capture->saved_fd);
    rewind(capture->file);
    while (fgets(line, sizeof(line), capture->file))
        if (line[0] != '{')
            fputs(line, stderr);
    fclose(capture->file);
}

/* How many lines have the text in them. */
static unsigned count_lines(const Capture *capture, const char *text)
{
    char line[8192];
    off_t offset = 0;
    unsigned n = 0;
    ssize_t size;

    while ((size = pread(fileno(capture->file), line, sizeof(line) - 1, offset)) > 0) {
        char *end;

        line[size] = '\0';
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        n += strstr(line, text) != NULL;
        offset += end + 1 - line;
    }
    return n;
}

unsigned capture_count(const Capture *capture, const char *event)
{
    char text[128];

    snprintf(text, sizeof(text), "\"TRAILSTOP_EVENT\":\"%s\"", event);
    return count_lines(capture, text);
}

bool capture_has(const Capture *capture, const char *text)
{
    return count_lines(capture, text) > 0;
}

json_object *capture_end_json(Capture *capture)
{
    json_object *object = NULL;
    size_t size;

    capture_end(capture);
    size = strlen(capture->text);
    assert_true(size > 0);
    assert_ptr_equal(strchr(capture->text, '\n'), capture->text + size - 1);
    assert_int_equal(json_read(capture->text, size - 1, 2, &object), 0);
    return object;
}

void assert_field(json_object *object, const char *name, const char *expected)
{
    const char *value;

    assert_int_equal(json_get_string(object, name, &value), 1);
    assert_string_equal(value, expected);
}
