/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/file.h: what is a text file, and what a sentence says of one that is none. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/file.h"

static char path[] = "/tmp/trailstop-file-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
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
    assert_refused(path, -EINVAL, ": holds a NUL byte, so it is not a text file");
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

/* A name for the reading end of a pipe that holds this text, with or without a writer. */
static void assert_pipe_read(const char *text, bool is_written, const char *expected, int r,
                             const char *sentence)
{
    CLEANUP(closep) int from = -1;
    CLEANUP(closep) int to = -1;
    char name[64];
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    from = fds[0];
    to = fds[1];
    assert_int_equal(write(to, text, strlen(text)), strlen(text));
    if (!is_written) {
        close(to);
        to = -1;
    }
    snprintf(name, sizeof(name), "/dev/fd/%d", from);
    if (expected) {
        CLEANUP(freep) char *read = NULL;
        CLEANUP(freep) char *error = NULL;

        assert_int_equal(file_read_text(name, &read, &error), r);
        assert_string_equal(read, expected);
    } else {
        assert_refused(name, r, sentence);
    }
}

static void test_a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    assert_pipe_read("one\ntwo", false, "one\ntwo", 0, NULL);
}

static void test_a_pipe_without_end_is_not_waited_for(void **state)
{
    (void)state;
    assert_pipe_read("one", true, NULL, -ETIMEDOUT, ": is a pipe that its writer does not close");
    assert_pipe_read("", true, NULL, -ETIMEDOUT, ": is a pipe that its writer does not close");
    assert_pipe_read("", false, NULL, -ENODATA, ": is a pipe that nobody has written to");
}

static void test_a_fifo_that_nobody_writes_to_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(path, -ENODATA, ": is a pipe that nobody has written to");
    assert_int_equal(unlink(path), 0);
    write_file("", 0);
}

static void test_devices(void **state)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;

    (void)state;
    assert_int_equal(file_read_text("/dev/null", &text, &error), 0);
    assert_string_equal(text, "");
    assert_refused("/dev/zero", -EINVAL, ": is not a regular file");
}

static void assert_check(const char *name, int r, const char *sentence)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;

    assert_int_equal(file_read_regular(name, &text, &error), r);
    if (r < 0)
        assert_string_equal(error + strlen(name), sentence);
    else
        assert_string_equal(text, "x");
}

static void test_what_has_to_be_a_regular_file(void **state)
{
    (void)state;
    write_file("x", 1);
    assert_check(path, 0, NULL);
    write_file("", 0);
    assert_check(path, -ENODATA, ": is empty");
    assert_check("/dev/null", -EINVAL, ": is not a regular file");
    assert_check("/tmp", -EISDIR, ": cannot be read: Is a directory");
    assert_check("/nonexistent/x", -ENOENT, ": cannot be read: No such file or directory");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_check(path, -EINVAL, ": is not a regular file");
    assert_int_equal(unlink(path), 0);
    write_file("", 0);
}

/* ---- the files of a directory ---- */

static unsigned n_forks;

static void count_fork(void)
{
    n_forks++;
}

typedef struct Taken {
    char text[64]; /* of all, one after the other */
    unsigned n;
    int result;
} Taken;

static int take(const char *name, char *text, void *userdata, char **ret_error)
{
    Taken *taken = userdata;

    (void)name;
    (void)ret_error;
    strncat(taken->text, text, sizeof(taken->text) - 1 - strlen(taken->text));
    taken->n++;
    return taken->result;
}

static int make_directory(void **state)
{
    static char directory[] = "/tmp/trailstop-file-XXXXXX";

    strcpy(directory, "/tmp/trailstop-file-XXXXXX");
    *state = directory;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", (const char *)*state);
    return system(command);
}

