/* SPDX-License-Identifier: Apache-2.0 */
/* The program that shows what is longer than the terminal, chosen as systemctl chooses it:
 * $SYSTEMD_PAGER, $PAGER, else pager, less or more; none where the first that is set is empty or
 * "cat", where $TERM is "dumb", or with --no-pager. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/options.h"

/* Whether so many lines go through a pager. */
bool pager_is_wanted(const Options *options, size_t lines);

/* Shows the text until the pager ends; one that ends early has shown enough. False: none could be
 * started, and nothing was shown. */
bool pager_show(const char *text, size_t size);
