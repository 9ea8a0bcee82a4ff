/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/credentials.h: what each source gives, and how a provider shares it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/journal.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/credentials/provider.h"
#include "daemon/credentials/settings.h"

#define N_WAITS 3U

DEFINE_CLEANUP(Timers, timers_free)

static char directory[] = "/tmp/trailstop-credentials-XXXXXX";
static char config_path[sizeof(directory) + 32];
static char credentials_path[sizeof(directory) + 32];
static char system_path[sizeof(directory) + 32];
static char journal_path[sizeof(directory) + 32];
static int real_stderr;

/* Stands still but for run(). */
static uint64_t now_usec = 1;

static uint64_t read_clock(void *userdata)
{
    (void)userdata;
    return now_usec;
}

static const Clock test_clock = {read_clock, read_clock, NULL};

static double half(void *userdata)
{
    (void)userdata;
    return 0.5;
}

static const Random test_random = {half, NULL};

typedef struct Fixture {
    Timers *timers;
    AwsSharedFiles *files;
    AwsProfileShare *share;
    AwsCredentialsProvider *provider;
    struct waiter {
        struct Fixture *fixture;
        AwsCredentialsWait wait;
        unsigned n_done;
        AwsCredentials *credentials; /* a reference */
        char *error;
        AwsCredentialsWait *cancels; /* from within done() */
        bool comes_back;             /* likewise */
    } waiters[N_WAITS];
} Fixture;

static void write_file(const char *path, const char *text)
{
    CLEANUP(fclosep) FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static int set_up_group(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(config_path, sizeof(config_path), "%s/config", directory);
    snprintf(credentials_path, sizeof(credentials_path), "%s/credentials", directory);
    snprintf(system_path, sizeof(system_path), "%s/aws-credentials", directory);
    snprintf(journal_path, sizeof(journal_path), "%s/journal", directory);
    /* The journal's lines go to standard error; it comes back for what the sanitizers say at the
     * end. */
    real_stderr = dup(STDERR_FILENO);
    if (real_stderr < 0 || !freopen(journal_path, "a", stderr))
        return -1;
    setvbuf(stderr, NULL, _IOLBF, 0);
    journal_open(JOURNAL_JSON, LOG_DEBUG);
    return setenv("AWS_CONFIG_FILE", config_path, 1) +
           setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
}

static int tear_down_group(void **state)
{
    (void)state;
    if (dup2(real_stderr, STDERR_FILENO) < 0 || close(real_stderr) < 0)
        return -1;
    unlink(journal_path);
    return rmdir(directory);
}

static int set_up(void **state)
{
    static const char *const variables[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EC2_METADATA_DISABLED",
        "CREDENTIALS_DIRECTORY",
    };
    Fixture *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || timers_new(&test_clock, &fixture->timers) < 0)
        return -1;
    for (size_t i = 0; i < N_WAITS; i++)
        fixture->waiters[i].fixture = fixture;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (unsetenv(variables[i]) < 0)
            return -1;
    *state = fixture;
    return truncate(journal_path, 0);
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    for (size_t i = 0; i < N_WAITS; i++) {
        aws_credentials_unref(fixture->waiters[i].credentials);
        free(fixture->waiters[i].error);
    }
    aws_credentials_provider_unref(fixture->provider);
    aws_profile_share_free(fixture->share);
    aws_shared_files_unref(fixture->files);
    timers_free(fixture->timers);
    free(fixture);
    unlink(config_path);
    unlink(credentials_path);
    unlink(system_path);
    return 0;
}

/* How often the journal has the event. */
static unsigned count_events(const char *event)
{
    CLEANUP(fclosep) FILE *file = fopen(journal_path, "re");
    char line[4096], field[64];
    unsigned n = 0;

    assert_non_null(file);
    snprintf(field, sizeof(field), "\"%s\"", event);
    while (fgets(line, sizeof(line), file)) {
        n += strstr(line, field) != NULL;
        assert_null(strstr(line, "5ecr3t"));
        assert_null(strstr(line, "t0k3n"));
        assert_null(strstr(line, "f0rm3r"));
        if (!strstr(line, "shared-files-warning"))
            assert_non_null(strstr(line, "\"audit-target\""));
    }
    return n;
}

