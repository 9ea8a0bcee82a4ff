/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text, each as wide as its widest cell.
 *
 * Cells are added one after the other, row by row, and escaped (see text.h). A column whose cells
 * are all empty is left out. If memory runs out, table_print() returns -ENOMEM. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/options.h"
#include "common/memory.h"

typedef struct TableColumn {
    const char *name;
    bool right;     /* aligned, for numbers */
    bool id;        /* what -o ids prints */
    bool shorten;   /* to what tells its cells apart, where there is not room for all */
    unsigned spare; /* where there still is not: left out, 1 first; 0: never */
} TableColumn;

typedef enum TableStyle {
    STYLE_PLAIN,
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_BUSY,
    STYLE_HEADING
} TableStyle;

#define TABLE_GAP 2U /* blanks between two columns, where there is room */

typedef struct Table Table;

int table_new(const TableColumn *columns, size_t n_columns, size_t gap, Table **ret);
void table_free(Table *table);
DEFINE_CLEANUP(Table, table_free)

void table_add(Table *table, TableStyle style, const char *text); /* NULL: empty */
void table_add_int64(Table *table, int64_t number);               /* negative: empty */

size_t table_width(const Table *table);

/* Columns that may be shortened are, from left to right until the table is no wider. */
void table_shorten(Table *table, size_t max_width);

/* Leaves the column out where it says the same of every row that it says something of. */
void table_leave_out_same(Table *table, size_t column);

/* For a terminal: times of RFC 3339 become local times, and in numbers groups of three digits are
 * set apart. */
void table_localize(Table *table);

void table_leave_heading_out(Table *table);

/* Lines end with line_end and are no wider than max_width (0: as wide as they are): columns at the
 * right are left out, and text, never a number, is cut. A table without rows has no heading either.
 * 0 or -ENOMEM. */
int table_print(const Table *table, FILE *file, bool color, size_t max_width, const char *line_end);

/* The cells of the column of ids, one a line. Likewise. */
int table_print_ids(const Table *table, FILE *file);

/* table_print() on standard output, through a pager where the table is higher than the terminal. */
int table_page(const Table *table, const Options *options, size_t max_width);

/* Prints to standard output, as the options ask for, no wider than a terminal that it may be, and
 * flushes it. There a table without rows is a sentence on standard error; NULL: none. 0 or
 * -ENOMEM. */
int table_show(Table *table, const Options *options, const char *empty);
