/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?": which of some names a word was meant to be. */
#pragma once

/* Begun as {.word = …}; then every candidate is shown to it. The strings are borrowed. */
typedef struct Spelling {
    const char *word;
    const char *nearest; /* NULL: no candidate is near */
    unsigned distance;   /* of the nearest */
} Spelling;

/* One slip (a letter wrong, missing, too many, or two swapped) in every three letters makes a
 * candidate near, but no more than two; and a word of three letters or more is near what it begins.
 * Of candidates equally near the first is kept. */
void spelling_consider(Spelling *spelling, const char *candidate);
