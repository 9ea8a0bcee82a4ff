/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of a credential_process: real commands of this host, a virtual clock. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "common/utf8.h"
#include "tests/unit/credentials-world.h"

#define KEYS "\"AccessKeyId\": \"ASIARTESTID\", \"SecretAccessKey\": \"5ecr3t\""

/* Waits until no child of this process is left, dead or alive. */
static void await_no_child(CredentialsWorld *world)
{
    siginfo_t info;

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        assert_true(event_base_loop(world->base, EVLOOP_ONCE) >= 0);
}

/* Runs the command as the default profile's credential_process. */
static void run(CredentialsWorld *world, const char *command)
{
    char config[4096];

    snprintf(config, sizeof(config), "[default]\ncredential_process = %s\n", command);
    world_write(WORLD_CONFIG, config);
    world->live = true;
    if (world->provider && world->credentials)
        world->provider->reject(world->provider, world->credentials);
    world_get(world);
    world->live = false;
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
    await_no_child(world);
}

static void test_answers(void **state)
{
    CredentialsWorld *world = *state;

    run(world, "echo '{\"Version\": 1, " KEYS "}'");
    world_assert_keys(world, "ASIARTESTID", "5ecr3t", NULL, NULL);
    run(world, "printf %s '{\"Version\": 1, " KEYS ", \"SessionToken\": \"t0k3n\","
               " \"Expiration\": \"2026-12-02T18:36:00+00:00\", \"AccountId\": \"1\"}'");
    world_assert_keys(world, "ASIARTESTID", "5ecr3t", "t0k3n", "2026-12-02T18:36:00Z");
    run(world, "echo '{\"Version\": 1, " KEYS ", \"SessionToken\": null,"
               " \"Expiration\": \"2026-12-02T18:36:00-01:30\"}'");
    world_assert_keys(world, "ASIARTESTID", "5ecr3t", NULL, "2026-12-02T20:06:00Z");
    assert_string_equal(world->provider->source, "credential_process of profile default");
}

static void test_expiration_in_any_form_of_iso_8601(void **state)
{
    static const char *const forms[][2] = {
        {"2026-12-02T18:36:00Z", "2026-12-02T18:36:00Z"},
        {"2026-12-02t18:36:00z", "2026-12-02T18:36:00Z"},
        {"2026-12-02 18:36:00+00:00", "2026-12-02T18:36:00Z"},
        {"2026-12-02T18:36:00+0000", "2026-12-02T18:36:00Z"},
        {"2026-12-02T18:36:00+01", "2026-12-02T17:36:00Z"},
        {"2026-12-02T18:36:00.25-0130", "2026-12-02T20:06:00.25Z"},
        {"2026-12-02T18:36:00,5Z", "2026-12-02T18:36:00.5Z"},
        {"2026-12-02T18:36Z", "2026-12-02T18:36:00Z"},
        {"20261202T183600Z", "2026-12-02T18:36:00Z"},
    };
    CredentialsWorld *world = *state;

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        char command[256];
        snprintf(command, sizeof(command),
                 "echo '{\"Version\": 1, " KEYS ", \"Expiration\": \"%s\"}'", forms[i][0]);
        run(world, command);
        world_assert_keys(world, "ASIARTESTID", "5ecr3t", NULL, forms[i][1]);
    }
}

static void test_answers_with_odd_but_clear_members(void **state)
{
    static const char *const members[] = {
        "\"Version\": 1.0",
        "\"Version\": 1e0",
        "\"Version\": 2, \"Version\": 1",
        "\"Version\": 1, \"SessionToken\": \"\", \"Expiration\": \"\"",
        "\"Version\": 1, \"Expiration\": null",
        "\"Version\": 1, \"AccessKeyId\": \"FORMER\"",
        "\"Version\": 1, \"x\": {\"a\": [[[[[[1]]]]]]}, \"x\": \"\\ud83d\"",
    };
    CredentialsWorld *world = *state;

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        char command[256];
        snprintf(command, sizeof(command), "printf %%s '{%s, " KEYS "}'", members[i]);
        run(world, command);
        world_assert_keys(world, "ASIARTESTID", "5ecr3t", NULL, NULL);
    }
}

