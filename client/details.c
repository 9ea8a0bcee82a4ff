/* SPDX-License-Identifier: Apache-2.0 */
#include "client/details.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/text.h"
#include "common/memory.h"

#define NAME_WIDTH 18

void details_print(const char *name, const char *value)
{
    CLEANUP(freep) char *escaped = NULL;

    if (!value)
        return;
    escaped = text_escape(value);
    printf("%*s: %s\n", NAME_WIDTH, name, escaped ? escaped : "(out of memory)");
}

void details_print_int64(const char *name, int64_t value)
{
    if (value >= 0)
        printf("%*s: %" PRId64 "\n", NAME_WIDTH, name, value);
}
