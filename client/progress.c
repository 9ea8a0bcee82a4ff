/* SPDX-License-Identifier: Apache-2.0 */
#include "client/progress.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/frame.h"
#include "client/job-table.h"
#include "client/job-view.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"

/* Changes that come closer together than this share one redraw. */
#define REDRAW_USEC 50000

/* Off a terminal, of so many jobs the line printed last is known at most: of more, one may be
 * printed twice. */
#define LINES_MAX 100000

struct Progress {
    const Options *options;
    const FollowedList *list;
    bool all_jobs;
    FrameView view;
    json_object *lines;    /* job id → the line printed last */
    struct event *redraw;  /* soon after a change, else each second, for the elapsed time */
    struct event *resized; /* SIGWINCH */
    bool redraw_is_soon;
    bool drawn;         /* once at least */
    size_t lines_drawn; /* that are on the terminal now */
};

/* The process was stopped and goes on (Ctrl-Z, fg): whatever the shell wrote stands below what was
 * drawn. A flag of the handler, as a timer may run before an event of the signal does. */
static volatile sig_atomic_t was_stopped;

static void on_continued(int number)
{
    (void)number;
    was_stopped = 1;
}

static void get_terminal_size(size_t *ret_columns, size_t *ret_rows)
{
    struct winsize size = {0};

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* where it is unknown: the usual size */
    *ret_columns = size.ws_col > 0 ? size.ws_col : 80;
    *ret_rows = size.ws_row > 0 ? size.ws_row : 24;
}

/* A terminal that is not the one of this session has no foreground. */
static bool is_in_foreground(void)
{
    pid_t group = tcgetpgrp(STDOUT_FILENO);

    return group < 0 || group == getpgrp();
}

/* From here to end_drawing() Ctrl-Z waits, so that the shell does not write between a look at where
 * the last frame is and the next one. False: the terminal belongs to another program at the moment.
 * What was drawn before another program wrote stays where it is. */
static bool begin_drawing(Progress *progress, sigset_t *ret_mask)
{
    bool in_foreground;
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_BLOCK, &stop, ret_mask);
    in_foreground = is_in_foreground();
    if (was_stopped || !in_foreground)
        progress->lines_drawn = 0;
    was_stopped = 0;
    return in_foreground;
}

