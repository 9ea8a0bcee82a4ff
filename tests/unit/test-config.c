/* SPDX-License-Identifier: Apache-2.0 */
/* Files, drop-ins and environment put together; each error with its file and line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/time.h"
#include "daemon/config/config-load.h"
#include "tests/unit/config-world.h"

static void test_defaults(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    const TargetConfig *target;

    (void)state;
    write_file(CONF, "");
    config = expect_loaded();

    assert_string_equal(config->socket, TRAILSTOP_SOCKET_DEFAULT);
    assert_string_equal(config->state_directory, "/var/lib/trailstop");
    assert_string_equal(config->operators[0], "@trailstop");
    assert_null(config->operators[1]);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->max_clients, 4096);
    assert_int_equal(config->max_clients_per_user, 1024);
    assert_int_equal(config->max_message, 64 * 1024);
    assert_int_equal(config->max_jobs, 100000);
    assert_int_equal(config->keep_finished_usec, 30 * USEC_PER_DAY);
    assert_int_equal(config->connect_timeout_usec, 3 * USEC_PER_SEC);
    assert_int_equal(config->call_timeout_usec, 30 * USEC_PER_SEC);
    assert_int_equal(config->max_attempts, 3);
    assert_int_equal(config->max_connections, 64);
    assert_int_equal(config->polling_first_usec, USEC_PER_SEC);
    assert_int_equal(config->polling_longest_usec, 30 * USEC_PER_SEC);
    assert_true(config->polling_growth == 1.5);
    assert_int_equal(config->polling_timeout_usec, USEC_PER_HOUR);

    assert_int_equal(config->n_targets, 1);
    target = config->targets[0];
    assert_string_equal(target->account.section.name, "default");
    assert_null(target->account.section.file);
    assert_null(target->account.aws.region);
    assert_int_equal(target->account.aws.use_fips_endpoint, -1);
    assert_int_equal(target->account.aws.use_dualstack_endpoint, -1);
    assert_true(target->stop_rate == 1);
    assert_true(target->read_rate == 10);
    assert_int_equal(target->account.max_attempts, 3);
    assert_string_equal(target->account.settings->region, "eu-west-1");
}

static void test_the_file_must_exist_when_named(void **state)
{
    (void)state;
    expect_error(CONF ": cannot be read: No such file or directory");
}

static void test_values_and_comments(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "# a comment\n"
                     "; another\n"
                     "\n"
                     "[daemon]   ; after a section\n"
                     "state-directory = /srv/x;y#z   ; only with a blank before\n"
                     "max-jobs=7 # another\n"
                     "  max-clients\t=\t5\t# indented\n"
                     "    # so is this\r\n"
                     "max-message = 1M\r\n"
                     "\t[ polling ]\n"
                     "first = 250ms\n"
                     "[target a.B_c-9]\n"
                     "region = us-east-1 ; a comment\n"
                     "profile =      ; nothing\n");
    write_file("config", "[default]\n");
    config = expect_loaded();

    assert_string_equal(config->state_directory, "/srv/x;y#z");
    assert_int_equal(config->max_jobs, 7);
    assert_int_equal(config->max_clients, 5);
    assert_int_equal(config->max_message, 1024 * 1024);
    assert_int_equal(config->polling_first_usec, 250 * USEC_PER_MSEC);
    assert_int_equal(config->n_targets, 1);
    assert_string_equal(config->targets[0]->account.section.name, "a.B_c-9");
    assert_string_equal(config->targets[0]->account.section.file, CONF);
    assert_int_equal(config->targets[0]->account.section.line, 12);
    assert_string_equal(config->targets[0]->account.aws.region, "us-east-1");
    assert_null(config->targets[0]->account.aws.profile);
}

static void test_errors_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[deamon]\n", CONF ":1: unknown section [deamon]; did you mean [daemon]?"},
        {"\n[logging]\n", CONF ":2: unknown section [logging]"},
        {"[daemon x]\n", CONF ":1: unknown section [daemon x]; did you mean [daemon]?"},
        {"[]\n", CONF ":1: unknown section []"},
        {"[Daemon]\n", CONF ":1: unknown section [Daemon]; did you mean [daemon]?"},
        {"[daemon]\nmax-client = 1\n",
         CONF ":2: unknown key \"max-client\" in [daemon]; did you mean \"max-clients\"?"},
        {"[daemon]\n\nstop-rate = 1\n", CONF ":3: unknown key \"stop-rate\" in [daemon]"},
        {"[target x]\n# one\nMax-Jobs = 1\n", CONF ":3: unknown key \"Max-Jobs\" in [target]"},
        {"[daemon]\nmax-jobs = many\n",
         CONF ":2: max-jobs: \"many\" is not a whole number from 1 to 4294967295"},
        {"[calls]\ntimeout = 3s\ntimeout = 11min\n",
         CONF ":3: timeout: \"11min\" is not a time span from 100ms to 10min"},
        {"[daemon]\nmax-message = 17M\n",
         CONF ":2: max-message: \"17M\" is not a size from 4K to 16M"},
        {"[polling]\ngrowth = 0.9\n", CONF ":2: growth: \"0.9\" is not a number from 1 to 10"},
        {"[target x]\nstop-rate = 1001 ; too many\n",
         CONF ":2: stop-rate: \"1001\" is not a number from 0.01 to 1000"},
        {"[daemon]\nsocket = here\n",
         CONF ":2: socket: \"here\" is not an absolute path of at most 107 bytes"},
        {"[daemon]\nmax-jobs =\n", CONF ":2: max-jobs: a value is missing"},
        {"[daemon]\nmax-jobs = ; none\n", CONF ":2: max-jobs: a value is missing"},
        {"[daemon]\nsocket = /run/\x01x\n", CONF ":2: socket: the value holds control characters"},
        {"[daemon]\nsocket = /run/\xffx\n", CONF ":2: socket: the value is not UTF-8"},
        {"[daemon]\n\x1b[31m = 1\n",
         CONF ":2: the key holds characters other than printable ASCII"},
        {"[d\xc3\xa6mon]\n",
         CONF ":1: the section's name holds characters other than printable ASCII"},
        {"[polling]\nfirst = 31s\n", CONF ":2: first (31s) is more than longest (30s)"},
        {"[polling]\nlongest = 100ms\n", CONF ":2: first (1s) is more than longest (100ms)"},
        {"[polling]\nfirst = 2s\nlongest = 1s\n", CONF ":3: first (2s) is more than longest (1s)"},
        {"[polling]\nlongest = 1s\nfirst = 2s\n", CONF ":3: first (2s) is more than longest (1s)"},
        {"[target]\n", CONF ":1: a target needs a name: [target NAME]"},
        {"\n[target   ]\n", CONF ":2: a target needs a name: [target NAME]"},
        {"[target *]\n", CONF ":1: the target's name \"*\" holds characters other than letters, "
                              "digits, '_', '.' and '-'"},
        {"[target a b]\n", CONF ":1: the target's name \"a b\" holds characters other than "
                                "letters, digits, '_', '.' and '-'"},
        {"[target a/b]\n", CONF ":1: the target's name \"a/b\" holds characters other than "
                                "letters, digits, '_', '.' and '-'"},
        {"[target "
         "12345678901234567890123456789012345678901234567890123456789012345]\n",
         CONF ":1: the target's name is longer than 64 characters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
}

static void test_what_names_a_directory_is_not_taken_for_a_file(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[daemon]\nsocket = /\n", CONF ":2: socket: \"/\" is not the path of a file"},
        {"[daemon]\nmetrics-socket = /run/x/\n",
         CONF ":2: metrics-socket: \"/run/x/\" is not the path of a file"},
        {"[target x]\n\nca-bundle = /etc/.\n",
         CONF ":3: ca-bundle: \"/etc/.\" is not the path of a file"},
        {"[queue x]\nca-bundle = /..\n", CONF ":2: ca-bundle: \"/..\" is not the path of a file"},
    };
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
    write_file(CONF, "[daemon]\nsocket = /run/...\nstate-directory = /var/x/\n");
    config = expect_loaded();
    assert_string_equal(config->socket, "/run/...");
    assert_string_equal(config->state_directory, "/var/x/");
}

static void test_grammar_errors_name_the_line(void **state)
{
    static const char *const texts[] = {
        "[daemon]\nsocket\n",   /* no '=' */
        "[daemon]\n= /run/x\n", /* no key */
        "\nsocket = /run/x\n",  /* no section */
        "[calls]\n[daemon\n",   /* no ']' */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Config *config = NULL;
        CLEANUP(freep) char *error = NULL;

        write_file(CONF, texts[i]);
        assert_int_equal(config_load(CONF, NULL, note_warning, &config, &error), -EINVAL);
        assert_int_equal(strncmp(error, CONF ":2: ", strlen(CONF ":2: ")), 0);
        assert_null(strchr(error, '\n'));
    }
}

