/* SPDX-License-Identifier: Apache-2.0 */
#include "client/job-table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/outcome.h"
#include "client/streams.h"
#include "client/text.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"

static const TableColumn columns_of_jobs[] = {
    {.name = "JOB", .id = true, .shorten = true},
    {.name = "IMPORT", .shorten = true},
    {.name = "TARGET"},
    {.name = "STATE"},
    {.name = "STATUS", .spare = 3},
    {.name = "PREFIXES", .right = true, .spare = 5},
    {.name = ""},
    {.name = "FILES", .right = true, .spare = 4},
    {.name = "EVENTS", .right = true, .spare = 6},
    {.name = "FAILED", .right = true, .spare = 7},
    {.name = "BYTES", .right = true, .spare = 2},
    {.name = "ELAPSED", .right = true, .spare = 8},
    {.name = "REQUESTED", .spare = 1},
    {.name = "NOTE"},
};

/* What fills a row besides what every row has. */
struct row {
    const char *job_id, *import_id, *target, *bar, *requested_at;
};

#define BAR_SIZE (JOB_BAR_COLUMNS_MAX * (sizeof("█") - 1) + 1)

_Static_assert(N_IMPORT_STATISTICS - IMPORT_FILES_COMPLETED == 4,
               "a column for each statistic besides the prefixes: FILES, EVENTS, FAILED, BYTES");

enum { COLUMN_IMPORT = 1, COLUMN_TARGET, COLUMN_STATE };

#define N_COLUMNS (sizeof(columns_of_jobs) / sizeof(columns_of_jobs[0]))

int job_table_new(Table **ret)
{
    return table_new(columns_of_jobs, N_COLUMNS, TABLE_GAP, ret);
}

int job_table_new_live(const JobLayout *layout, Table **ret)
{
    return table_new(columns_of_jobs, N_COLUMNS, layout->gap, ret);
}

static TableStyle style_of(const JobView *job)
{
    if (job_view_is_final(job))
        return outcome_of_job(job) == OUTCOME_OK ? STYLE_GOOD : STYLE_BAD;
    return job->error_code ? STYLE_BUSY : STYLE_PLAIN;
}

static void add_row(Table *table, const struct row *row, const JobView *job)
{
    char prefixes[JOB_VIEW_PREFIXES_SIZE], elapsed[TIMESPAN_SIZE], place[JOB_VIEW_PLACE_SIZE];
    TableStyle style = style_of(job);

    table_add(table, STYLE_PLAIN, row->job_id);
    table_add(table, STYLE_PLAIN, row->import_id);
    table_add(table, STYLE_PLAIN, row->target);
    table_add(table, style, job->state);
    table_add(table, STYLE_PLAIN, job->status);
    table_add(table, STYLE_PLAIN, job_view_format_prefixes(job, prefixes));
    table_add(table, STYLE_GOOD, row->bar);
    for (ImportStatistic i = IMPORT_FILES_COMPLETED; i < N_IMPORT_STATISTICS; i++)
        table_add_int64(table, job->statistics[i]);
    table_add(table, STYLE_PLAIN, timespan_format(job_view_elapsed_usec(job), elapsed));
    table_add(table, STYLE_PLAIN, row->requested_at);
    table_add(table, style, job_view_note(job, place));
}

/* An import without a job: not asked yet, or not taken. */
static void add_row_without_job(Table *table, const char *import_id)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        table_add(table, STYLE_PLAIN,
                  i == COLUMN_IMPORT  ? import_id
                  : i == COLUMN_STATE ? "-"
                                      : NULL);
}

static const char *format_bar(const JobView *job, size_t columns, char buffer[static BAR_SIZE])
{
    const bool utf8 = text_is_utf8();
    int64_t found = job->statistics[IMPORT_PREFIXES_FOUND];
    int64_t completed = job->statistics[IMPORT_PREFIXES_COMPLETED];
    char *out = buffer;
    double share;
    size_t full;

    *out = '\0';
    if (found <= 0 || columns == 0)
        return buffer;
    share = (double)completed / (double)found;
    full = share <= 0 ? 0 : share >= 1 ? columns : (size_t)(share * (double)columns);
    for (size_t i = 0; i < columns; i++)
        out = stpcpy(out, i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-"));
    return buffer;
}

void job_table_add_live(Table *table, const JobLayout *layout, const char *import_id,
                        json_object *json)
{
    char bar[BAR_SIZE];
    JobView job;

    if (!json) {
        add_row_without_job(table, import_id);
        return;
    }
    job = job_view_again(json);
    add_row(table,
            &(struct row){.import_id = job.import_id,
                          .target = job.target,
                          .bar = format_bar(&job, layout->bar_columns, bar)},
            &job);
}

void job_table_end_live(Table *table, const JobLayout *layout)
{
    table_leave_out_same(table, COLUMN_TARGET);
    if (layout->short_ids)
        table_shorten(table, 0);
}

void job_table_add_result(Table *table, json_object *json)
{
    JobView job = job_view_again(json);

    add_row(table, &(struct row){.import_id = job.import_id, .target = job.target}, &job);
}

int job_table_add_listed(Table *table, json_object *json)
{
    JobView job;
    int r = job_view_read(json, &job);

    if (r < 0)
        return r;
    add_row(table,
            &(struct row){.job_id = job.id,
                          .import_id = job.import_id,
                          .target = job.target,
                          .requested_at = job.requested_at},
            &job);
    return 0;
}

static void print_count(FILE *file, int64_t count, const char *what)
{
    if (count >= 0)
        fprintf(file, ", %" PRId64 " %s", count, what);
}

int job_format_line(const JobView *job, char **ret)
{
    static const char *const units[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) [IMPORT_##symbol] = unit,
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    };
    CLEANUP(freep) char *line = NULL;
    char prefixes[JOB_VIEW_PREFIXES_SIZE], place[JOB_VIEW_PLACE_SIZE];
    const char *note = job_view_note(job, place);
    size_t size;
    FILE *file = open_memstream(&line, &size);
    char *escaped;

    if (!file)
        return -ENOMEM;
    fprintf(file, "%s %s", job->import_id, job->state);
    if (job->status)
        fprintf(file, " %s", job->status);
    if (*job_view_format_prefixes(job, prefixes))
        fprintf(file, ", %s prefixes", prefixes);
    for (ImportStatistic i = 0; i < N_IMPORT_STATISTICS; i++)
        if (units[i])
            print_count(file, job->statistics[i], units[i]);
    if (note)
        fprintf(file, " (%s)", note);
    if (fclose(file) != 0 || !line) /* without memory, perhaps only the latter */
        return -ENOMEM;
    escaped = text_escape(line);
    if (!escaped)
        return -ENOMEM;
    *ret = escaped;
    return 0;
}

int job_print_change(const JobView *job, const char *line)
{
    CLEANUP(freep) char *before = NULL, *escaped = NULL;
    char time[TEXT_TIME_SIZE];
    const char *changed = job->updated_at ? job->updated_at : "-";
    bool is_time = text_format_time(changed, streams_output_columns() > 0, time);
    int r =
        string_format(&before, "%s %s", is_time ? time : changed, job->target ? job->target : "-");

    if (r < 0)
        return r;
    escaped = text_escape(before);
    if (!escaped)
        return -ENOMEM;
    printf("%s %s\n", escaped, line);
    text_flush();
    return 0;
}
