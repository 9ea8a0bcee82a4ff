#include "client/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "common/memory.h"

struct cell {
    char *text;
    size_t columns;
    TableStyle style;
};

struct Table {
    const TableColumn *columns;
    size_t n_columns;
    struct cell *cells;
    size_t n_cells, n_allocated;
    size_t *widths; /* of the cells, without the heading; 0: the column is empty */
    bool failed;
};

int table_new(const TableColumn *columns, size_t n_columns, Table **ret)
{
    Table *table = calloc(1, sizeof(*table));

    if (!table)
        return -ENOMEM;
    table->columns = columns;
    table->n_columns = n_columns;
    table->widths = calloc(n_columns, sizeof(*table->widths));
    if (!table->widths) {
        table_free(table);
        return -ENOMEM;
    }
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
    if (table->n_cells < table->n_allocated)
        return true;
    size_t n = table->n_allocated ? 2 * table->n_allocated : 64;
    struct cell *cells = reallocarray(table->cells, n, sizeof(*cells));
    if (!cells)
        return false;
    table->cells = cells;
    table->n_allocated = n;
    return true;
}

void table_add(Table *table, TableStyle style, const char *text)
{
    if (table->failed)
        return;
    char *escaped = text_escape(text ? text : "");
    if (!escaped || !reserve_cell(table)) {
        free(escaped);
        table->failed = true;
        return;
    }
    size_t columns = text_columns(escaped),
           *width = &table->widths[table->n_cells % table->n_columns];
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

/* A line that is being printed, and how much of the terminal's width is left for it. */
struct line {
    FILE *file;
    size_t left;
    size_t owed; /* blanks, printed only when something follows */
};

static void print_blanks(struct line *line)
{
    size_t n = line->owed < line->left ? line->owed : line->left;

    fprintf(line->file, "%*s", (int)n, "");
    line->left -= n;
    line->owed = 0;
}

static void print_cut(struct line *line, const char *text)
{
    const char *end = text;

    while (*end && line->left > 0) {
        end++;
        while ((*end & 0xC0) == 0x80)
            end++;
        line->left--;
    }
    fwrite(text, 1, (size_t)(end - text), line->file);
}

static void print_cell(struct line *line, const TableColumn *column, size_t width,
                       const struct cell *cell, const char *sgr)
{
    size_t padding = width - cell->columns;

    if (column->right)
        line->owed += padding;
    if (cell->columns > 0) {
        print_blanks(line);
        if (sgr)
            fprintf(line->file, "\033[%sm", sgr);
        print_cut(line, cell->text);
        if (sgr)
            fputs("\033[0m", line->file);
    }
    line->owed += 2 + (column->right ? 0 : padding);
}

static size_t column_width(const Table *table, size_t column)
{
    size_t heading = text_columns(table->columns[column].name), cells = table->widths[column];

    return cells == 0 || cells > heading ? cells : heading;
}

int table_print(const Table *table, FILE *file, bool color, size_t max_columns,
                const char *line_end)
{
    static const char *const sgr[] = {
        [STYLE_PLAIN] = NULL, [STYLE_GOOD] = "32", [STYLE_BAD] = "31", [STYLE_BUSY] = "33"};
    size_t left = max_columns ? max_columns : SIZE_MAX;

    if (table->failed)
        return -ENOMEM;
    if (table->n_cells == 0)
        return 0;
    struct line heading = {.file = file, .left = left};
    for (size_t i = 0; i < table->n_columns; i++) {
        struct cell cell = {(char *)(uintptr_t)table->columns[i].name,
                            text_columns(table->columns[i].name), STYLE_PLAIN};
        if (table->widths[i] > 0)
            print_cell(&heading, &table->columns[i], column_width(table, i), &cell,
                       color ? "1" : NULL);
    }
    fputs(line_end, file);

    for (size_t row = 0; row + table->n_columns <= table->n_cells; row += table->n_columns) {
        struct line line = {.file = file, .left = left};
        for (size_t i = 0; i < table->n_columns; i++) {
            const struct cell *cell = &table->cells[row + i];
            if (table->widths[i] > 0)
                print_cell(&line, &table->columns[i], column_width(table, i), cell,
                           color ? sgr[cell->style] : NULL);
        }
        fputs(line_end, file);
    }
    return 0;
}

int table_show(const Table *table, bool color, size_t max_columns)
{
    int r = table_print(table, stdout, color, max_columns, "\n");

    text_flush();
    return r;
}
