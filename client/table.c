/* SPDX-License-Identifier: Apache-2.0 */
#include "client/table.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/pager.h"
#include "client/streams.h"
#include "client/text.h"
#include "common/memory.h"
#include "common/utf8.h"

/* Of an id that is shortened, at least. */
#define SHORT_ID_COLUMNS 8U

struct cell {
    char *text;
    size_t columns;
    TableStyle style;
};

struct Table {
    const TableColumn *columns;
    size_t n_columns, gap;
    struct cell *cells; /* of the heading, then row by row */
    size_t n_cells, n_allocated;
    size_t *widths; /* without the heading; 0: the column is empty */
    bool headless, failed;
};

int table_new(const TableColumn *columns, size_t n_columns, size_t gap, Table **ret)
{
    Table *table = calloc(1, sizeof(*table));

    if (!table)
        return -ENOMEM;
    table->columns = columns;
    table->n_columns = n_columns;
    table->gap = gap;
    table->widths = calloc(n_columns, sizeof(*table->widths));
    if (!table->widths) {
        table_free(table);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n_columns; i++)
        table_add(table, STYLE_HEADING, columns[i].name);
    memset(table->widths, 0, n_columns * sizeof(*table->widths));
    *ret = table;
    return 0;
}

void table_free(Table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table->widths);
    free(table);
}

static bool reserve_cell(Table *table)
{
    size_t n;
    struct cell *cells;

    if (table->n_cells < table->n_allocated)
        return true;
    n = table->n_allocated ? 2 * table->n_allocated : 64;
    cells = reallocarray(table->cells, n, sizeof(*cells));
    if (!cells)
        return false;
    table->cells = cells;
    table->n_allocated = n;
    return true;
}

void table_add(Table *table, TableStyle style, const char *text)
{
    size_t columns, *width;
    char *escaped;

    if (table->failed)
        return;
    escaped = text_escape(text ? text : "");
    if (!escaped || !reserve_cell(table)) {
        free(escaped);
        table->failed = true;
        return;
    }
    columns = text_columns(escaped);
    width = &table->widths[table->n_cells % table->n_columns];
    if (*width < columns)
        *width = columns;
    table->cells[table->n_cells++] = (struct cell){escaped, columns, style};
}

void table_add_int64(Table *table, int64_t number)
{
    char text[sizeof("-9223372036854775808")] = "";

    if (number >= 0)
        snprintf(text, sizeof(text), "%" PRId64, number);
    table_add(table, STYLE_PLAIN, text);
}

static size_t column_width(const Table *table, size_t column)
{
    size_t heading = text_columns(table->columns[column].name), cells = table->widths[column];

    return cells == 0 || cells > heading ? cells : heading;
}

size_t table_width(const Table *table)
{
    size_t width = 0;

    for (size_t i = 0; i < table->n_columns; i++)
        if (table->widths[i] > 0)
            width += (width > 0 ? table->gap : 0) + column_width(table, i);
    return width;
}

/* Text that is too long ends with a mark. */
static void print_text(FILE *file, const struct cell *cell, size_t width)
{
    const char *end = cell->text;

    if (cell->columns <= width) {
        fputs(cell->text, file);
        return;
    }
    for (; width > 1; width--)
        end += utf8_character_size(end, strlen(end));
    fwrite(cell->text, 1, (size_t)(end - cell->text), file);
    fputs(text_ellipsis(), file);
}

static void print_cell(FILE *file, const struct cell *cell, size_t width, const char *sgr)
{
    if (sgr)
        fprintf(file, "\033[%sm", sgr);
    print_text(file, cell, width);
    if (sgr)
        fputs("\033[0m", file);
}

/* The first column that does not fit is the last: cut where it is text, and else left out, as a
 * number without some of its digits is another number. Blanks are printed when something follows.
 */
static void print_row(const Table *table, FILE *file, const struct cell *cells, bool color,
                      size_t left)
{
    static const char *const sgr[] = {[STYLE_PLAIN] = NULL,
                                      [STYLE_GOOD] = "32",
                                      [STYLE_BAD] = "31",
                                      [STYLE_BUSY] = "33",
                                      [STYLE_HEADING] = "1"};
    size_t blanks = 0;

    for (size_t i = 0; i < table->n_columns && left > 0; i++) {
        const struct cell *cell = &cells[i];
        bool right = table->columns[i].right;
        size_t width = column_width(table, i);
        size_t padding;

        if (table->widths[i] == 0)
            continue;
        if (width > left && right)
            break;
        if (width > left)
            width = left;
        padding = cell->columns < width ? width - cell->columns : 0;
        if (cell->columns > 0) {
            fprintf(file, "%*s", (int)(blanks + (right ? padding : 0)), "");
            print_cell(file, cell, width, color ? sgr[cell->style] : NULL);
            blanks = right ? 0 : padding;
        } else {
            blanks += padding;
        }
        blanks += table->gap;
        left -= width;
        left -= left < table->gap ? left : table->gap;
    }
}

void table_leave_heading_out(Table *table)
{
    table->headless = true;
}

int table_print(const Table *table, FILE *file, bool color, size_t max_width, const char *line_end)
{
    if (table->failed)
        return -ENOMEM;
    assert(table->n_cells % table->n_columns == 0); /* rows are whole */
    if (table->n_cells == table->n_columns)
        return 0;
    for (size_t i = table->headless ? table->n_columns : 0; i + table->n_columns <= table->n_cells;
         i += table->n_columns) {
        print_row(table, file, &table->cells[i], color, max_width ? max_width : SIZE_MAX);
        fputs(line_end, file);
    }
    return 0;
}