static void end_drawing(const sigset_t *mask)
{
    text_flush();
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* To the first line of the last frame, or as far up as the terminal goes, which may have become
 * smaller. */
static void move_to_start(const Progress *progress, FILE *file, size_t height)
{
    size_t lines;

    assert(height > 0);
    lines = progress->lines_drawn < height ? progress->lines_drawn : height - 1;

    if (lines > 0)
        fprintf(file, "\r\033[%zuA", lines);
}

/* The frame is written at once, so that none is seen half. Automatic wrapping is off meanwhile: a
 * line never takes two rows of the terminal, whatever the width of its characters. */
static int draw_frame(Progress *progress, FILE *file)
{
    size_t columns, height;
    int r;

    get_terminal_size(&columns, &height);
    fputs("\033[?7l", file);
    move_to_start(progress, file, height);
    r = frame_print(&progress->view, progress->list, progress->options, columns, height, file,
                    &progress->lines_drawn);
    fputs("\033[J\033[?7h", file);
    return r;
}

static void draw(Progress *progress)
{
    CLEANUP(freep) char *text = NULL;
    sigset_t mask;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    int r = 0;

    if (!file)
        return; /* a frame less; memory that is short shows where it is needed */
    if (begin_drawing(progress, &mask))
        r = draw_frame(progress, file);
    if (fclose(file) == 0 && text && r == 0) /* without memory, perhaps only NULL */
        fwrite(text, 1, size, stdout);
    end_drawing(&mask);
}

static void schedule_redraw(Progress *progress, time_t sec, suseconds_t usec)
{
    struct timeval delay = {.tv_sec = sec, .tv_usec = usec};

    evtimer_add(progress->redraw, &delay);
}

static void schedule_soon(Progress *progress)
{
    if (progress->redraw_is_soon)
        return;
    progress->redraw_is_soon = true;
    schedule_redraw(progress, 0, progress->drawn ? REDRAW_USEC : 0);
}

/* Elsewhere changes are lines, as on a terminal of one row, which has no room besides the cursor's.
 */
static bool is_live(const Progress *progress)
{
    size_t columns, height;

    if (!progress->options->live || progress->options->given & OPTION_NO_WAIT ||
        (progress->list->n == 0 && !progress->all_jobs))
        return false;
    get_terminal_size(&columns, &height);
    return height > 1;
}

static void on_redraw(evutil_socket_t fd, short events, void *userdata)
{
    Progress *progress = userdata;

    (void)fd;
    (void)events;
    progress->redraw_is_soon = false;
    if (!is_live(progress)) {
        progress->lines_drawn = 0;
        return;
    }
    progress->drawn = true;
    draw(progress);
    schedule_redraw(progress, 1, 0);
}

static int start_live(Progress *progress, struct event_base *base)
{
    struct sigaction continued = {.sa_handler = on_continued, .sa_flags = SA_RESTART};

    sigaction(SIGCONT, &continued, NULL);
    progress->redraw = evtimer_new(base, on_redraw, progress);
    progress->resized = evsignal_new(base, SIGWINCH, on_redraw, progress);
    if (!progress->redraw || !progress->resized || event_add(progress->resized, NULL) < 0)
        return -ENOMEM;
    return 0;
}

int progress_new(const Options *options, struct event_base *base, const FollowedList *list,
                 bool all_jobs, Progress **ret)
{
    CLEANUP(progress_freep) Progress *progress = calloc(1, sizeof(*progress));

    if (!progress)
        return -ENOMEM;
    progress->options = options;
    progress->list = list;
    progress->all_jobs = all_jobs;
    progress->lines = json_object_new_object();
    if (!progress->lines || (options->live && start_live(progress, base) < 0))
        return -ENOMEM;
    if (all_jobs && is_live(progress)) /* there may be none, and no news */
        schedule_soon(progress);
    *ret = TAKE(progress);
    return 0;
}

void progress_free(Progress *progress)
{
    if (!progress)
        return;
    if (progress->redraw)
        event_free(progress->redraw);
    if (progress->resized)
        event_free(progress->resized);
    json_object_put(progress->lines);
    free(progress);
}

/* Prints the line of a job unless it is the one printed last, whatever the time. */
static int print_line(Progress *progress, json_object *json)
{
    CLEANUP(freep) char *line = NULL;
    const char *printed = NULL;
    JobView job = job_view_again(json);
    int r = job_format_line(&job, &line);

    if (r < 0)
        return r;
    (void)json_get_string(progress->lines, job.id, &printed);
    if (printed && strcmp(printed, line) == 0)
        return 0;
    r = job_print_change(&job, line);
    if (r < 0)
        return r;
    if (json_object_object_length(progress->lines) >= LINES_MAX) {
        json_object_put(progress->lines);
        progress->lines = json_object_new_object();
    }
    return progress->lines ? json_add_string(progress->lines, job.id, line) : -ENOMEM;
}

int progress_change(Progress *progress, json_object *job)
{
    if (!is_live(progress))
        return print_line(progress, job);
    schedule_soon(progress);
    return 0;
}

void progress_clear(Progress *progress)
{
    size_t columns, height;
    sigset_t mask;

    if (progress->lines_drawn == 0)
        return;
    if (begin_drawing(progress, &mask) && progress->lines_drawn > 0) {
        get_terminal_size(&columns, &height);
        move_to_start(progress, stdout, height);
        fputs("\033[J", stdout);
        progress->lines_drawn = 0;
    }
    end_drawing(&mask);
    schedule_soon(progress);
}

int progress_end(Progress *progress, json_object *job)
{
    progress_clear(progress);
    return print_line(progress, job);
}

/* On a terminal, where to look for entries that failed; of imports that FAILED that was printed. */
static int print_hint(const Progress *progress)
{
    CLEANUP(freep) char *command = NULL;
    const FollowedList *list = progress->list;
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        JobView job;

        if (!list->all[i]->job || list->all[i]->state == JOB_FAILED)
            continue;
        job = job_view_again(list->all[i]->job);
        if (job.statistics[IMPORT_FAILED_ENTRIES] <= 0)
            continue;
        if (n++ == 0 && outcome_format_failures_command(&job, &command) < 0)
            return -ENOMEM;
    }
    if (n == 1)
        text_remark(progress->options, "Some entries failed: see %s", command);
    else if (n > 1)
        text_remark(progress->options, "Some entries of %zu imports failed: see %s, and so on", n,
                    command);
    return 0;
}

int progress_finish(Progress *progress)
{
    CLEANUP(table_freep) Table *table = NULL;
    const FollowedList *list = progress->list;
    Options options = *progress->options;
    int r;

    options.no_pager = true; /* the command is to end by itself */

    progress_clear(progress);
    if (progress->redraw)
        evtimer_del(progress->redraw);
    r = job_table_new(&table);
    for (size_t i = 0; r >= 0 && i < list->n; i++)
        if (list->all[i]->job)
            job_table_add_result(table, list->all[i]->job);
    if (r >= 0)
        r = table_show(table, &options, NULL);
    return r < 0 || !progress->options->live || progress->options->no_legend ? r
                                                                             : print_hint(progress);
}