static void test_answers_that_are_none(void **state)
{
    static const struct {
        const char *command, *with;
    } samples[] = {
        {"echo 'invalid json'", "credential_process of profile default: it answered: that is not"},
        {"echo x | cat", "no shell runs the command"},
        {"true", "that is not a JSON object"},
        {"echo '{" KEYS "}'", "Version is missing"},
        {"echo '{\"Version\": 2, " KEYS "}'", "Version is not 1"},
        {"echo '{\"Version\": \"1\", " KEYS "}'", "Version is not 1"},
        {"echo '{\"Version\": 1.5, " KEYS "}'", "Version is not 1"},
        {"echo '{\"Version\": true, " KEYS "}'", "Version is not 1"},
        {"echo '{\"Version\": null, " KEYS "}'", "Version is missing"},
        {"echo '{\"Version\": 1, " KEYS ", \"Expiration\": \"2026-12-02T18:36:00\"}'",
         "with a zone"},
        {"echo '{\"Version\": 1}'", "AccessKeyId is missing"},
        {"echo '{\"Version\": 1, \"AccessKeyId\": \"\"}'", "AccessKeyId is missing"},
        {"echo '{\"Version\": 1, \"AccessKeyId\": \"A\"}'", "SecretAccessKey is missing"},
        {"echo '{\"Version\": 1, " KEYS ", \"SessionToken\": 5}'", "SessionToken is not a string"},
        {"echo '{\"Version\": 1, " KEYS ", \"Expiration\": \"2026-12-02\"}'",
         "Expiration is not a time"},
        {"echo '{\"Version\": 1, " KEYS ", \"Expiration\": \"2026-12-02T18:36:00+24:00\"}'",
         "Expiration is not a time"},
    };

    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        run(*state, samples[i].command);
        world_assert_fails(*state, samples[i].with);
    }
}

static void test_failures(void **state)
{
    CredentialsWorld *world = *state;

    run(world, "/nonexistent 5ecr3t");
    world_assert_fails(world, "its command cannot be run: No such file or directory");
    assert_null(strstr(world->error, "/nonexistent"));
    run(world, "echo 'x");
    world_assert_fails(world, "left open");
    run(world, "sh -c 'echo 5ecr3t; echo \" not signed in \" >&2; exit 3'");
    world_assert_fails(world, "it failed with status 3: not signed in");
    assert_null(strstr(world->error, "in "));
    run(world, "sh -c 'exit 1'");
    world_assert_fails(world, "it failed with status 1");
    run(world, "sh -c 'kill -TERM $$'");
    world_assert_fails(world, "it was ended by signal 15 SIGTERM");
}

/* What it printed this time and before, and what it was given. */
static void test_errors_quote_no_secret(void **state)
{
    static const char keys[] = "{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": "
                               "\"wJalrXUtnFEMI/K7MDENG\", \"SessionToken\": \"FwoGZXIvYXdzEBYa\"}";
    CredentialsWorld *world = *state;
    char script[1024], command[512];

    snprintf(command, sizeof(command), "sh %s", world_path("token"));
    snprintf(script, sizeof(script),
             "echo '%s'\necho wJalrXUtnFEMI%%2FK7MDENG FwoGZXIvYXdzEBYa is old >&2\nexit 1\n",
             keys);
    world_write("token", script);
    run(world, command);
    world_assert_fails(world, "status 1: *********************** **************** is old");

    snprintf(script, sizeof(script), "echo '%s'\n", keys);
    world_write("token", script);
    run(world, command);
    world_assert_keys(world, "A", "wJalrXUtnFEMI/K7MDENG", "FwoGZXIvYXdzEBYa", NULL);
    world_write("token", "echo not FwoGZXIvYXdzEBYa again >&2; exit 1\n");
    run(world, command);
    world_assert_fails(world, "status 1: not **************** again");

    world_setenv("AWS_SECRET_ACCESS_KEY", "5ecr3t-of-the-environment");
    world_write("token", "echo $AWS_SECRET_ACCESS_KEY by http://me:pa55@proxy >&2; exit 1\n");
    run(world, command);
    world_assert_fails(world, "status 1: ************************* by http://*******@proxy");
}

static void test_errors_are_bounded(void **state)
{
    CredentialsWorld *world = *state;

    run(world, "sh -c 'head -c 200000 /dev/zero >&2; echo the end >&2; exit 1'");
    world_assert_fails(world, ": the end");
    run(world, "sh -c 'yes 0123456789 | head -c 200000 >&2; echo the end >&2; exit 1'");
    world_assert_fails(world, " 012345678the end");
    assert_in_range(strlen(world->error), 1000, 1200);
}

/* What is told goes to clients and into the journal. */
static void test_errors_are_utf8(void **state)
{
    CredentialsWorld *world = *state;

    run(world, "sh -c \"printf 'f\\\\374r niemand' >&2; exit 1\"");
    world_assert_fails(world, "it failed with status 1: f\xEF\xBF\xBDr niemand");
    /* Of three bytes each: the first that is kept is a whole one. */
    run(world, "sh -c 'yes \xE2\x82\xAC | head -c 8192 | tr -d \"\\\\n\" >&2; exit 1'");
    world_assert_fails(world, "it failed with status 1: \xE2\x82\xAC\xE2\x82\xAC");
    assert_true(utf8_is_valid(world->error, strlen(world->error)));
}

static void test_output_is_bounded(void **state)
{
    run(*state, "yes");
    world_assert_fails(*state, "it printed more than 65536 bytes");
}