static void test_a_long_target_name(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "[target 1234567890123456789012345678901234567890123456789012345678901234]\n");
    config = expect_loaded();

    assert_int_equal(strlen(config->targets[0]->account.section.name), 64);
}

static void test_later_wins(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "[daemon]\nmax-jobs = 1\nmax-jobs = 2\nmax-clients = 10\n"
                     "operators = one two\n"
                     "[target a]\nregion = us-east-1\nstop-rate = 5\n"
                     "[daemon]\nmax-clients = 11\n");
    write_file(DROP_IN("10-b.conf"), "[daemon]\nmax-jobs = 3\n"
                                     "[target b]\nregion = eu-central-1\n"
                                     "[target a]\nregion = us-west-2\n");
    write_file(DROP_IN("9.conf"), "[daemon]\nmax-jobs = 4\noperators = three\n");
    write_file(DROP_IN("10-a.conf"), "[daemon]\nmax-jobs = 5\nmax-clients-per-user = 6\n");
    write_file(DROP_IN(".hidden.conf"), "[nonsense]\n");
    write_file(DROP_IN("note.txt"), "[nonsense]\n");
    write_file(DROP_IN("9.conf~"), "[nonsense]\n");
    config = expect_loaded();

    assert_int_equal(config->max_jobs, 4); /* "10-a" < "10-b" < "9" */
    assert_int_equal(config->max_clients, 11);
    assert_int_equal(config->max_clients_per_user, 6);
    assert_string_equal(config->operators[0], "three");
    assert_null(config->operators[1]);

    assert_int_equal(config->n_targets, 2);
    assert_string_equal(config->targets[0]->account.section.name, "a");
    assert_string_equal(config->targets[0]->account.aws.region, "us-west-2");
    assert_true(config->targets[0]->stop_rate == 5);
    assert_string_equal(config->targets[0]->account.section.file, CONF);
    assert_int_equal(config->targets[0]->account.section.line, 6);
    assert_ptr_equal(config_find_target(config, "b"), config->targets[1]);
    assert_string_equal(config->targets[1]->account.section.file, DROP_IN("10-b.conf"));
    assert_int_equal(config->targets[1]->account.section.line, 3);
    assert_null(config_find_target(config, "default"));
}

