/* SPDX-License-Identifier: Apache-2.0 */
/* What the live display shows at a time: a table of what is followed, no wider and no higher than
 * the terminal, with a line of totals above where it is many. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "client/followed.h"
#include "client/options.h"

/* What lasts from one frame to the next; begins all zero. */
typedef struct FrameView {
    size_t columns; /* of the terminal */
    size_t layout;  /* that was taken; it does not go back to a wider one before a resize */
} FrameView;

/* Prints the lines, each with what clears the rest of its row, for a terminal of so many columns
 * and rows, of which the last is the cursor's. 0 or -ENOMEM. */
int frame_print(FrameView *view, const FollowedList *list, const Options *options, size_t columns,
                size_t rows, FILE *file, size_t *ret_lines);
