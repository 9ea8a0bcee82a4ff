/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/file.h: what is a text file, and what a sentence says of one that is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/file.h"

static char path[] = "/tmp/trailstop-file-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *data, size_t size)
{
    CLEANUP(fclosep) FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
}

static void assert_read(const char *expected)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;

    assert_int_equal(file_read_text(path, &text, &error), 0);
    assert_string_equal(text, expected);
    assert_null(error);
}

static void assert_refused(const char *name, int r, const char *sentence)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;

    assert_int_equal(file_read_text(name, &text, &error), r);
    assert_null(text);
    assert_non_null(error);
    assert_memory_equal(error, name, strlen(name));
    assert_string_equal(error + strlen(name), sentence);
}

static void test_text(void **state)
{
    (void)state;
    write_file("", 0);
    assert_read("");
    write_file("one\r\ntwo", 8);
    assert_read("one\r\ntwo");
}

static void test_no_text(void **state)
{
    (void)state;
    write_file("one\0two", 7);
    assert_refused(path, -EINVAL, ": holds a NUL byte; this is no text file");
}

static void test_size_is_bounded(void **state)
{
    CLEANUP(freep) char *data = malloc(FILE_TEXT_MAX + 2);

    (void)state;
    assert_non_null(data);
    memset(data, 'x', FILE_TEXT_MAX + 1);
    data[FILE_TEXT_MAX + 1] = '\0';
    write_file(data, FILE_TEXT_MAX + 1);
    assert_refused(path, -EFBIG, ": is larger than 1048576 bytes");
    data[FILE_TEXT_MAX] = '\0';
    write_file(data, FILE_TEXT_MAX);
    assert_read(data);
}

static void test_unreadable(void **state)
{
    (void)state;
    assert_refused("/nonexistent/token", -ENOENT, ": cannot be read: No such file or directory");
    assert_refused("/tmp", -EISDIR, ": cannot be read: Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_size_is_bounded),
        cmocka_unit_test(test_unreadable),
    };

    return cmocka_run_group_tests_name("file", tests, make_file, remove_file);
}
