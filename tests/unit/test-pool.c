/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/pool.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/pool.h"
#include "tests/unit/every-call.h"

#define N 20000U /* blocks of several */

static size_t size_of(size_t i)
{
    return i % 300; /* with a block to itself, too */
}

static void test_things_of_any_size_are_zero_aligned_and_apart(void **state)
{
    unsigned char **things = calloc(N, sizeof(*things));

    (void)state;
    assert_non_null(things);
    for (size_t i = 0; i < N; i++) {
        things[i] = pool_alloc(size_of(i));
        assert_non_null(things[i]);
        assert_int_equal((uintptr_t)things[i] % sizeof(void *), 0);
        for (size_t k = 0; k < size_of(i); k++)
            assert_int_equal(things[i][k], 0);
        memset(things[i], (int)(i % 251), size_of(i));
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < size_of(i); k++)
            assert_int_equal(things[i][k], i % 251);
        pool_free(things[i]);
    }
    free(things);
}

static void test_room_that_is_free_is_used_again(void **state)
{
    void *first = pool_alloc(100), *second = pool_alloc(100), *third;

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    memset(first, 1, 100);
    pool_free(first);
    third = pool_alloc(97);
    assert_ptr_equal(third, first);
    assert_int_equal(((char *)third)[96], 0);
    pool_free(second);
    pool_free(third);
    pool_free(NULL);
}

static bool copy(void *data)
{
    char *text = pool_copy(data);

    if (!text)
        return false;
    assert_string_equal(text, data);
    pool_free(text);
    return true;
}

static void test_without_memory_there_is_none(void **state)
{
    char text[] = "AKIDEXAMPLE";

    (void)state;
    every_allocation(copy, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_things_of_any_size_are_zero_aligned_and_apart),
        cmocka_unit_test(test_room_that_is_free_is_used_again),
        cmocka_unit_test(test_without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
