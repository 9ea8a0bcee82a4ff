/* Columns of text, each as wide as its widest cell.
 *
 * Cells are added one after the other, row by row, and escaped (see text.h). A column whose cells
 * are all empty is left out. Memory that runs out is remembered and told by table_print(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/memory.h"

typedef struct TableColumn {
    const char *name;
    bool right; /* aligned, for numbers */
} TableColumn;

typedef enum TableStyle { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_BUSY } TableStyle;

typedef struct Table Table;

int table_new(const TableColumn *columns, size_t n_columns, Table **ret);
void table_free(Table *table);
DEFINE_CLEANUP(Table, table_free)

void table_add(Table *table, TableStyle style, const char *text); /* NULL: empty */
void table_add_int64(Table *table, int64_t number);               /* negative: empty */

/* Lines end with line_end and are cut after max_columns (0: never). A table without rows has no
 * heading either. 0 or -ENOMEM. */
int table_print(const Table *table, FILE *file, bool color, size_t max_columns,
                const char *line_end);

/* Prints to standard output and flushes it. */
int table_show(const Table *table, bool color, size_t max_columns);
