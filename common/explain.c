/* SPDX-License-Identifier: Apache-2.0 */
#include "common/explain.h"

#include <stdarg.h>

#include "common/memory.h"
#include "common/utf8.h"

int explain(char **ret_sentence, int error, const char *format, ...)
{
    CLEANUP(freep) char *sentence = NULL;
    char *repaired;
    va_list arguments;
    int r;

    va_start(arguments, format);
    r = string_vformat(&sentence, format, arguments);
    va_end(arguments);
    if (r < 0)
        return r;
    repaired = utf8_repair_line(sentence);
    if (!repaired)
        return -ENOMEM;
    *ret_sentence = repaired;
    return error;
}
