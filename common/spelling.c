/* SPDX-License-Identifier: Apache-2.0 */
#include "common/spelling.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#define LENGTH_MAX 40U /* of any name here */
#define SLIPS_MAX 2U
#define LETTERS_PER_SLIP 3U

static unsigned least(unsigned one, unsigned other)
{
    return one < other ? one : other;
}

/* Levenshtein's distance, in which two letters swapped count once; UINT_MAX for what is longer than
 * LENGTH_MAX. */
static unsigned distance_between(const char *one, const char *other)
{
    unsigned rows[3][LENGTH_MAX + 1];
    size_t n = strlen(one), m = strlen(other);

    if (n > LENGTH_MAX || m > LENGTH_MAX)
        return UINT_MAX;
    for (unsigned j = 0; j <= m; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        const unsigned *above = rows[(i - 1) % 3], *swapped = rows[(i + 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] =
                least(least(above[j], row[j - 1]) + 1, above[j - 1] + (one[i - 1] != other[j - 1]));
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                row[j] = least(row[j], swapped[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

void spelling_consider(Spelling *spelling, const char *candidate)
{
    size_t length = strlen(spelling->word);
    unsigned distance = distance_between(spelling->word, candidate);

    if (length >= LETTERS_PER_SLIP && strncmp(spelling->word, candidate, length) == 0)
        distance = least(distance, SLIPS_MAX);
    else if (distance > SLIPS_MAX || distance > length / LETTERS_PER_SLIP)
        return;
    if (!spelling->nearest || distance < spelling->distance) {
        spelling->nearest = candidate;
        spelling->distance = distance;
    }
}