static void add_file(const char *directory, const char *name, const char *text, size_t size)
{
    CLEANUP(freep) char *file = NULL;
    CLEANUP(fclosep) FILE *stream = NULL;

    assert_true(asprintf(&file, "%s/%s", directory, name) > 0);
    stream = fopen(file, "we");
    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
}

static void test_one_process_reads_all_files_of_a_directory(void **state)
{
    CLEANUP(freep) char *error = NULL;
    Taken taken = {0};

    add_file(*state, "b.conf", "b", 1);
    add_file(*state, "10.conf", "ten", 3);
    add_file(*state, "9.conf", "", 0);
    add_file(*state, ".hidden.conf", "hidden", 6);
    add_file(*state, "other", "other", 5);
    for (unsigned i = 0; i < 100; i++) {
        char name[16];

        snprintf(name, sizeof(name), "c%u.conf", i);
        add_file(*state, name, "", 0);
    }
    assert_int_equal(pthread_atfork(count_fork, NULL, NULL), 0);
    assert_int_equal(file_read_each(*state, ".conf", take, &taken, &error), 0);
    assert_string_equal(taken.text, "tenb");
    assert_int_equal(taken.n, 103);
    assert_int_equal(n_forks, 1);
    assert_int_equal(file_read_each("/nonexistent", ".conf", take, &taken, &error), 0);
    assert_int_equal(taken.n, 103);
    assert_null(error);
}

static void test_the_first_file_that_cannot_be_read_or_taken_ends_it(void **state)
{
    CLEANUP(freep) char *error = NULL, *dangling = NULL;
    Taken taken = {0}, refused = {.result = -EINVAL};

    add_file(*state, "a", "a", 1);
    assert_true(asprintf(&dangling, "%s/b", (const char *)*state) > 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    add_file(*state, "c", "c", 1);
    assert_int_equal(file_read_each(*state, "", take, &taken, &error), -ENOENT);
    assert_string_equal(taken.text, "a");
    assert_non_null(strstr(error, dangling));
    assert_int_equal(file_read_each(*state, "", take, &refused, &error), -EINVAL);
    assert_int_equal(refused.n, 1);
}

static void test_files_that_are_too_many_bytes_are_not_read_together(void **state)
{
    CLEANUP(freep) char *error = NULL;
    CLEANUP(freep) char *text = calloc(1, FILE_TEXT_MAX + 1);
    Taken taken = {0};

    assert_non_null(text);
    memset(text, 'x', FILE_TEXT_MAX + 1);
    add_file(*state, "a", text, FILE_TEXT_MAX);
    add_file(*state, "b", text, FILE_TEXT_MAX);
    assert_int_equal(file_read_each(*state, "", take, &taken, &error), 0);
    assert_int_equal(taken.n, 2);
    add_file(*state, "b", text, FILE_TEXT_MAX + 1);
    assert_int_equal(file_read_each(*state, "", take, &taken, &error), -EFBIG);
    assert_non_null(strstr(error, "/b: is larger than"));
    add_file(*state, "c", text, FILE_TEXT_MAX);
    add_file(*state, "d", text, FILE_TEXT_MAX);
    taken.n = 0;
    assert_int_equal(file_read_each(*state, "", take, &taken, &error), FILE_NOT_TOGETHER);
    assert_int_equal(taken.n, 0);
}

#define DIRECTORY_TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_size_is_bounded),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_a_pipe_is_read_to_its_end),
        cmocka_unit_test(test_a_pipe_without_end_is_not_waited_for),
        cmocka_unit_test(test_a_fifo_that_nobody_writes_to_is_not_waited_for),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_what_has_to_be_a_regular_file),
        DIRECTORY_TEST(test_one_process_reads_all_files_of_a_directory),
        DIRECTORY_TEST(test_the_first_file_that_cannot_be_read_or_taken_ends_it),
        DIRECTORY_TEST(test_files_that_are_too_many_bytes_are_not_read_together),
    };

    return cmocka_run_group_tests_name("file", tests, make_file, remove_file);
}
