/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/outlet.h: nothing waits, order stays, and what is lost is counted. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/outlet.h"

#define LIMIT 8192U
#define OTHER_USER 65534

typedef struct Pair {
    int read_fd, write_fd;
    Outlet *outlet;
} Pair;

static Pair open_pipe(void)
{
    Pair pair;
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pair = (Pair){.read_fd = fds[0], .write_fd = fds[1]};
    assert_int_equal(outlet_new_stream(pair.write_fd, LIMIT, &pair.outlet), 0);
    return pair;
}

static Pair open_sockets(void)
{
    Pair pair;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    pair = (Pair){.read_fd = fds[0], .write_fd = fds[1]};
    assert_int_equal(outlet_new_stream(pair.write_fd, LIMIT, &pair.outlet), 0);
    return pair;
}

/* A pipe that may not be opened again, as that of a user who is not this process's. */
static Pair open_foreign_pipe(void)
{
    Pair pair;
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pair = (Pair){.read_fd = fds[0], .write_fd = fds[1]};
    assert_int_equal(seteuid(OTHER_USER), 0);
    assert_int_equal(outlet_new_stream(pair.write_fd, LIMIT, &pair.outlet), 0);
    assert_int_equal(seteuid(0), 0);
    return pair;
}

static void close_pair(Pair *pair)
{
    outlet_free(pair->outlet);
    close(pair->write_fd);
    if (pair->read_fd >= 0)
        close(pair->read_fd);
}

/* Numbered lines of the same size, until the outlet has lost three. How many it has not. */
static unsigned send_until_lost(Outlet *outlet)
{
    char line[1001];
    unsigned n = 0;
    uint64_t n_lost = 0;

    while (n_lost < 3) {
        snprintf(line, sizeof(line), "%0999u\n", n);
        (void)outlet_send(outlet, line, 1000);
        n_lost += outlet_take_lost(outlet);
        n += n_lost == 0;
    }
    return n;
}

/* Reads what is there, and checks that it is the lines from *n_read on. */
static void read_lines(int fd, char *partial, size_t *partial_size, unsigned *n_read)
{
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    for (;;) {
        ssize_t size = read(fd, partial + *partial_size, 1000 - *partial_size);

        if (size < 0) {
            assert_int_equal(errno, EAGAIN);
            return;
        }
        *partial_size += (size_t)size;
        if (*partial_size == 1000) {
            assert_int_equal(strtoul(partial, NULL, 10), *n_read);
            assert_int_equal(partial[999], '\n');
            *partial_size = 0;
            ++*n_read;
        }
    }
}

/* Whatever the descriptor is: with nobody reading, nothing waits; then all that was kept comes. */
static void assert_keeps_order(Pair *pair)
{
    char partial[1001] = {0};
    size_t partial_size = 0;
    unsigned n_read = 0, n = send_until_lost(pair->outlet);

    while (outlet_flush(pair->outlet))
        read_lines(pair->read_fd, partial, &partial_size, &n_read);
    read_lines(pair->read_fd, partial, &partial_size, &n_read);
    assert_int_equal(n_read, n);
    assert_int_equal(partial_size, 0);
    assert_true(outlet_send(pair->outlet, "more\n", 5));
    assert_int_equal(outlet_take_lost(pair->outlet), 0);
    assert_false(fcntl(pair->write_fd, F_GETFL) & O_NONBLOCK); /* it is others' too */
    close_pair(pair);
}

static void test_an_unread_pipe(void **state)
{
    Pair pair = open_pipe();

    (void)state;
    assert_keeps_order(&pair);
}

static void test_an_unread_pipe_of_another_user(void **state)
{
    Pair pair;

    (void)state;
    if (geteuid() != 0)
        skip();
    pair = open_foreign_pipe();
    assert_keeps_order(&pair);
}

static void test_an_unread_socket(void **state)
{
    Pair pair = open_sockets();

    (void)state;
    assert_keeps_order(&pair);
}