static void make_provider(Fixture *fixture, const AwsSection *section)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(aws_settings_freep) AwsSettings *settings = NULL;
    CLEANUP(trust_freep) Trust *trust = NULL;
    CLEANUP(freep) char *error = NULL;
    const char *option;
    AwsSection complete = *section;
    AwsCredentialsContext context = {.timers = fixture->timers, .random = &test_random};

    assert_int_equal(trust_new(&trust), 0);
    assert_int_equal(aws_shared_files_new(&fixture->files), 0);
    assert_int_equal(aws_profile_share_new(fixture->timers, fixture->files, &fixture->share), 0);
    context.profiles = fixture->share;
    complete.region = (char *)"us-east-1";
    complete.use_fips_endpoint = complete.use_dualstack_endpoint = -1;
    assert_int_equal(aws_shared_files_read(fixture->files, &profiles), 0);
    assert_int_equal(aws_settings_resolve(&complete, &(AwsPurpose){.noun = "target"}, profiles,
                                          trust, &settings, &option, &error),
                     0);
    assert_int_equal(
        aws_credentials_provider_new(&context, "audit-target", settings, &fixture->provider), 0);
}

static void on_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    struct waiter *waiter = userdata;

    waiter->n_done++;
    aws_credentials_unref(waiter->credentials);
    free(TAKE(waiter->error));
    waiter->credentials = credentials ? aws_credentials_ref(credentials) : NULL;
    if (error) {
        assert_null(credentials);
        assert_string_equal(error->code, CALL_ERROR_CREDENTIALS);
        assert_int_equal(error->http_status, 0);
        waiter->error = strdup(error->message);
        assert_non_null(waiter->error);
    }
    if (waiter->cancels)
        aws_credentials_cancel(waiter->cancels);
    if (waiter->comes_back)
        aws_credentials_get(waiter->fixture->provider, &waiter->wait);
}

static void run(Fixture *fixture)
{
    timers_run(fixture->timers);
    now_usec += 2; /* before anybody asks in the next turn, this one's reading is to be forgotten */
}

static struct waiter *ask(Fixture *fixture, size_t i)
{
    struct waiter *waiter = &fixture->waiters[i];
    unsigned n_done = waiter->n_done;

    waiter->wait.done = on_done;
    waiter->wait.userdata = waiter;
    aws_credentials_get(fixture->provider, &waiter->wait);
    assert_int_equal(waiter->n_done, n_done);
    return waiter;
}

static const struct waiter *get(Fixture *fixture)
{
    const struct waiter *waiter = ask(fixture, 0);
    unsigned n_done = waiter->n_done;

    run(fixture);
    assert_int_equal(waiter->n_done, n_done + 1);
    assert_null(waiter->wait.provider);
    return waiter;
}

static void assert_keys(const struct waiter *waiter, const char *access_key_id, const char *secret,
                        const char *token)
{
    assert_null(waiter->error);
    assert_non_null(waiter->credentials);
    assert_string_equal(waiter->credentials->access_key_id, access_key_id);
    assert_string_equal(waiter->credentials->secret_access_key, secret);
    if (token) {
        assert_non_null(waiter->credentials->session_token);
        assert_string_equal(waiter->credentials->session_token, token);
    } else {
        assert_null(waiter->credentials->session_token);
    }
}

static void assert_fails(const struct waiter *waiter, const char *with)
{
    assert_null(waiter->credentials);
    assert_non_null(waiter->error);
    if (!strstr(waiter->error, with))
        fail_msg("\"%s\" does not say \"%s\"", waiter->error, with);
    assert_null(strstr(waiter->error, "5ecr3t"));
}

