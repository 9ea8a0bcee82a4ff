/* SPDX-License-Identifier: Apache-2.0 */
#include "common/string.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int string_format(char **ret, const char *format, ...)
{
    va_list arguments;
    int r;

    va_start(arguments, format);
    r = string_vformat(ret, format, arguments);
    va_end(arguments);
    return r;
}

/* In two passes, not by vasprintf(): that of glibc 2.36 writes behind its buffer where the text has
 * exactly 100 characters and there is no memory for the NUL. */
int string_vformat(char **ret, const char *format, va_list arguments)
{
    va_list counted;
    char *string;
    int length;

    va_copy(counted, arguments);
    length = vsnprintf(NULL, 0, format, counted);
    va_end(counted);
    string = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!string)
        return -ENOMEM;
    vsnprintf(string, (size_t)length + 1, format, arguments);
    *ret = string;
    return 0;
}

int string_copy(const char *string, char **ret)
{
    char *copy = string ? strdup(string) : NULL;

    if (string && !copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

bool string_is_visible(const char *string, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (string[i] <= ' ' || string[i] > '~')
            return false;
    return true;
}

size_t string_trim_end(const char *string, size_t length, const char *characters)
{
    while (length > 0 && memchr(characters, string[length - 1], strlen(characters)))
        length--;
    return length;
}

bool string_to_number(const char *string, unsigned minimum, unsigned maximum, unsigned *ret)
{
    size_t length = strspn(string, "0123456789");
    unsigned long number;

    if (length == 0 || length > 10 || string[length])
        return false;
    number = strtoul(string, NULL, 10);
    if (number < minimum || number > maximum)
        return false;
    *ret = (unsigned)number;
    return true;
}
