/* SPDX-License-Identifier: Apache-2.0 */
#include "client/frame.h"

#include <errno.h>
#include <stdbool.h>

#include "client/job-table.h"
#include "client/table.h"
#include "common/memory.h"

/* The least for a heading, a row, "and more" and the cursor. */
#define ROWS_OF_ALL 4U

/* So many are too many to be counted by the eye. */
#define TOTALS_FROM 10U

/* From wide to narrow: the first that fits is taken. */
static const JobLayout layouts[] = {
    {false, 20, TABLE_GAP}, {false, 10, TABLE_GAP}, {false, 6, TABLE_GAP}, {true, 10, TABLE_GAP},
    {true, 6, TABLE_GAP},   {true, 6, 1},           {true, 0, 1},
};
#define N_LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

/* How many there are of what is followed. */
typedef struct Totals {
    size_t states[N_JOB_STATES + 1];
    size_t unanswered, not_accepted;
    size_t rows, running; /* with a row, and those of them that have not ended */
} Totals;

/* An import that was not accepted has no row, nor has a job of which nothing is known yet. */
static bool has_row(const Followed *followed)
{
    return followed->job || (followed->import_id && !followed->ended);
}

static Totals count(const FollowedList *list)
{
    Totals totals = {0};

    for (size_t i = 0; i < list->n; i++) {
        const Followed *followed = list->all[i];

        if (followed->job)
            totals.states[followed->state]++;
        else if (followed->ended)
            totals.not_accepted++;
        else
            totals.unanswered++;
        totals.rows += has_row(followed);
        totals.running += has_row(followed) && !followed->ended;
    }
    return totals;
}

static void add_total(FILE *file, size_t n, const char *what, const char **separator)
{
    if (n == 0)
        return;
    fprintf(file, "%s%zu %s", *separator, n, what);
    *separator = ", ";
}

/* "12 stopped, 9 polling, 19 queued": what is done comes first, then what is nearest to it. */
static int print_totals(const Totals *totals, FILE *file, size_t columns)
{
    CLEANUP(freep) char *line = NULL;
    const char *separator = "";
    size_t size;
    FILE *memory = open_memstream(&line, &size);

    if (!memory)
        return -ENOMEM;
    for (JobState state = 0; state < N_JOB_STATES; state++)
        if (job_state_is_final(state))
            add_total(memory, totals->states[state], job_state_name(state), &separator);
    for (JobState state = N_JOB_STATES + 1; state-- > 0;)
        if (!job_state_is_final(state))
            add_total(memory, totals->states[state], job_state_name(state), &separator);
    add_total(memory, totals->unanswered, "unanswered", &separator);
    add_total(memory, totals->not_accepted, "not accepted", &separator);
    if (fclose(memory) != 0 || !line) /* without memory, perhaps only the latter */
        return -ENOMEM;
    fprintf(file, "%.*s\033[K\n", (int)columns, line);
    return 0;
}

/* At most so many rows. If not all fit, running ones come before those that ended. */
static size_t add_rows(const FollowedList *list, const Totals *totals, const JobLayout *layout,
                       size_t max_rows, Table *table)
{
    size_t room_for_ended = totals->running < max_rows ? max_rows - totals->running : 0;
    size_t rows = 0;

    for (size_t i = 0; i < list->n && rows < max_rows; i++) {
        const Followed *followed = list->all[i];

        if (!has_row(followed) || (followed->ended && room_for_ended == 0))
            continue;
        room_for_ended -= followed->ended;
        job_table_add_live(table, layout, followed->import_id, followed->job);
        rows++;
    }
    job_table_end_live(table, layout);
    return rows;
}

static int lay_out(FrameView *view, const FollowedList *list, const Totals *totals, size_t max_rows,
                   Table **ret_table, size_t *ret_rows)
{
    for (;; view->layout++) {
        CLEANUP(table_freep) Table *table = NULL;
        const JobLayout *layout = &layouts[view->layout];
        int r = job_table_new_live(layout, &table);

        if (r < 0)
            return r;
        *ret_rows = add_rows(list, totals, layout, max_rows, table);
        if (table_width(table) <= view->columns || view->layout + 1 == N_LAYOUTS) {
            *ret_table = TAKE(table);
            return 0;
        }
    }
}

int frame_print(FrameView *view, const FollowedList *list, const Options *options, size_t columns,
                size_t rows, FILE *file, size_t *ret_lines)
{
    CLEANUP(table_freep) Table *table = NULL;
    const Totals totals = count(list);
    bool has_room = rows >= ROWS_OF_ALL;
    bool has_totals = rows > ROWS_OF_ALL && totals.rows >= TOTALS_FROM;
    bool has_heading = has_room && !options->no_legend;
    size_t shown = 0, more, lines;
    int r = 0;

    if (columns != view->columns)
        *view = (FrameView){.columns = columns};
    /* The cursor has a row, and where there is room for more than one row so have the heading and
     * "and more". */
    r = lay_out(view, list, &totals, (has_room ? rows - 3 : rows - 1) - has_totals, &table, &shown);
    if (r < 0)
        return r;
    more = has_room ? totals.rows - shown : 0;
    lines = has_totals + (has_heading && shown > 0) + shown + (more > 0);
    if (!has_heading)
        table_leave_heading_out(table);
    if (has_totals)
        r = print_totals(&totals, file, columns);
    if (r >= 0)
        r = table_print(table, file, options->color, columns, "\033[K\n");
    if (more > 0)
        fprintf(file, "and %zu more\033[K\n", more);
    if (list->n == 0)
        fputs("No job is under way\033[K\n", file);
    *ret_lines = lines + (list->n == 0);
    return r;
}