static void set_environment(const char *access_key_id, const char *secret, const char *token)
{
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", access_key_id, 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", secret, 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", token, 1), 0);
}

static void test_environment(void **state)
{
    set_environment(" AKID\n", "5ecr3t", "t0k3n");
    write_file(credentials_path, "[default]\naws_access_key_id = no\naws_secret_access_key = no\n");
    make_provider(*state, &(AwsSection){0});
    assert_keys(get(*state), "AKID", "5ecr3t", "t0k3n");
    assert_string_equal(((Fixture *)*state)->provider->source, "environment");
}

static void test_the_former_name_of_the_session_token(void **state)
{
    Fixture *fixture = *state;

    set_environment("AKID", "5ecr3t", "");
    assert_int_equal(setenv("AWS_SECURITY_TOKEN", "f0rm3r", 1), 0);
    make_provider(fixture, &(AwsSection){0});
    assert_keys(get(fixture), "AKID", "5ecr3t", "f0rm3r");
    set_environment("AKID", "5ecr3t", "t0k3n");
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    assert_keys(get(fixture), "AKID", "5ecr3t", "t0k3n");
    assert_int_equal(unsetenv("AWS_SECURITY_TOKEN"), 0);
}

static void test_the_former_name_of_a_profile_s_session_token(void **state)
{
    static const char keys[] = "[x]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n"
                               "aws_security_token = f0rm3r\n";
    char both[256];
    Fixture *fixture = *state;

    write_file(credentials_path, keys);
    make_provider(fixture, &(AwsSection){.profile = (char *)"x"});
    assert_keys(get(fixture), "AKID", "5ecr3t", "f0rm3r");
    snprintf(both, sizeof(both), "%saws_session_token = t0k3n\n", keys);
    write_file(credentials_path, both);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    assert_keys(get(fixture), "AKID", "5ecr3t", "t0k3n");
}

static void test_environment_without_token(void **state)
{
    set_environment("AKID", "5ecr3t", "");
    make_provider(*state, &(AwsSection){0});
    assert_keys(get(*state), "AKID", "5ecr3t", NULL);
}

