/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/: whatever allocation or descriptor is missing, the caller gets an error, and what it
 * had is as it was. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/base/call-error.h"
#include "daemon/base/child.h"
#include "daemon/base/file.h"
#include "daemon/base/hangup.h"
#include "daemon/base/ini.h"
#include "daemon/base/loop.h"
#include "daemon/base/peer.h"
#include "daemon/base/stats.h"
#include "daemon/base/words.h"
#include "daemon/base/xml.h"
#include "tests/unit/every-call.h"

static char untouched[] = "untouched";

static bool is_out_of_something(int r)
{
    return r == -ENOMEM || r == -EMFILE;
}

/* ---- the loop, and what stands on it ---- */

static bool make_loop(void *data)
{
    Loop *loop = (Loop *)untouched;
    int r = loop_new(&loop);

    (void)data;
    if (r < 0) {
        assert_true(is_out_of_something(r));
        assert_ptr_equal(loop, untouched);
        return false;
    }
    loop_free(loop);
    return true;
}

static void test_loop(void **state)
{
    (void)state;
    every_allocation(make_loop, NULL);
    every_call(FAULT_DESCRIPTOR, make_loop, NULL);
}

static void on_gone(void *userdata)
{
    (void)userdata;
}

static void take_all_descriptors(struct rlimit *ret_before)
{
    int next = dup(STDIN_FILENO);
    struct rlimit none;

    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, ret_before), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = ret_before->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static bool watch_hangup(void *data)
{
    struct event_base *base = event_base_new(); /* which makes room for nothing yet */
    Hangup *hangup = (Hangup *)untouched;
    int r = base ? hangup_new(base, *(int *)data, on_gone, NULL, &hangup) : -ENOMEM;

    if (r < 0) {
        assert_true(is_out_of_something(r));
        assert_ptr_equal(hangup, untouched);
    } else {
        hangup_free(hangup);
    }
    if (base)
        event_base_free(base);
    return r >= 0;
}

static void test_hangup(void **state)
{
    Hangup *hangup = (Hangup *)untouched;
    struct rlimit before;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    every_allocation(watch_hangup, &fds[0]);
    take_all_descriptors(&before);
    assert_int_equal(hangup_new(loop_base(*state), fds[0], on_gone, NULL, &hangup), -EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_ptr_equal(hangup, untouched);
    hangup_free(NULL);
    close(fds[0]);
    close(fds[1]);
}

typedef struct Ended {
    unsigned calls;
    bool well;
} Ended;

static void on_ended(const ChildResult *result, void *userdata)
{
    Ended *ended = userdata;

    ended->calls++;
    ended->well =
        result->end == CHILD_ENDED && WIFEXITED(result->status) && WEXITSTATUS(result->status) == 3;
    if (result->end == CHILD_ENDED && result->output_size > 0)
        assert_memory_equal(result->output, "out\n", 4);
    ended->well = ended->well && result->output_size == 4;
}

static bool run_child(void *data)
{
    char *const words[] = {(char *)"sh", (char *)"-c", (char *)"echo out; echo err >&2; exit 3",
                           NULL};
    Loop *loop = data;
    struct event_base *base = event_base_new();
    Child *child = (Child *)untouched;
    Ended ended = {0};
    int r =
        base ? child_start(base, loop_timers(loop), words, USEC_PER_HOUR, on_ended, &ended, &child)
             : -ENOMEM;

    if (r < 0) {
        assert_true(is_out_of_something(r));
        assert_ptr_equal(child, untouched);
        assert_int_equal(ended.calls, 0);
    } else {
        while (ended.calls == 0)
            assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
        assert_int_equal(ended.calls, 1);
        child_free(child);
    }
    if (base)
        event_base_free(base);
    return r >= 0 && ended.well;
}

static void test_child(void **state)
{
    every_allocation(run_child, *state);
    every_call(FAULT_DESCRIPTOR, run_child, *state);
}

/* ---- what is read ---- */

static bool read_file(void *data)
{
    char *text = untouched, *error = NULL;
    int r = file_read_text(data, &text, &error);

    if (r < 0) {
        assert_ptr_equal(text, untouched);
        assert_true(error || r == -ENOMEM);
        free(error);
        return false;
    }
    assert_string_equal(text, "text\n");
    free(text);
    return true;
}

static bool list_files(void *data)
{
    char *names = untouched, *error = NULL;
    int r = file_list(data, ".conf", &names, &error);

    if (r < 0) {
        assert_ptr_equal(names, untouched);
        assert_true(error || r == -ENOMEM);
        free(error);
        return false;
    }
    assert_memory_equal(names, "a.conf\0b.conf\0", sizeof("a.conf\0b.conf\0"));
    free(names);
    return true;
}

static void write_file(const char *path)
{
    CLEANUP(fclosep) FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs("text\n", file) >= 0);
}

