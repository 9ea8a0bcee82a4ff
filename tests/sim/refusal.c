/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int refuse(Refusal *ret, unsigned status, const char *code, const char *format, ...)
{
    va_list arguments;

    ret->status = status;
    ret->code = code;
    va_start(arguments, format);
    vsnprintf(ret->message, sizeof(ret->message), format, arguments);
    va_end(arguments);
    return -EACCES;
}