static void test_errors_in_drop_ins(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "[polling]\nfirst = 2s\n");
    write_file(DROP_IN("a.conf"), "[polling]\n\nlongest = 1s\n");
    expect_error(DROP_IN("a.conf") ":3: first (2s) is more than longest (1s)");

    write_file(DROP_IN("b.conf"), "[polling]\nlongest = 3s\n[calls]\nretries = 1\n");
    expect_error(DROP_IN("b.conf") ":4: unknown key \"retries\" in [calls]");

    /* What is wrong at first may be put right by a later file. */
    write_file(DROP_IN("b.conf"), "[polling]\nlongest = 3s\n");
    config = expect_loaded();
    assert_int_equal(config->polling_longest_usec, 3 * USEC_PER_SEC);
}

/* A step each for opening a file, a line, the end of a file, what is behind the files, a target. */
static void test_it_is_loaded_in_small_steps(void **state)
{
    CLEANUP(config_loader_freep) ConfigLoader *loader = NULL;
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(freep) char *error = NULL;
    unsigned n_steps = 0;

    (void)state;
    write_file(CONF, "[target a]\nregion = eu-west-1\n[target b]\nregion = eu-west-1\n");
    write_file(CONF ".d/a.conf", "[target c]\nregion = eu-west-1");
    assert_int_equal(config_loader_new(CONF, NULL, note_warning, &loader, &error), 0);
    while (config_loader_step(loader, &error) > 0)
        n_steps++;
    assert_null(error);
    config = config_loader_take(loader);
    assert_int_equal(config->n_targets, 3);
    assert_int_equal(n_steps, (1 + 5 + 1) + (1 + 2 + 1) + 1 + 1 + 3 + 1);
    for (unsigned n = config->n_targets; n > 1; n--)
        assert_true(config_drop_target(config));
    assert_false(config_drop_target(config));
    assert_false(config_drop_target(config));
}

static void test_no_drop_in_directory(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "");
    assert_int_equal(rmdir(CONF ".d"), 0);
    config = expect_loaded();
    assert_int_equal(config->n_targets, 1);
}

static void test_state_directory_of_systemd(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(config_freep) Config *empty = NULL;
    CLEANUP(config_freep) Config *own = NULL;

    (void)state;
    write_file(CONF, "");
    setenv("STATE_DIRECTORY", "/var/lib/private/one:/var/lib/two", 1);
    config = expect_loaded();
    assert_string_equal(config->state_directory, "/var/lib/private/one");

    setenv("STATE_DIRECTORY", "", 1);
    empty = expect_loaded();
    assert_string_equal(empty->state_directory, "/var/lib/trailstop");

    setenv("STATE_DIRECTORY", "relative", 1);
    expect_error("$STATE_DIRECTORY: state-directory: \"relative\" is not an absolute path of at "
                 "most 4000 bytes");

    write_file(CONF, "[daemon]\nstate-directory = /srv/own\n");
    own = expect_loaded();
    assert_string_equal(own->state_directory, "/srv/own");
}

