/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/text-set.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/base/text-set.h"

#define MANY 100000U

static void test_each_text_is_added_once(void **state)
{
    CLEANUP(text_set_freep) TextSet *set = NULL;

    (void)state;
    assert_int_equal(text_set_new(&set), 0);
    assert_false(text_set_has(set, "a"));
    assert_int_equal(text_set_add(set, "a"), 1);
    assert_int_equal(text_set_add(set, ""), 1);
    assert_int_equal(text_set_add(set, "a"), 0);
    assert_int_equal(text_set_add(set, ""), 0);
    assert_true(text_set_has(set, "a"));
    assert_true(text_set_has(set, ""));
    assert_false(text_set_has(set, "b"));
    assert_int_equal(text_set_count(set), 2);
}

static void test_many_stay_in_their_order_and_cost_little(void **state)
{
    CLEANUP(text_set_freep) TextSet *set = NULL;
    char text[40];

    (void)state;
    assert_int_equal(text_set_new(&set), 0);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012x", i);
        assert_int_equal(text_set_add(set, text), 1);
        assert_int_equal(text_set_add(set, text), 0);
    }
    assert_int_equal(text_set_count(set), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012x", i);
        assert_string_equal(text_set_get(set, i), text);
        assert_true(text_set_has(set, text));
        assert_int_equal(text_set_find(set, text), i);
    }
    assert_in_range(text_set_size(set), MANY * 37, MANY * 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_text_is_added_once),
        cmocka_unit_test(test_many_stay_in_their_order_and_cost_little),
    };

    return cmocka_run_group_tests_name("text-set", tests, NULL, NULL);
}