static void test_inherits_nothing_but_the_environment(void **state)
{
    CLEANUP(closep) int inheritable = open("/etc/passwd", O_RDONLY);
    CLEANUP(closep) int input = dup(STDIN_FILENO);

    assert_true(inheritable >= 0 && input >= 0);
    assert_int_equal(dup2(inheritable, STDIN_FILENO), STDIN_FILENO);
    world_setenv("TRAILSTOP_TEST", "of the user");
    /* The fourth is what the shell reads that directory with. */
    run(*state, "sh -c 'set -- /proc/$$/fd/*; test $# -le 4; test -z \"$(cat)\" || exit 8;"
                " echo $# $TRAILSTOP_TEST >&2;"
                " read -r pid name state parent group rest </proc/$$/stat;"
                " test $group = $$ || exit 9; exit 3'");
    assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
    world_assert_fails(*state, "with status 3: 4 of the user");
}

static void test_ignores_no_signal(void **state)
{
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    run(*state, "sh -c 'kill -PIPE $$; exit 3'");
    world_assert_fails(*state, "it was ended by signal 13 SIGPIPE");
}

/* Starts a command that says when it runs and goes on for ever, with a child of its own. */
static pid_t start_endless(CredentialsWorld *world)
{
    CLEANUP(fclosep) FILE *file = NULL;
    char config[512];
    long pid = 0;

    unlink(world_path("token"));
    snprintf(config, sizeof(config),
             "[default]\ncredential_process = sh -c 'sleep 1000 & echo $! >%s.new;"
             " mv %s.new %s; wait'\n",
             world_path("token"), world_path("token"), world_path("token"));
    world_write(WORLD_CONFIG, config);
    world_connect(world, NULL, NULL);
    aws_credentials_get(world->provider, &world->wait);
    timers_run(world->timers);
    while (access(world_path("token"), F_OK) < 0)
        sched_yield();
    file = fopen(world_path("token"), "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pid), 1);
    return (pid_t)pid;
}

/* Dead, be it still a zombie of whoever reaps here. */
static bool is_dead(pid_t pid)
{
    CLEANUP(fclosep) FILE *file = NULL;
    char path[64], state = 'Z';

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    return !file || fscanf(file, "%*d %*s %c", &state) != 1 || state == 'Z' || state == 'X';
}

static char *last_error;

static void on_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    (void)userdata;
    assert_null(credentials);
    last_error = strdup(error->message);
}

static void test_time_is_limited(void **state)
{
    CredentialsWorld *world = *state;
    pid_t grandchild;

    world->wait = (AwsCredentialsWait){.done = on_done};
    grandchild = start_endless(world);
    world->boottime_usec += 60 * USEC_PER_SEC - 1;
    timers_run(world->timers);
    assert_null(last_error);
    world->boottime_usec++;
    timers_run(world->timers);
    assert_non_null(last_error);
    assert_non_null(strstr(last_error, "it took longer than 60 s"));
    free(TAKE(last_error));
    while (!is_dead(grandchild))
        sched_yield();
    await_no_child(world);
}

/* A process that never stops complaining is read piece by piece, and others have their turns
 * between the pieces. */
static void test_noise_leaves_the_loop_to_others(void **state)
{
    enum { NOISE = 1024 * 1024, PIECE = 4096, LEFT_AT_THE_END = 64 * 1024 };
    CredentialsWorld *world = *state;
    unsigned turns = 0;

    world->wait = (AwsCredentialsWait){.done = on_done};
    world_write(WORLD_CONFIG, "[default]\ncredential_process = "
                              "sh -c 'head -c 1048576 /dev/zero >&2; exit 1'\n");
    world_connect(world, NULL, NULL);
    aws_credentials_get(world->provider, &world->wait);
    timers_run(world->timers);
    for (; !last_error; turns++)
        assert_true(event_base_loop(world->base, EVLOOP_ONCE) >= 0);
    assert_true(turns >= (NOISE - LEFT_AT_THE_END) / PIECE);
    assert_non_null(strstr(last_error, "it failed with status 1"));
    free(TAKE(last_error));
    await_no_child(world);
}

/* What the process leaves running has no say in when it has ended. */
static void test_noise_after_the_end(void **state)
{
    run(*state, "sh -c 'for i in 1 2 3 4; do yes >&2 & done; exit 1'");
    world_assert_fails(*state, "it failed with status 1");
}

static void test_cancelled(void **state)
{
    CredentialsWorld *world = *state;
    pid_t grandchild;

    world->wait = (AwsCredentialsWait){.done = on_done};
    grandchild = start_endless(world);
    aws_credentials_cancel(&world->wait);
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;
    while (!is_dead(grandchild))
        sched_yield();
    await_no_child(world);
    assert_null(last_error);
    world_end_turn(world);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, credentials_world_setup, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_expiration_in_any_form_of_iso_8601),
        TEST(test_answers_with_odd_but_clear_members),
        TEST(test_answers_that_are_none),
        TEST(test_failures),
        TEST(test_errors_quote_no_secret),
        TEST(test_errors_are_bounded),
        TEST(test_errors_are_utf8),
        TEST(test_output_is_bounded),
        TEST(test_inherits_nothing_but_the_environment),
        TEST(test_ignores_no_signal),
        TEST(test_time_is_limited),
        TEST(test_noise_leaves_the_loop_to_others),
        TEST(test_noise_after_the_end),
        TEST(test_cancelled),
    };

    return cmocka_run_group_tests_name("process", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