static void test_changes_that_need_a_restart(void **state)
{
    CLEANUP(config_freep) Config *running = NULL;
    CLEANUP(config_freep) Config *reloadable = NULL;
    CLEANUP(config_freep) Config *fixed = NULL;

    (void)state;
    write_file(CONF, "");
    running = expect_loaded();

    write_file(CONF, "[daemon]\nmax-jobs = 1\nmax-message = 8K\noperators =\n"
                     "[polling]\nfirst = 2s\n[target x]\n");
    reloadable = expect_loaded();
    assert_null(config_keep_fixed(running, reloadable));

    write_file(CONF, "[daemon]\nsocket = /run/other\n");
    fixed = expect_loaded();
    assert_string_equal(config_keep_fixed(running, fixed), "socket");
    assert_string_equal(fixed->socket, TRAILSTOP_SOCKET_DEFAULT); /* as it is running */
}

static void test_json(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(json_object_putp) json_object *json = NULL;
    json_object *targets, *target;
    const char *text;
    const char *head;
    const char *string;
    int64_t seconds;
    bool fips;
    json_object *rate;

    (void)state;
    write_file(CONF, "[daemon]\nstate-directory = /srv/state\noperators = audit @wheel\n"
                     "[polling]\nfirst = 250ms\n"
                     "[target audit]\nregion = us-east-1\nendpoint-url = http://127.0.0.1:1\n"
                     "duration = 1h\nuse-fips-endpoint = no\nstop-rate = 2.5\n");
    config = expect_loaded();
    json = config_to_json(config, false);

    assert_non_null(json);
    text = json_text(json, NULL);
    head = "{\"daemon\":{\"socket\":\"/run/trailstop/io.trailstop.Imports\","
           "\"metrics-socket\":\"/run/systemd/report/io.trailstop.Imports\","
           "\"state-directory\":\"/srv/state\",\"operators\":[\"audit\",\"@wheel\"],"
           "\"log-level\":\"info\",\"max-clients\":4096,\"max-clients-per-user\":1024,"
           "\"max-message\":65536,\"max-jobs\":100000,\"keep-finished\":2592000},"
           "\"calls\":{\"connect-timeout\":3,\"timeout\":30,\"max-attempts\":3,"
           "\"max-connections\":64},"
           "\"polling\":{\"first\":0.25,\"longest\":30,\"growth\":1.5,\"timeout\":3600,\"settle\":"
           "300},"
           "\"targets\":[{\"name\":\"audit\",\"region\":\"us-east-1\","
           "\"endpoint\":\"http://127.0.0.1:1\",\"stsEndpoint\":\"";
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    assert_null(strstr(text, "a-secret-of-the-test"));

    assert_true(json_object_object_get_ex(json, "targets", &targets));
    target = json_object_array_get_idx(targets, 0);
    assert_int_equal(json_get_string(target, "profile", &string), 1);
    assert_string_equal(string, "default");
    assert_int_equal(json_get_string(target, "credentials", &string), 1);
    assert_string_equal(string, "environment");
    assert_int_equal(json_get_string(target, "endpoint-url", &string), 1);
    assert_string_equal(string, "http://127.0.0.1:1");
    assert_int_equal(json_get_int64(target, "duration", &seconds), 1);
    assert_int_equal(seconds, 3600);
    assert_int_equal(json_get_bool(target, "use-fips-endpoint", &fips), 1);
    assert_false(fips);
    assert_false(json_object_object_get_ex(target, "use-dualstack-endpoint", NULL));
    assert_false(json_object_object_get_ex(target, "role-arn", NULL));
    assert_false(json_object_object_get_ex(target, "max-attempts", NULL));
    assert_true(json_object_object_get_ex(target, "stop-rate", &rate));
    assert_true(json_object_get_double(rate) == 2.5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_the_file_must_exist_when_named),
        TEST(test_values_and_comments),
        TEST(test_errors_name_file_and_line),
        TEST(test_what_names_a_directory_is_not_taken_for_a_file),
        TEST(test_grammar_errors_name_the_line),
        TEST(test_a_long_target_name),
        TEST(test_later_wins),
        TEST(test_errors_in_drop_ins),
        TEST(test_it_is_loaded_in_small_steps),
        TEST(test_no_drop_in_directory),
        TEST(test_state_directory_of_systemd),
        TEST(test_changes_that_need_a_restart),
        TEST(test_json),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
