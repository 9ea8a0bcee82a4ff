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

static Operators *make(const Config *config)
{
    char *error = NULL;
    Operators *operators;

    assert_int_equal(operators_new(config, &operators, &error), 0);
    return operators;
}

static bool includes(char **names, uid_t uid, gid_t gid, gid_t *groups, size_t n_groups)
{
    Peer peer = {.process = {uid, gid, 1}, .groups = groups, .n_groups = n_groups};
    const Config config = {.operators = names};
    Operators *operators = make(&config);
    bool included = operators_include(operators, NULL, &peer);

    operators_free(operators);
    return included;
}

static void test_root_and_the_daemons_user_always_may(void **state)
{
    char *nobody[] = {NULL};

    (void)state;
    assert_true(includes(nobody, 0, STRANGER, NULL, 0));
    assert_true(includes(nobody, getuid(), STRANGER, NULL, 0));
    assert_false(includes(nobody, STRANGER, STRANGER, NULL, 0));
}

static void test_root_may_also_where_the_daemon_is_another_user(void **state)
{
    char *nobody[] = {NULL};

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
    char *names[] = {daemon, NULL};
    const struct passwd *user = getpwnam(daemon);

    (void)state;
    assert_non_null(user);
    assert_true(includes(names, user->pw_uid, STRANGER, NULL, 0));
    assert_false(includes(names, STRANGER, user->pw_gid, NULL, 0));
}

static void test_takes_groups_by_name(void **state)
{
    char daemon[] = "@daemon";
    char *names[] = {daemon, NULL};
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
    char *names[] = {sync, NULL};
    const struct passwd *user = getpwnam(sync + 1);

    (void)state;
    if (!user || getgrnam(sync + 1))
        skip();
    assert_false(includes(names, user->pw_uid, STRANGER, NULL, 0));
}

static void test_an_unknown_name_is_nobody(void **state)
{
    char user[] = "no-such-user-here", group[] = "@no-such-group-here", empty[] = "@";
    char *names[] = {user, group, empty, NULL};

    (void)state;
    assert_false(includes(names, STRANGER, STRANGER, NULL, 0));
}

static void test_takes_users_and_groups_without_a_name_by_number(void **state)
{
    char user[] = "61234", group[] = "@4294967294", too_large[] = "4294967295",
         signed_[] = "+61235";
    char *users[] = {user, NULL}, *groups[] = {group, NULL};
    char *neither[] = {too_large, signed_, NULL};

    (void)state;
    assert_true(includes(users, STRANGER, STRANGER, NULL, 0));
    assert_false(includes(users, STRANGER + 1, STRANGER, NULL, 0));
    assert_true(includes(groups, STRANGER, 4294967294U, NULL, 0));
    assert_false(includes(groups, STRANGER, STRANGER, NULL, 0));
    assert_false(includes(neither, (uid_t)-1, STRANGER, NULL, 0));
    assert_false(includes(neither, STRANGER + 1, STRANGER, NULL, 0));
}

/* 65534 is what the kernel calls everybody from a user namespace that is not ours. */
static void test_the_overflow_user_never_may(void **state)
{
    char nobody[] = "nobody", group[] = "@daemon";
    char *names[] = {nobody, group, NULL};
    gid_t groups[1] = {getgrnam(group + 1)->gr_gid};

    (void)state;
    assert_false(includes(names, 65534, groups[0], groups, 1));
}

/* ---- targets with operators of their own ---- */

static char daemon_user[] = "daemon", bin_user[] = "bin", games_group[] = "@games";
static char *daemon_list[] = {daemon_user, NULL};
static char *own_list[] = {bin_user, games_group, NULL};
static char *empty_list[] = {NULL};

/* Not in the order of their names. */
static TargetConfig target_own = {.account.section.name = (char[]){"own"}, .operators = own_list},
                    target_usual = {.account.section.name = (char[]){"usual"}},
                    target_empty = {.account.section.name = (char[]){"empty"},
                                    .operators = empty_list},
                    target_both = {.account.section.name = (char[]){"both"}, .operators = own_list};
static TargetConfig *all_targets[] = {&target_own, &target_usual, &target_empty, &target_both};
static const Config with_targets = {
    .operators = daemon_list, .targets = all_targets, .n_targets = 4};

static uid_t uid_of(const char *name)
{
    const struct passwd *user = getpwnam(name);

    assert_non_null(user);
    return user->pw_uid;
}

static void test_a_target_may_name_its_own(void **state)
{
    const Peer usual = {.process = {uid_of(daemon_user), STRANGER, 1}};
    const Peer own = {.process = {uid_of(bin_user), STRANGER, 1}};
    const Peer member = {.process = {STRANGER, getgrnam(games_group + 1)->gr_gid, 1}};
    static const struct {
        const char *target;
        bool usual, own;
    } rows[] = {{NULL, true, false},   {"usual", true, false},  {"own", false, true},
                {"both", false, true}, {"empty", false, false}, {"unknown", true, false},
                {"", true, false}};
    Operators *operators = make(&with_targets);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(operators_include(operators, rows[i].target, &usual), rows[i].usual);
        assert_int_equal(operators_include(operators, rows[i].target, &own), rows[i].own);
        assert_int_equal(operators_include(operators, rows[i].target, &member), rows[i].own);
    }
    operators_free(operators);
}

static void test_root_and_the_daemons_user_may_on_every_target(void **state)
{
    static const char *names[] = {"usual", "own", "both", "empty"};
    const Peer root = {.process = {0, STRANGER, 1}}, self = {.process = {getuid(), STRANGER, 1}};
    const Peer nobody = {.process = {65534, getgrnam(games_group + 1)->gr_gid, 1}};
    Operators *operators = make(&with_targets);

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(operators_include(operators, names[i], &root));
        assert_true(operators_include(operators, names[i], &self));
        assert_false(operators_include(operators, names[i], &nobody));
    }
    operators_free(operators);
}

static void test_an_operator_of_any_target_is_one_of_any(void **state)
{
    const Peer root = {.process = {0, STRANGER, 1}};
    const Peer usual = {.process = {uid_of(daemon_user), STRANGER, 1}};
    const Peer own = {.process = {uid_of(bin_user), STRANGER, 1}};
    const Peer stranger = {.process = {STRANGER, STRANGER, 1}};
    const Peer nobody = {.process = {65534, getgrnam(games_group + 1)->gr_gid, 1}};
    Operators *operators = make(&with_targets);

    (void)state;
    assert_true(operators_include_any(operators, &root));
    assert_true(operators_include_any(operators, &usual));
    assert_true(operators_include_any(operators, &own));
    assert_false(operators_include_any(operators, &stranger));
    assert_false(operators_include_any(operators, &nobody));
    operators_free(operators);
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
        cmocka_unit_test(test_takes_users_and_groups_without_a_name_by_number),
        cmocka_unit_test(test_the_overflow_user_never_may),
        cmocka_unit_test(test_a_target_may_name_its_own),
        cmocka_unit_test(test_root_and_the_daemons_user_may_on_every_target),
        cmocka_unit_test(test_an_operator_of_any_target_is_one_of_any),
        cmocka_unit_test(test_asks_the_kernel_who_is_there),
        cmocka_unit_test(test_says_why_it_cannot_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
