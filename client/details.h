/* SPDX-License-Identifier: Apache-2.0 */
/* "Name: value" lines about one thing, names aligned. What is not known is left out; values are
 * escaped. */
#pragma once

#include <stdint.h>

void details_print(const char *name, const char *value);   /* NULL: not known */
void details_print_int64(const char *name, int64_t value); /* negative: not known */
