/* SPDX-License-Identifier: Apache-2.0 */
/* common/names.h: import ids, and AWS's ways to say "you may not". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/names.h"

static void test_folds_an_import_id(void **state)
{
    static const char *const texts[] = {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29",
                                        "EE54F254-6D13-4AC7-B1E5-3E6F1A7F0B29"};
    char id[IMPORT_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(import_id_parse(texts[i], strlen(texts[i]), id), 0);
        assert_string_equal(id, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29");
    }
}

static void test_refuses_other_ids(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } samples[] = {
        {"", 0},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2", 35},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b299", 37},
        {"ge54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {"Ge54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {"ee54f254_6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\n", 36},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\0", 36},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29\0", 37},
        {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b\xC3\xA9", 36},
    };
    char id[IMPORT_ID_SIZE] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(import_id_parse(samples[i].text, samples[i].size, id), -EINVAL);
    assert_string_equal(id, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folds_an_import_id),
        cmocka_unit_test(test_refuses_other_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
