/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: made, copied, and looked at. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* As asprintf(). 0 or -ENOMEM. */
__attribute__((format(printf, 2, 3))) int string_format(char **ret, const char *format, ...);
__attribute__((format(printf, 2, 0))) int string_vformat(char **ret, const char *format,
                                                         va_list arguments);

/* A copy; NULL of NULL. 0 or -ENOMEM. */
int string_copy(const char *string, char **ret);

/* Whether all of it is visible ASCII: no blank, no control character, and nothing beyond. */
bool string_is_visible(const char *string, size_t length);

/* The length without these characters at the end. */
size_t string_trim_end(const char *string, size_t length, const char *characters);

/* A number from minimum to maximum in one to ten decimal digits. False: it is not one. */
bool string_to_number(const char *string, unsigned minimum, unsigned maximum, unsigned *ret);
