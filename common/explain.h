/* SPDX-License-Identifier: Apache-2.0 */
/* Errors for people: a sentence, owned by who receives it, beside the negative errno for the
 * caller. */
#pragma once

#include <errno.h>
#include <stdarg.h>

#include "common/string.h"

/* Writes the sentence and returns error; -ENOMEM, and no sentence, where there is no memory for it.
 */
__attribute__((format(printf, 3, 4), unused)) static inline int
explain(char **ret_sentence, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int r = string_vformat(ret_sentence, format, arguments);
    va_end(arguments);
    return r < 0 ? r : error;
}
