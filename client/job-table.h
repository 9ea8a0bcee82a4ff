/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as rows of a table, or as a line. Columns that are empty in all rows are left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "client/job-view.h"
#include "client/table.h"

int job_table_new(Table **ret);

/* How the live display makes do with the width of the terminal. */
typedef struct JobLayout {
    bool short_ids;     /* to what tells them apart */
    size_t bar_columns; /* at most JOB_BAR_COLUMNS_MAX; 0: no bar */
    size_t gap;
} JobLayout;

#define JOB_BAR_COLUMNS_MAX 20U

int job_table_new_live(const JobLayout *layout, Table **ret);

/* A row of the live display. The import is named where the job is not known yet (NULL). */
void job_table_add_live(Table *table, const JobLayout *layout, const char *import_id,
                        json_object *job);

/* After the last row. */
void job_table_end_live(Table *table, const JobLayout *layout);

/* What came of it. */
void job_table_add_result(Table *table, json_object *job);

/* A row of a list of jobs; 0, or -EBADMSG where it is not a job. */
int job_table_add_listed(Table *table, json_object *job);

/* "ID polling IN_PROGRESS, 32/40 prefixes, 1234 files, 56789 events, 0 failed entries", escaped. 0
 * or -ENOMEM. */
int job_format_line(const JobView *job, char **ret);

/* Prints that line, after when the job changed and its target. 0 or -ENOMEM. */
int job_print_change(const JobView *job, const char *line);
