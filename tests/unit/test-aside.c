/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/aside.h: work that hangs is left behind, and never waited for twice. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/aside.h"
#include "daemon/base/file.h"

static int answer(Aside *aside, const void *userdata)
{
    aside->size = strlen(userdata) + 1;
    memcpy(aside->data, userdata, aside->size);
    return 7;
}

/* Until there is a file of that name: no descriptor is left that could say so. */
static int hang(Aside *aside, const void *userdata)
{
    const char *path = userdata;

    (void)aside;
    while (access(path, F_OK) < 0)
        usleep(1000);
    return 0;
}

static int die(Aside *aside, const void *userdata)
{
    (void)aside, (void)userdata;
    return kill(getpid(), SIGKILL);
}

static int count_descriptors(Aside *aside, const void *userdata)
{
    int n = 0;

    (void)aside, (void)userdata;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static int blocked_signals(Aside *aside, const void *userdata)
{
    sigset_t now;

    (void)aside, (void)userdata;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, SIGTERM) + sigismember(&now, SIGHUP);
}

static char path[64];

static int setup(void **state)
{
    (void)state;
    aside_set_wait(100 * USEC_PER_MSEC);
    snprintf(path, sizeof(path), "/tmp/trailstop-aside-%d", (int)getpid());
    return 0;
}

static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Lets go what hangs, and waits until that is seen. */
static int let_go(void **state)
{
    Aside *aside = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    if (fd >= 0)
        close(fd);
    while (waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0) {
        /* The next one that begins forgets those that have ended. */
        if (aside_run("other", answer, "", 64, &aside) == 0)
            aside_free(TAKE(aside));
    }
    return unlink(path);
}

static int run(const char *name, AsideWork work, const void *userdata)
{
    CLEANUP(aside_freep) Aside *aside = NULL;
    int r = aside_run(name, work, userdata, 64, &aside);

    return r < 0 ? r : aside->result;
}

static void test_an_answer_comes_back(void **state)
{
    CLEANUP(aside_freep) Aside *aside = NULL;

    (void)state;
    assert_int_equal(aside_run("a", answer, "text", 64, &aside), 0);
    assert_int_equal(aside->result, 7);
    assert_int_equal(aside->size, sizeof("text"));
    assert_string_equal(aside->data, "text");
    assert_no_child();
}

static void test_work_that_dies_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(run("a", die, NULL), -EIO);
    assert_no_child();
}

static void test_it_has_no_descriptors_of_ours(void **state)
{
    int ours[2];

    (void)state;
    assert_int_equal(pipe(ours), 0);
    assert_int_equal(run("a", count_descriptors, NULL), 3);
    assert_true(run("/dev/fd/7", count_descriptors, NULL) > 3);
    close(ours[0]);
    close(ours[1]);
}

static void test_no_handler_of_ours_runs_in_it(void **state)
{
    sigset_t now;

    (void)state;
    assert_int_equal(run("a", blocked_signals, NULL), 2);
    sigprocmask(SIG_SETMASK, NULL, &now);
    assert_false(sigismember(&now, SIGTERM));
}

static void test_what_hangs_is_not_waited_for_again(void **state)
{
    (void)state;
    assert_int_equal(run("a", hang, path), -ETIMEDOUT);
    for (int i = 0; i < 1000; i++) /* would be waits of minutes, or processes without end */
        assert_int_equal(run("a", hang, path), -ETIMEDOUT);
    assert_int_equal(run("b", answer, "x"), 7);
}

static void test_what_came_back_is_asked_again(void **state)
{
    (void)state;
    assert_int_equal(run("a", hang, path), -ETIMEDOUT);
    let_go(state);
    assert_int_equal(run("a", answer, "x"), 7);
    assert_no_child();
    assert_int_equal(run("a", hang, path), -ETIMEDOUT);
}

static void test_so_many_may_hang_and_no_more(void **state)
{
    char name[] = "a";

    (void)state;
    for (unsigned i = 0; i < ASIDE_HANGING_MAX; i++, name[0]++)
        assert_int_equal(run(name, hang, path), -ETIMEDOUT);
    assert_int_equal(run(name, answer, "x"), -EBUSY);
    assert_int_equal(run("a", answer, "x"), -ETIMEDOUT);
}

static void test_it_needs_no_descriptor_for_the_process(void **state)
{
    int next = dup(STDIN_FILENO);
    struct rlimit before, none;

    (void)state;
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(run("a", answer, "text"), 7);
    assert_int_equal(run("hangs", hang, path), -ETIMEDOUT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void assert_refused(const char *name, int r, const char *begins)
{
    char *text = NULL, *names = NULL, *error = NULL;

    assert_int_equal(file_read_text(name, &text, &error), r);
    assert_null(text);
    assert_memory_equal(error, begins, strlen(begins));
    free(TAKE(error));
    assert_int_equal(file_list(name, "", &names, &error), r);
    assert_null(names);
    assert_memory_equal(error, begins, strlen(begins));
    free(error);
}

static void test_a_sentence_says_what_hangs(void **state)
{
    char name[] = "/tmp/a";

    (void)state;
    assert_int_equal(run(name, hang, path), -ETIMEDOUT);
    assert_refused(name, -ETIMEDOUT, "/tmp/a: cannot be read: its file system does not answer");
    for (unsigned i = 1; i < ASIDE_HANGING_MAX; i++) {
        name[5]++;
        assert_int_equal(run(name, hang, path), -ETIMEDOUT);
    }
    assert_refused("/tmp/other", -EBUSY, "/tmp/other: was not read, as reading 8 others hangs");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, let_go)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_answer_comes_back),
        TEST(test_work_that_dies_is_an_error),
        TEST(test_it_needs_no_descriptor_for_the_process),
        TEST(test_it_has_no_descriptors_of_ours),
        TEST(test_no_handler_of_ours_runs_in_it),
        TEST(test_what_hangs_is_not_waited_for_again),
        TEST(test_what_came_back_is_asked_again),
        TEST(test_so_many_may_hang_and_no_more),
        TEST(test_a_sentence_says_what_hangs),
    };

    return cmocka_run_group_tests_name("aside", tests, NULL, NULL);
}