/* "31,196,400"; false: it is not a number. */
static bool format_grouped(const char *text, char *buffer, size_t size)
{
    size_t length = strlen(text);
    char *end = buffer;

    if (length == 0 || length + length / 3 >= size || text[strspn(text, "0123456789")])
        return false;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *end++ = ',';
        *end++ = text[i];
    }
    *end = '\0';
    return true;
}

void table_localize(Table *table)
{
    if (table->failed)
        return;
    memset(table->widths, 0, table->n_columns * sizeof(*table->widths));
    for (size_t i = table->n_columns; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        struct cell *cell = &table->cells[i];
        char text[TEXT_TIME_SIZE], *copy = NULL;

        if (table->columns[column].right ? format_grouped(cell->text, text, sizeof(text))
                                         : text_format_time(cell->text, true, text))
            copy = strdup(text);
        if (copy) { /* without memory it stays as it is */
            free(cell->text);
            cell->text = copy;
            cell->columns = text_columns(copy);
        }
        if (table->widths[column] < cell->columns)
            table->widths[column] = cell->columns;
    }
}

int table_print_ids(const Table *table, FILE *file)
{
    if (table->failed)
        return -ENOMEM;
    for (size_t i = table->n_columns; i < table->n_cells; i++)
        if (table->columns[i % table->n_columns].id)
            fprintf(file, "%s\n", table->cells[i].text);
    return 0;
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* How many characters of each of these texts, which are in order, tell it from all others. */
static size_t count_distinct(const char *const *texts, size_t n)
{
    size_t distinct = SHORT_ID_COLUMNS;

    for (size_t i = 1; i < n; i++) {
        size_t bytes = 0, columns = 1;

        if (strcmp(texts[i - 1], texts[i]) == 0)
            continue;
        for (; texts[i - 1][bytes] == texts[i][bytes]; bytes++)
            columns += (texts[i][bytes] & 0xC0) != 0x80;
        if (distinct < columns)
            distinct = columns;
    }
    return distinct;
}

/* The mark that text was cut takes one more column. */
static int shorten_column(Table *table, size_t column)
{
    CLEANUP(freep) const char **texts = calloc(table->n_cells, sizeof(*texts));
    size_t n = 0, width;

    if (!texts)
        return -ENOMEM;
    for (size_t i = table->n_columns + column; i < table->n_cells; i += table->n_columns)
        texts[n++] = table->cells[i].text;
    qsort(texts, n, sizeof(*texts), compare_texts);
    width = count_distinct(texts, n) + 1;
    if (table->widths[column] > width)
        table->widths[column] = width;
    return 0;
}

/* The column that is left out next; SIZE_MAX: there is none. */
static size_t find_spare(const Table *table)
{
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < table->n_columns; i++) {
        unsigned spare = table->columns[i].spare;

        if (table->widths[i] > 0 && spare > 0 &&
            (found == SIZE_MAX || spare < table->columns[found].spare))
            found = i;
    }
    return found;
}

void table_shorten(Table *table, size_t width)
{
    for (size_t i = 0; i < table->n_columns && !table->failed; i++)
        if (table->columns[i].shorten && table_width(table) > width && shorten_column(table, i) < 0)
            table->failed = true;
}

void table_leave_out_same(Table *table, size_t column)
{
    const char *first = NULL;

    if (table->failed)
        return;
    for (size_t i = table->n_columns + column; i < table->n_cells; i += table->n_columns) {
        const char *text = table->cells[i].text;

        if (first && *text && strcmp(first, text) != 0)
            return;
        if (*text)
            first = text;
    }
    table->widths[column] = 0;
}

static int fit(Table *table, size_t width)
{
    size_t spare;

    table_shorten(table, width);
    if (table->failed)
        return -ENOMEM;
    while (table_width(table) > width && (spare = find_spare(table)) != SIZE_MAX)
        table->widths[spare] = 0;
    return 0;
}

int table_page(const Table *table, const Options *options, size_t max_width)
{
    CLEANUP(freep) char *text = NULL;
    size_t size, lines = table->n_cells / table->n_columns - table->headless;
    FILE *file;
    int r;

    if (!pager_is_wanted(options, lines))
        return table_print(table, stdout, options->color, max_width, "\n");
    file = open_memstream(&text, &size);
    if (!file)
        return -ENOMEM;
    r = table_print(table, file, options->color, max_width, "\n");
    if (fclose(file) != 0 || !text) /* without memory, perhaps only the latter */
        return -ENOMEM;
    if (r >= 0 && !pager_show(text, size))
        fwrite(text, 1, size, stdout);
    return r;
}

int table_show(Table *table, const Options *options, const char *empty)
{
    size_t width = streams_output_columns();
    int r = 0;

    if (options->silent)
        return 0;
    if (options->format == OUTPUT_IDS) {
        r = table_print_ids(table, stdout);
    } else if (width > 0 && options->format == OUTPUT_TABLE) {
        table_localize(table);
        r = fit(table, width);
    }
    if (r >= 0 && options->for_people) {
        table->headless = options->no_legend;
        r = table_page(table, options, options->format == OUTPUT_TABLE ? width : 0);
    }
    if (r >= 0 && options->for_people && width > 0 && empty && !options->no_legend &&
        table->n_cells == table->n_columns)
        fprintf(stderr, "%s\n", empty);
    text_flush();
    return r;
}
