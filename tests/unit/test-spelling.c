/* SPDX-License-Identifier: Apache-2.0 */
/* common/spelling.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/spelling.h"

static const char *nearest(const char *word)
{
    static const char *const names[] = {"stop",     "wait", "jobs",   "job",
                                        "failures", "list", "cancel", "max-clients"};
    Spelling spelling = {.word = word};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        spelling_consider(&spelling, names[i]);
    return spelling.nearest;
}

static void test_slips(void **state)
{
    (void)state;
    assert_string_equal(nearest("stpo"), "stop");     /* swapped */
    assert_string_equal(nearest("sto"), "stop");      /* missing */
    assert_string_equal(nearest("stopp"), "stop");    /* too many */
    assert_string_equal(nearest("stap"), "stop");     /* wrong */
    assert_string_equal(nearest("jobss"), "jobs");    /* nearer than job */
    assert_string_equal(nearest("cnacle"), "cancel"); /* two of them in six letters */
    assert_string_equal(nearest("Max_clients"), "max-clients");
}

static void test_beginnings(void **state)
{
    (void)state;
    assert_string_equal(nearest("fail"), "failures");
    assert_string_equal(nearest("max"), "max-clients");
    assert_string_equal(nearest("job"), "job"); /* not jobs */
}

static void test_other_words(void **state)
{
    static const char *const words[] = {
        "",         "s",        "st",
        "halt",     "sink",     "lock",
        "canister", "nonsense", "stopstopstopstopstopstopstopstopstopstopstop"};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_null(nearest(words[i]));
}

static void test_names_that_are_too_long_to_look_at(void **state)
{
    Spelling spelling = {.word = "nonsense"};

    (void)state;
    spelling_consider(&spelling, "nonsensenonsensenonsensenonsensenonsensenonsense");
    assert_string_equal(spelling.nearest, "nonsensenonsensenonsensenonsensenonsensenonsense");
    spelling = (Spelling){.word = "nonsens"};
    spelling_consider(&spelling, "nonsnsenonsensenonsensenonsensenonsensenonsense");
    assert_null(spelling.nearest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_names_that_are_too_long_to_look_at),
    };

    return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
