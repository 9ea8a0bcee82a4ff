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