static void test_a_line_longer_than_the_limit_stays_whole(void **state)
{
    const size_t size = 100 * 1024 + LIMIT;
    CLEANUP(freep) char *line = malloc(size);
    CLEANUP(freep) char *read_line = malloc(size);
    Pair pair = open_pipe();
    size_t n_read = 0;

    (void)state;
    assert_non_null(line);
    assert_non_null(read_line);
    memset(line, 'x', size);
    line[size - 1] = '\n';
    assert_false(outlet_send(pair.outlet, line, size));
    assert_false(outlet_send(pair.outlet, "lost\n", 5));
    while (n_read < size) {
        ssize_t n = read(pair.read_fd, read_line + n_read, size - n_read);

        assert_true(n > 0);
        n_read += (size_t)n;
        (void)outlet_flush(pair.outlet);
    }
    assert_memory_equal(line, read_line, size);
    assert_int_equal(outlet_take_lost(pair.outlet), 1);
    close_pair(&pair);
}

static void test_a_reader_that_is_gone(void **state)
{
    Pair pair = open_pipe();

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    close(pair.read_fd);
    pair.read_fd = -1;
    assert_false(outlet_send(pair.outlet, "a\n", 2));
    assert_false(outlet_flush(pair.outlet));
    assert_int_equal(outlet_take_lost(pair.outlet), 1);
    close_pair(&pair);
}

static void test_a_regular_file_is_not_opened_again(void **state)
{
    CLEANUP(fclosep) FILE *file = tmpfile();
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    char text[16] = {0};

    (void)state;
    assert_non_null(file);
    assert_int_equal(write(fileno(file), "one\n", 4), 4);
    assert_int_equal(outlet_new_stream(fileno(file), LIMIT, &outlet), 0);
    assert_true(outlet_send(outlet, "two\n", 4));
    assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 8);
    assert_string_equal(text, "one\ntwo\n");
}

static void test_drain_does_not_wait_longer_than_asked(void **state)
{
    Pair pair = open_pipe();

    (void)state;
    (void)send_until_lost(pair.outlet);
    outlet_drain(pair.outlet, 1000);
    assert_true(outlet_flush(pair.outlet));
    close_pair(&pair);
}

/* ---- datagrams ---- */

static char socket_name[] = "/tmp/trailstop-outlet-XXXXXX";

static int bind_reader(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    size_t length = strlen(name);

    assert_true(fd >= 0);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    else
        unlink(name);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return fd;
}

static void assert_datagram(int fd, const char *expected)
{
    char text[64] = {0};

    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_datagrams_that_nobody_reads(void **state)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    CLEANUP(closep) int reader = bind_reader(socket_name);
    char line[32];
    unsigned n_sent = 0;

    (void)state;
    assert_int_equal(outlet_new_datagrams(socket_name, 20, &outlet), 0);
    while (outlet_send(outlet, line, (size_t)snprintf(line, sizeof(line), "%u", n_sent)))
        n_sent++; /* the one that is not taken is kept */
    assert_int_equal(outlet_take_lost(outlet), 0);
    assert_false(outlet_send(outlet, "too large for what is kept", 26));
    assert_int_equal(outlet_take_lost(outlet), 1);
    for (unsigned i = 0; i <= n_sent; i++) {
        snprintf(line, sizeof(line), "%u", i);
        assert_datagram(reader, line);
        (void)outlet_flush(outlet);
    }
    assert_false(outlet_flush(outlet));
}

static void test_datagrams_to_a_reader_that_comes_later_and_again(void **state)
{
    static const char *const names[] = {socket_name, "@trailstop-test-outlet"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(outlet_freep) Outlet *outlet = NULL;
        int reader;

        unlink(socket_name);
        assert_int_equal(outlet_new_datagrams(names[i], LIMIT, &outlet), 0);
        assert_false(outlet_send(outlet, "one", 3));
        reader = bind_reader(names[i]);
        assert_false(outlet_flush(outlet));
        assert_datagram(reader, "one");
        close(reader);
        assert_false(outlet_send(outlet, "two", 3));
        reader = bind_reader(names[i]);
        assert_true(outlet_send(outlet, "three", 5));
        assert_datagram(reader, "two");
        assert_datagram(reader, "three");
        close(reader);
        assert_int_equal(outlet_take_lost(outlet), 0);
    }
}

