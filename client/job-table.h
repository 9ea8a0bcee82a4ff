/* Jobs as rows of a table, or as a line. Columns about which no row says anything are left out. */
#pragma once

#include <stddef.h>

#include <json-c/json.h>

#include "client/job.h"
#include "client/table.h"

int job_table_new(Table **ret);

/* A row of the live display on a terminal that is so many columns wide. The import is named where
 * the job is not known yet (NULL). */
void job_table_add_live(Table *table, const char *import_id, json_object *job, size_t columns);

/* What came of it, with the same conventions; columns 0: on no terminal. */
void job_table_add_result(Table *table, const char *import_id, json_object *job, size_t columns);

/* A row of a list of jobs. */
void job_table_add_listed(Table *table, json_object *job);

/* "ID polling IN_PROGRESS, 32/40 prefixes, 1234 files, 56789 events, 0 failed entries", escaped. 0
 * or -ENOMEM. */
int job_format_line(const Job *job, char **ret);