static void test_blank_environment_is_unset(void **state)
{
    set_environment(" ", " ", "t0k3n");
    write_file(credentials_path,
               "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    make_provider(*state, &(AwsSection){0});
    assert_keys(get(*state), "AKID", "5ecr3t", NULL);
}

static void test_half_a_pair(void **state)
{
    set_environment("AKID", "", "t0k3n");
    write_file(credentials_path,
               "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    make_provider(*state, &(AwsSection){0});
    assert_fails(get(*state), "environment: an access key id without its secret");
}

static void test_keys_fit_into_a_header(void **state)
{
    set_environment("AKID", "5ecr3t", "t0k3n\nX: y");
    make_provider(*state, &(AwsSection){0});
    assert_fails(get(*state), "control characters");
}

static void test_profile_passes_over_environment(void **state)
{
    set_environment("no", "no", "no");
    write_file(config_path, "[profile audit]\naws_access_key_id = AKID\n"
                            "aws_secret_access_key = 5ecr3t\naws_session_token = t0k3n\n");
    make_provider(*state, &(AwsSection){.profile = (char *)"audit"});
    assert_keys(get(*state), "AKID", "5ecr3t", "t0k3n");
}

static void test_credentials_file_wins(void **state)
{
    write_file(config_path, "[default]\naws_access_key_id = no\naws_secret_access_key = no\n");
    write_file(credentials_path,
               "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    make_provider(*state, &(AwsSection){0});
    assert_keys(get(*state), "AKID", "5ecr3t", NULL);
}

/* The files are one profile, key by key. */
static void test_keys_split_over_the_files(void **state)
{
    write_file(config_path, "[default]\naws_access_key_id = no\naws_secret_access_key = 5ecr3t\n"
                            "aws_session_token = t0k3n\n");
    write_file(credentials_path, "[default]\naws_access_key_id = AKID\n");
    make_provider(*state, &(AwsSection){0});
    assert_keys(get(*state), "AKID", "5ecr3t", "t0k3n");
}

static void test_credential_of_systemd(void **state)
{
    Fixture *fixture = *state;
    char source[128];

    write_file(credentials_path, "[default]\naws_access_key_id = no\n"
                                 "aws_secret_access_key = no\n");
    write_file(system_path,
               "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    make_provider(fixture, &(AwsSection){0});
    assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
    snprintf(source, sizeof(source), "profile default in %s", system_path);
    assert_string_equal(fixture->provider->source, source);
}

static void test_none_at_all(void **state)
{
    Fixture *fixture = *state;

    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
    make_provider(fixture, &(AwsSection){0});
    assert_null(fixture->provider->source);
    assert_fails(get(fixture), "neither the environment nor profile default names any");
}

static void test_one_fetch_for_all(void **state)
{
    Fixture *fixture = *state;

    set_environment("AKID", "5ecr3t", "");
    make_provider(fixture, &(AwsSection){0});
    for (size_t i = 0; i < N_WAITS; i++)
        ask(fixture, i);
    run(fixture);
    for (size_t i = 0; i < N_WAITS; i++)
        assert_int_equal(fixture->waiters[i].n_done, 1);
    assert_ptr_equal(fixture->waiters[0].credentials, fixture->waiters[2].credentials);

    set_environment("AKID2", "5ecr3t2", "");
    assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_int_equal(count_events("credentials-obtained"), 1);
}

static void test_cancel(void **state)
{
    Fixture *fixture = *state;

    set_environment("AKID", "5ecr3t", "");
    make_provider(fixture, &(AwsSection){0});
    for (size_t i = 0; i < N_WAITS; i++)
        ask(fixture, i);
    aws_credentials_cancel(&fixture->waiters[0].wait);
    aws_credentials_cancel(&fixture->waiters[0].wait);
    fixture->waiters[1].cancels = &fixture->waiters[2].wait;
    run(fixture);
    assert_int_equal(fixture->waiters[0].n_done, 0);
    assert_int_equal(fixture->waiters[1].n_done, 1);
    assert_int_equal(fixture->waiters[2].n_done, 0);
}

static void test_who_comes_back_waits_for_the_next_turn(void **state)
{
    Fixture *fixture = *state;
    struct waiter *waiter = &fixture->waiters[0];

    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
    make_provider(fixture, &(AwsSection){0});
    ask(fixture, 0);
    waiter->comes_back = true;
    run(fixture);
    assert_int_equal(waiter->n_done, 1);
    run(fixture);
    assert_int_equal(waiter->n_done, 2);
    aws_credentials_cancel(&waiter->wait);
}

static void test_rejected_keys_are_read_again(void **state)
{
    Fixture *fixture = *state;
    AwsCredentials *old;

    write_file(credentials_path,
               "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    make_provider(fixture, &(AwsSection){0});
    old = aws_credentials_ref(get(fixture)->credentials);
    write_file(credentials_path,
               "[default]\naws_access_key_id = AKID2\naws_secret_access_key = 5ecr3t2\n");
    assert_keys(get(fixture), "AKID", "5ecr3t", NULL);

    fixture->provider->reject(fixture->provider, old);
    assert_keys(get(fixture), "AKID2", "5ecr3t2", NULL);
    assert_int_equal(count_events("credentials-obtained"), 2);

    /* Who used the old ones rejects them late: the new ones stay. */
    write_file(credentials_path, "[default]\n");
    fixture->provider->reject(fixture->provider, old);
    assert_keys(get(fixture), "AKID2", "5ecr3t2", NULL);
    aws_credentials_unref(old);
}

static void test_same_keys_again_are_no_news(void **state)
{
    Fixture *fixture = *state;

    set_environment("AKID", "5ecr3t", "t0k3n");
    make_provider(fixture, &(AwsSection){0});
    fixture->provider->reject(fixture->provider, get(fixture)->credentials);
    assert_keys(get(fixture), "AKID", "5ecr3t", "t0k3n");
    assert_int_equal(count_events("credentials-obtained"), 1);
}

static void test_a_streak_of_failures_is_one_event(void **state)
{
    static const char good[] = "[x]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n";
    Fixture *fixture = *state;

    write_file(credentials_path, good);
    make_provider(fixture, &(AwsSection){.profile = (char *)"x"});
    write_file(credentials_path, "[x]\naws_access_key_id = AKID\n");
    assert_fails(get(fixture), "without its secret");
    write_file(credentials_path, "[default]\n");
    assert_fails(get(fixture), "profile x is in none");
    assert_int_equal(count_events("credentials-failed"), 1);

    write_file(credentials_path, good);
    assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    write_file(credentials_path, "[x]\naws_access_key_id = AKID\n");
    assert_fails(get(fixture), "without its secret");
    assert_int_equal(count_events("credentials-failed"), 2);
    assert_int_equal(count_events("credentials-obtained"), 1);
}

static void test_a_file_that_cannot_be_read_leaves_its_last_good_reading_in_force(void **state)
{
    static const char *const bad[] = {"[x]\nno key\n", "[x", "[x]\n continued\n", "[x]\nno key\n"};
    Fixture *fixture = *state;

    write_file(config_path, "[profile x]\naws_access_key_id = AKID\n");
    write_file(credentials_path, "[x]\naws_secret_access_key = 5ecr3t\n");
    make_provider(fixture, &(AwsSection){.profile = (char *)"x"});
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        write_file(credentials_path, bad[i]);
        assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
        fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
        assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
        fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
        assert_int_equal(count_events("shared-files-warning"), i + 1);
    }
    /* The other file is read on. */
    write_file(config_path, "[profile x]\naws_access_key_id = AKID2\n");
    assert_keys(get(fixture), "AKID2", "5ecr3t", NULL);
    write_file(credentials_path, "[x]\naws_secret_access_key = 5ecr3t2\n");
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    assert_keys(get(fixture), "AKID2", "5ecr3t2", NULL);
    assert_int_equal(count_events("credentials-failed"), 0);
}

static void test_a_file_that_was_never_good_fails_what_needs_it(void **state)
{
    Fixture *fixture = *state;

    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKID", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "5ecr3t", 1), 0);
    write_file(config_path, "[default]\nhalf");
    make_provider(fixture, &(AwsSection){0});
    assert_keys(get(fixture), "AKID", "5ecr3t", NULL);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    assert_int_equal(unsetenv("AWS_ACCESS_KEY_ID"), 0);
    assert_fails(get(fixture), "config:2: ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_environment),
        TEST(test_the_former_name_of_the_session_token),
        TEST(test_the_former_name_of_a_profile_s_session_token),
        TEST(test_environment_without_token),
        TEST(test_blank_environment_is_unset),
        TEST(test_half_a_pair),
        TEST(test_keys_fit_into_a_header),
        TEST(test_profile_passes_over_environment),
        TEST(test_credentials_file_wins),
        TEST(test_keys_split_over_the_files),
        TEST(test_credential_of_systemd),
        TEST(test_none_at_all),
        TEST(test_one_fetch_for_all),
        TEST(test_cancel),
        TEST(test_who_comes_back_waits_for_the_next_turn),
        TEST(test_rejected_keys_are_read_again),
        TEST(test_same_keys_again_are_no_news),
        TEST(test_a_streak_of_failures_is_one_event),
        TEST(test_a_file_that_cannot_be_read_leaves_its_last_good_reading_in_force),
        TEST(test_a_file_that_was_never_good_fails_what_needs_it),
    };

    return cmocka_run_group_tests_name("credentials", tests, set_up_group, tear_down_group);
}