static void test_files(void **state)
{
    char directory[] = "/tmp/trailstop-base-XXXXXX", one[64], other[64], hidden[64], brief[64];

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(one, sizeof(one), "%s/a.conf", directory);
    snprintf(other, sizeof(other), "%s/b.conf", directory);
    snprintf(hidden, sizeof(hidden), "%s/.hidden.conf", directory);
    snprintf(brief, sizeof(brief), "%s/conf", directory);
    write_file(one);
    write_file(other);
    write_file(hidden); /* not listed, as the next */
    write_file(brief);
    every_allocation(read_file, one);
    every_allocation(list_files, directory);
    unlink(one);
    unlink(other);
    unlink(hidden);
    unlink(brief);
    rmdir(directory);
}

static bool read_missing_file(void *data)
{
    char *text = untouched, *error = NULL;
    int r = file_read_text(data, &text, &error);

    assert_ptr_equal(text, untouched);
    if (r == -ENOMEM)
        return false;
    assert_int_equal(r, -ENOENT);
    assert_non_null(error);
    free(error);
    return true;
}

static void test_sentences(void **state)
{
    char path[] = "/nonexistent/file";

    (void)state;
    every_allocation(read_missing_file, path);
}

static bool read_xml(void *data)
{
    static const char document[] = "<a><b>one</b><c>two &amp; three</c></a>";
    XmlField fields[] = {{.path = "a/b"}, {.path = "a/c"}};
    int r = xml_read(document, sizeof(document) - 1, fields, 2);

    (void)data;
    if (r < 0)
        assert_int_equal(r, -ENOMEM);
    else
        assert_string_equal(fields[1].text.data, "two & three");
    secret_text_clear(&fields[0].text);
    secret_text_clear(&fields[1].text);
    return r >= 0;
}

static int take_section(const char *name, unsigned line, void *userdata, char **ret_error)
{
    (void)name, (void)line, (void)ret_error;
    ++*(unsigned *)userdata;
    return 0;
}

static int take_property(const char *key, const char *value, unsigned line, void *userdata,
                         char **ret_error)
{
    (void)key, (void)value, (void)line, (void)ret_error;
    ++*(unsigned *)userdata;
    return 0;
}

static bool read_ini(void *data)
{
    static const IniHandler handler = {take_section, take_property, NULL};
    char *error = NULL;
    unsigned n = 0;
    int r = ini_parse(data, "file", &handler, &n, &error);

    if (r == -EINVAL)
        assert_string_equal(error, "file:3: the section's name lacks its closing ']'");
    else if (r < 0)
        assert_int_equal(r, -ENOMEM);
    free(error);
    return r == -EINVAL && n == 2;
}

static bool split_words(void *data)
{
    char **words = data;
    int r = words_split("one \"two three\" four", &words);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(words, data);
        return false;
    }
    assert_string_equal(words[1], "two three");
    words_free(words);
    return true;
}

static void test_parsers(void **state)
{
    char ini[] = "[a]\nb = c\n[d\n";

    (void)state;
    every_allocation(read_xml, NULL);
    every_allocation(read_ini, ini);
    every_allocation(split_words, untouched);
}

/* ---- what is shown ---- */

static bool show_error(void *data)
{
    CallError error = {0}, copy = {0};
    CLEANUP(json_object_putp) json_object *json = NULL;
    int r = call_error_set(&error, "Code", "a \xff message", 503, "request");

    (void)data;
    if (r == 0)
        r = call_error_copy(&copy, &error);
    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_true(!copy.code && !copy.message && !copy.request_id); /* not a part of it */
    } else {
        assert_string_equal(copy.message, "a \xEF\xBF\xBD message");
        json = call_error_to_json(&copy);
        if (json)
            assert_int_equal(json_object_object_length(json), 4);
    }
    call_error_clear(&error);
    call_error_clear(&copy);
    return json;
}

static bool show_stats(void *data)
{
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    (void)data;
    return json && stats_to_json(json) == 0;
}

static void test_what_is_shown(void **state)
{
    (void)state;
    every_allocation(show_error, NULL);
    every_allocation(show_stats, NULL);
}

static bool look_at_peer(void *data)
{
    Peer peer = {.n_groups = 7};
    int r = peer_read(*(int *)data, &peer);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_int_equal(peer.n_groups, 7);
        return false;
    }
    assert_int_equal(peer.process.pid, getpid());
    peer_clear(&peer);
    return true;
}

static void test_peer(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    if (getgroups(0, NULL) > 0) /* else there is nothing to copy */
        every_allocation(look_at_peer, &fds[0]);
    else
        assert_true(look_at_peer(&fds[0]));
    close(fds[0]);
    close(fds[1]);
}

static int set_up(void **state)
{
    return loop_new((Loop **)state);
}

static int tear_down(void **state)
{
    loop_free(*state);
    return 0;
}

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop),
        LOOP_TEST(test_hangup),
        LOOP_TEST(test_child),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_parsers),
        cmocka_unit_test(test_what_is_shown),
        cmocka_unit_test(test_peer),
    };

    return cmocka_run_group_tests_name("base-memory", tests, NULL, NULL);
}
