/* SPDX-License-Identifier: Apache-2.0 */
#include "client/option-table.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "client/text.h"
#include "common/spelling.h"

/* getopt_long() answers with a row past the range of characters, or with a letter. */
#define FIRST_ROW 256

#define NAME_COLUMNS 26 /* of the longest */

static const struct {
    char letter;
    const char *name; /* with its dashes */
    const char *value, *help;
} rows[] = {
#define OPTION(symbol, letter, name, value, help) {letter, "--" name, value, help},
#define GENERAL_OPTION OPTION
#include "client/options.def"
};

static const struct option long_options[] = {
#define OPTION(symbol, letter, name, value, help)                                                  \
    {name, value ? required_argument : no_argument, NULL, FIRST_ROW + OPTION_ROW_##symbol},
#define GENERAL_OPTION OPTION
#include "client/options.def"
    {NULL, 0, NULL, 0},
};

/* A ':' first, as getopt_long() is not to complain itself of a value that is missing. */
static const char *letters(void)
{
    static char string[2 * N_OPTION_ROWS + 2];
    char *end = string;

    *end++ = ':';
    for (size_t i = 0; i < N_OPTION_ROWS; i++) {
        if (!rows[i].letter)
            continue;
        *end++ = rows[i].letter;
        if (rows[i].value)
            *end++ = ':';
    }
    *end = '\0';
    return string;
}

int option_table_next(int argc, char **argv)
{
    int given = getopt_long(argc, argv, letters(), long_options, NULL);

    if (given == -1 || given >= FIRST_ROW)
        return given == -1 ? -1 : given - FIRST_ROW;
    for (int i = 0; i < N_OPTION_ROWS; i++)
        if (rows[i].letter == given)
            return i;
    return OPTION_TABLE_WRONG + given;
}

/* NULL: it is near none, or is one that does not take the value it was given. */
static const char *suggest(const char *word)
{
    char name[NAME_COLUMNS];
    size_t length = strcspn(word, "=");
    Spelling spelling = {.word = name};

    if (strncmp(word, "--", 2) != 0 || length >= sizeof(name))
        return NULL;
    memcpy(name, word, length);
    name[length] = '\0';
    spelling.word = name + 2;
    for (size_t i = 0; i < N_OPTION_ROWS; i++)
        spelling_consider(&spelling, rows[i].name + 2);
    return spelling.nearest && spelling.distance > 0 ? spelling.nearest - 2 : NULL;
}

void option_table_complain(int fault, char **argv)
{
    const char *word = argv[optind - 1];
    bool is_letter = optopt != 0 && optopt < FIRST_ROW;
    const char *nearest = is_letter ? NULL : suggest(word);

    if (fault == OPTION_TABLE_WRONG + ':')
        text_complain("%s takes a value: see trailstopctl --help", word);
    else if (is_letter)
        text_complain("There is no option \"-%c\": see trailstopctl --help", optopt);
    else if (nearest)
        text_complain("There is no option \"%s\"; did you mean \"%s\"?", word, nearest);
    else
        text_complain("There is no option \"%s\": see trailstopctl --help", word);
}

const char *option_table_name(OptionRow row)
{
    return rows[row].name;
}

void option_table_print(FILE *file, OptionSet set)
{
    for (size_t i = 0; i < N_OPTION_ROWS; i++) {
        char name[NAME_COLUMNS + 1];

        if (!(set & UINT64_C(1) << i))
            continue;
        snprintf(name, sizeof(name), "%c%c%s%s%s%s", rows[i].letter ? '-' : ' ',
                 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ", rows[i].name,
                 rows[i].value ? " " : "", rows[i].value ? rows[i].value : "");
        fprintf(file, "  %-*s  %s\n", NAME_COLUMNS, name, rows[i].help);
    }
}
