/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/server/operators.h: who is at the other end, and who may stop and cancel. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <grp.h>
#include <pwd.h>

#include "daemon/server/operators.h"

/* Nobody's, as far as the system knows. */
#define STRANGER 61234U

static bool includes(char *const *names, uid_t uid, gid_t gid, gid_t *groups, size_t n_groups)
{
    Peer peer = {.process = {uid, gid, 1}, .groups = groups, .n_groups = n_groups};
    char *error = NULL;
    Operators *operators;
    bool included;

    assert_int_equal(operators_new(names, &operators, &error), 0);
    included = operators_include(operators, &peer);
    operators_free(operators);
    return included;
}

static void test_root_and_the_daemons_user_always_may(void **state)
{
    char *const nobody[] = {NULL};

    (void)state;
    assert_true(includes(nobody, 0, STRANGER, NULL, 0));
    assert_true(includes(nobody, getuid(), STRANGER, NULL, 0));
    assert_false(includes(nobody, STRANGER, STRANGER, NULL, 0));
}

static void test_root_may_also_where_the_daemon_is_another_user(void **state)
{
    char *const nobody[] = {NULL};

    (void)state;
    if (setresuid(STRANGER, (uid_t)-1, (uid_t)-1) < 0)
        skip();
    assert_true(includes(nobody, 0, STRANGER, NULL, 0));
    assert_true(includes(nobody, STRANGER, STRANGER, NULL, 0));
    assert_int_equal(setresuid(0, (uid_t)-1, (uid_t)-1), 0);
}

static void test_takes_users_by_name(void **state)
{
    char daemon[] = "daemon";
    char *const names[] = {daemon, NULL};
    const struct passwd *user = getpwnam(daemon);

    (void)state;
    assert_non_null(user);
    assert_true(includes(names, user->pw_uid, STRANGER, NULL, 0));
    assert_false(includes(names, STRANGER, user->pw_gid, NULL, 0));
}

static void test_takes_groups_by_name(void **state)
{
    char daemon[] = "@daemon";
    char *const names[] = {daemon, NULL};
    const struct group *group = getgrnam(daemon + 1);
    gid_t groups[2] = {STRANGER};

    (void)state;
    assert_non_null(group);
    groups[1] = group->gr_gid;
    assert_true(includes(names, STRANGER, groups[1], NULL, 0));
    assert_true(includes(names, STRANGER, STRANGER, groups, 2));
    assert_false(includes(names, STRANGER, STRANGER, groups, 1));
}

/* "sync" has no group of its own. */
static void test_takes_no_user_for_a_group(void **state)
{
    char sync[] = "@sync";
    char *const names[] = {sync, NULL};
    const struct passwd *user = getpwnam(sync + 1);

    (void)state;
    if (!user || getgrnam(sync + 1))
        skip();
    assert_false(includes(names, user->pw_uid, STRANGER, NULL, 0));
}

static void test_an_unknown_name_is_nobody(void **state)
{
    char user[] = "no-such-user-here", group[] = "@no-such-group-here", empty[] = "@";
    char *const names[] = {user, group, empty, NULL};

    (void)state;
    assert_false(includes(names, STRANGER, STRANGER, NULL, 0));
}

/* 65534 is what the kernel calls everybody from a user namespace that is not ours. */
static void test_the_overflow_user_never_may(void **state)
{
    char nobody[] = "nobody", group[] = "@daemon";
    char *const names[] = {nobody, group, NULL};
    gid_t groups[1] = {getgrnam(group + 1)->gr_gid};

    (void)state;
    assert_false(includes(names, 65534, groups[0], groups, 1));
}

static void test_asks_the_kernel_who_is_there(void **state)
{
    int sockets[2];
    Peer peer;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    assert_int_equal(peer_read(sockets[0], &peer), 0);
    assert_int_equal(peer.process.uid, getuid());
    assert_int_equal(peer.process.gid, getgid());
    assert_int_equal(peer.process.pid, getpid());
    assert_int_equal(peer.n_groups, getgroups(0, NULL));
    peer_clear(&peer);
    assert_null(peer.groups);
    close(sockets[0]);
    close(sockets[1]);
}

static void test_says_why_it_cannot_ask(void **state)
{
    Peer peer;

    (void)state;
    assert_int_equal(peer_read(-1, &peer), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_and_the_daemons_user_always_may),
        cmocka_unit_test(test_root_may_also_where_the_daemon_is_another_user),
        cmocka_unit_test(test_takes_users_by_name),
        cmocka_unit_test(test_takes_groups_by_name),
        cmocka_unit_test(test_takes_no_user_for_a_group),
        cmocka_unit_test(test_an_unknown_name_is_nobody),
        cmocka_unit_test(test_the_overflow_user_never_may),
        cmocka_unit_test(test_asks_the_kernel_who_is_there),
        cmocka_unit_test(test_says_why_it_cannot_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
