/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/every-call.h"

/* Of a member that an object has no room for, json-c loses the copy of its name. An object that we
 * lost would still be seen: this is about what only it knows. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:json_object_object_add_ex\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

void every_call(FaultKind kind, EveryCallPiece *piece, void *data)
{
    uint64_t at = 0, n_calls;
    bool succeeded;

    do {
        faults_begin(kind, ++at, 1);
        succeeded = piece(data);
        n_calls = faults_end(kind);
    } while (at <= n_calls);
    assert_true(at > 1);
    if (!succeeded)
        fail_msg("the piece fails where no call does");
}