static void test_datagrams_to_a_reader_whose_former_socket_is_open_still(void **state)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    CLEANUP(closep) int former = bind_reader(socket_name), reader = -1;

    (void)state;
    assert_int_equal(outlet_new_datagrams(socket_name, LIMIT, &outlet), 0);
    assert_true(outlet_send(outlet, "one", 3));
    reader = bind_reader(socket_name);
    assert_true(outlet_send(outlet, "two", 3));
    assert_datagram(former, "one");
    assert_datagram(reader, "two");
}

static void test_a_datagram_waits_for_a_descriptor(void **state)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    CLEANUP(closep) int reader = bind_reader(socket_name);
    struct rlimit limit, none;

    (void)state;
    assert_int_equal(outlet_new_datagrams(socket_name, LIMIT, &outlet), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_false(outlet_send(outlet, "one", 3));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(outlet_flush(outlet));
    assert_datagram(reader, "one");
    assert_int_equal(outlet_take_lost(outlet), 0);
}

static void test_a_large_datagram_goes_as_a_sealed_file(void **state)
{
    const size_t size = 3U * 1024U * 1024U;
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    CLEANUP(closep) int reader = bind_reader(socket_name);
    CLEANUP(closep) int file = -1;
    CLEANUP(freep) char *data = malloc(size);
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
    char first, last;

    (void)state;
    assert_non_null(data);
    memset(data, 'm', size);
    data[size - 1] = '\n';
    assert_int_equal(outlet_new_datagrams(socket_name, LIMIT, &outlet), 0);
    assert_true(outlet_send(outlet, data, size));
    assert_int_equal(recvmsg(reader, &message, 0), 0);
    assert_non_null(CMSG_FIRSTHDR(&message));
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(file));
    assert_int_equal(lseek(file, 0, SEEK_END), size);
    assert_int_equal(pread(file, &first, 1, 0), 1);
    assert_int_equal(pread(file, &last, 1, (off_t)size - 1), 1);
    assert_int_equal(first, 'm');
    assert_int_equal(last, '\n');
    assert_int_equal(fcntl(file, F_GET_SEALS),
                     F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

static void test_what_is_not_an_address(void **state)
{
    static const char *const addresses[] = {"", "/", "@", "relative", "vsock:2:1"};
    char longer[200] = "/";
    Outlet *outlet;

    (void)state;
    memset(longer + 1, 'x', sizeof(longer) - 2);
    longer[sizeof(longer) - 1] = '\0';
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        assert_int_equal(outlet_new_datagrams(addresses[i], LIMIT, &outlet), -EINVAL);
    assert_int_equal(outlet_new_datagrams(longer, LIMIT, &outlet), -EINVAL);
}

static int set_up(void **state)
{
    int fd = mkstemp(socket_name);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(socket_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_unread_pipe),
        cmocka_unit_test(test_an_unread_pipe_of_another_user),
        cmocka_unit_test(test_an_unread_socket),
        cmocka_unit_test(test_a_line_longer_than_the_limit_stays_whole),
        cmocka_unit_test(test_a_reader_that_is_gone),
        cmocka_unit_test(test_a_regular_file_is_not_opened_again),
        cmocka_unit_test(test_drain_does_not_wait_longer_than_asked),
        cmocka_unit_test(test_datagrams_that_nobody_reads),
        cmocka_unit_test(test_datagrams_to_a_reader_that_comes_later_and_again),
        cmocka_unit_test(test_datagrams_to_a_reader_whose_former_socket_is_open_still),
        cmocka_unit_test(test_a_datagram_waits_for_a_descriptor),
        cmocka_unit_test(test_a_large_datagram_goes_as_a_sealed_file),
        cmocka_unit_test(test_what_is_not_an_address),
    };

    return cmocka_run_group_tests_name("outlet", tests, set_up, tear_down);
}
