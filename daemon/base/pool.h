/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for small things that live for long and are made in the midst of a burst of others that do
 * not: credentials, accounts. malloc() puts each wherever there is room just then, and when the
 * burst is over every one of them keeps a page to itself resident. Here things of about one size
 * stand in blocks of their own, and a block goes when its last one does. */
#pragma once

#include <stddef.h>

void *pool_alloc(size_t size);       /* all zero, aligned for pointers; NULL: no memory */
char *pool_copy(const char *string); /* likewise */
void pool_free(void *memory);        /* takes NULL */
