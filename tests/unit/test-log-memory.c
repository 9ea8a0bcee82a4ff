/* SPDX-License-Identifier: Apache-2.0 */
/* The log, with whatever allocation or descriptor missing: a record is written whole, later or not
 * at all, and what follows one that broke off begins on a line of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/journal.h"
#include "daemon/base/outlet.h"
#include "tests/unit/every-call.h"

#define LIMIT (8U * 1024U * 1024U)
#define LARGE (3U * 1024U * 1024U) /* more than a datagram takes */

/* ---- the journal ---- */

typedef struct Log {
    FILE *file;
    const char *beginning, *end,
        *part; /* of a line that is whole; part: the field that is looked for */
} Log;

/* An entry may lose a field, or be lost whole. */
static bool log_entry(void *data)
{
    const Log *log = data;
    JournalEntry entry;
    char line[4096];
    bool whole = false;

    rewind(log->file);
    assert_int_equal(ftruncate(fileno(log->file), 0), 0);
    journal_begin(&entry, EVENT_OUTAGE_BEGAN);
    journal_add(&entry, "TRAILSTOP_TARGET", "a\n\"target\"");
    journal_add_error(&entry, &(CallError){(char *)"Code", (char *)"message", 503, (char *)"id"});
    journal_send(&entry, "Target %s is unreachable", "a");
    rewind(log->file);
    while (fgets(line, sizeof(line), log->file)) {
        size_t length = strlen(line), end = strlen(log->end);

        if (!strstr(line, log->beginning))
            fail_msg("%s", line);
        assert_true(length > end && strcmp(line + length - end, log->end) == 0);
        whole = strstr(line, log->part);
    }
    return whole;
}

static void every_entry(JournalFormat format, Log log)
{
    int errors = dup(STDERR_FILENO);

    log.file = tmpfile();
    assert_non_null(log.file);
    assert_int_equal(setvbuf(log.file, NULL, _IONBF, 0), 0);
    assert_true(dup2(fileno(log.file), STDERR_FILENO) >= 0);
    journal_open(format, LOG_INFO);
    every_allocation(log_entry, &log);
    journal_close(0);
    assert_true(dup2(errors, STDERR_FILENO) >= 0);
    close(errors);
    fclose(log.file);
}

static void test_entries_as_json(void **state)
{
    (void)state;
    every_entry(
        JOURNAL_JSON,
        (Log){.beginning = "{\"", .end = "\"}\n", .part = "\"TRAILSTOP_AWS_REQUEST_ID\":\"id\""});
}

static void test_entries_as_text(void **state)
{
    (void)state;
    every_entry(JOURNAL_TEXT,
                (Log){.beginning = "Z ", .end = "Target a is unreachable\n", .part = "Target a"});
}

/* ---- outlets ---- */

static size_t drain(int fd, char *data, size_t size)
{
    size_t got = 0;
    ssize_t n;

    while ((n = read(fd, data + got, size - got)) > 0)
        got += (size_t)n;
    return got;
}

static void test_after_a_line_that_broke_off(void **state)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    char *line = malloc(LARGE), *received = malloc(LARGE);
    size_t size;
    int fds[2];

    (void)state;
    assert_true(line && received);
    memset(line, 'x', LARGE);
    line[LARGE - 1] = '\n';
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(outlet_new_stream(fds[1], LIMIT, &outlet), 0);
    faults_begin(FAULT_MEMORY, 1, 1); /* there is no room to keep the rest of it */
    assert_false(outlet_send(outlet, line, LARGE));
    assert_int_equal(faults_end(FAULT_MEMORY), 1);
    assert_int_equal(outlet_take_lost(outlet), 1);
    assert_false(outlet_send(outlet, "kept\n", 5)); /* the pipe is full, of the line end too */
    size = drain(fds[0], received, LARGE);
    assert_true(size > 0 && size < LARGE && received[size - 1] == 'x');
    assert_false(outlet_flush(outlet));
    size = drain(fds[0], received, LARGE);
    assert_int_equal(size, strlen("\nkept\n"));
    assert_memory_equal(received, "\nkept\n", size);
    assert_int_equal(outlet_take_lost(outlet), 0);
    close(fds[0]);
    close(fds[1]);
    free(line);
    free(received);
}

static void test_lines_kept_for_a_reader_that_goes(void **state)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    char line[1024];
    unsigned n_kept = 0;
    int fds[2];

    (void)state;
    memset(line, 'x', sizeof(line));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(outlet_new_stream(fds[1], LIMIT, &outlet), 0);
    while (n_kept < 3)
        n_kept += !outlet_send(outlet, line, sizeof(line));
    close(fds[0]);
    assert_false(outlet_flush(outlet));
    assert_int_equal(outlet_take_lost(outlet), 3);
    close(fds[1]);
}

typedef struct Reader {
    int fd;
    char name[64];
    char *data;
} Reader;

/* Whether it got through at once. */
static bool send_large_datagram(void *data)
{
    const Reader *reader = data;
    Outlet *untouched = data, *outlet = untouched;
    char none[1];
    bool sent;

    if (outlet_new_datagrams(reader->name, LIMIT, &outlet) < 0) {
        assert_ptr_equal(outlet, untouched);
        return false;
    }
    sent = outlet_send(outlet, reader->data, LARGE);
    if (!sent && outlet_take_lost(outlet) == 0) {
        faults_end(FAULT_DESCRIPTOR);
        assert_false(outlet_flush(outlet)); /* later, then */
        assert_int_equal(recv(reader->fd, none, sizeof(none), 0), 0);
    } else if (sent) {
        assert_int_equal(recv(reader->fd, none, sizeof(none), 0), 0);
    }
    assert_int_equal(recv(reader->fd, none, sizeof(none), 0), -1); /* that one, and no other */
    outlet_free(outlet);
    return sent;
}

/* A reader that has not read for long takes no more, however large they are. */
static void assert_no_datagram_is_lost(const Reader *reader)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    unsigned n_sent = 0, n_read = 0;
    bool left = true;
    char none[1];

    assert_int_equal(outlet_new_datagrams(reader->name, 2 * (size_t)LARGE, &outlet), 0);
    while (outlet_send(outlet, reader->data, LARGE))
        n_sent++;
    while (left || recv(reader->fd, none, sizeof(none), MSG_PEEK) == 0) {
        assert_int_equal(recv(reader->fd, none, sizeof(none), 0), 0);
        n_read++;
        left = outlet_flush(outlet);
    }
    assert_int_equal(n_read, n_sent + 1);
    assert_int_equal(outlet_take_lost(outlet), 0);
}

static void test_large_datagrams(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    Reader reader = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    int length = snprintf(reader.name, sizeof(reader.name), "@trailstop-test-log-%d", getpid());

    (void)state;
    memcpy(address.sun_path + 1, reader.name + 1, (size_t)length - 1);
    assert_int_equal(bind(reader.fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
                     0);
    reader.data = malloc(LARGE);
    assert_non_null(reader.data);
    memset(reader.data, 'm', LARGE);
    every_call(FAULT_DESCRIPTOR, send_large_datagram, &reader);
    every_allocation(send_large_datagram, &reader);
    assert_no_datagram_is_lost(&reader);
    free(reader.data);
    close(reader.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_as_json),
        cmocka_unit_test(test_entries_as_text),
        cmocka_unit_test(test_after_a_line_that_broke_off),
        cmocka_unit_test(test_lines_kept_for_a_reader_that_goes),
        cmocka_unit_test(test_large_datagrams),
    };

    return cmocka_run_group_tests_name("log-memory", tests, NULL, NULL);
}
