/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, and what they are when they have been read. */
#pragma once

#include <stddef.h>

#define DEPTH 4U

struct sample {
    const char *text;
    size_t size;
    const char *expected; /* as json_text() writes it */
};
#define SAMPLE(text, expected)                                                                     \
    {                                                                                              \
        text, sizeof(text) - 1, expected                                                           \
    }
