/* SPDX-License-Identifier: Apache-2.0 */
#include "client/jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/details.h"
#include "client/follow.h"
#include "client/job-id.h"
#include "client/job-table.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"

static int take_job(json_object *parameters, JobView *ret)
{
    json_object *json = NULL;

    return json_get_object(parameters, "job", &json) <= 0 ? -EBADMSG : job_view_read(json, ret);
}

static int print_job(const Options *options, json_object *parameters, void *userdata)
{
    char prefixes[JOB_VIEW_PREFIXES_SIZE], elapsed[TIMESPAN_SIZE], place[JOB_VIEW_PLACE_SIZE];
    JobView job;
    int r;

    (void)options;
    (void)userdata;
    r = take_job(parameters, &job);
    if (r < 0)
        return r;
    details_print("Job", job.id);
    details_print("Kind", job.kind);
    details_print("Service", job.service);
    details_print("Import", job.import_id);
    details_print("Target", job.target);
    details_print("State", job.state);
    details_print("Already stopped", job.already_stopped ? "yes" : NULL);
    details_print("Import status", job.status);
    details_print("Prefixes", *job_view_format_prefixes(&job, prefixes) ? prefixes : NULL);
    for (ImportStatistic i = IMPORT_FILES_COMPLETED; i < N_IMPORT_STATISTICS; i++)
        details_print_int64(job_statistic_labels[i], job.statistics[i]);
    details_print_int64("Requested by uid", job.uid);
    details_print("Guard", job.guard);
    details_print("Queue", job.queue);
    details_print("Message", job.message_id);
    details_print("Sender", job.sender_id);
    details_print_int64("Receive count", job.receives);
    details_print("Reason", job.reason);
    details_print("Requested", job.requested_at);
    details_print("Updated", job.updated_at);
    details_print("Finished", job.finished_at);
    details_print("Elapsed", timespan_format(job_view_elapsed_usec(&job), elapsed));
    details_print("Deadline", job.deadline);
    details_print("Next call", job.next_call_at);
    details_print("In the queue", job_view_format_place(&job, place));
    details_print_int64("StopImport sent", job.attempts);
    details_print_int64("GetImport sent", job.polls);
    details_print("Last error", job.error_code);
    details_print("", job.error_message);
    details_print_int64("HTTP status", job.error_http_status);
    details_print("AWS request", job.error_request_id);
    return 0;
}

/* A call about the one job that the command names. */
static int run_about_job(const Options *options, const char *method, CallHandler handler)
{
    CLEANUP(freep) char *id = NULL;
    int outcome = job_id_resolve(options, options->arguments[1], &id);

    if (outcome != OUTCOME_OK)
        return outcome;
    return call_print(options, method, call_parameters((CallString[]){{"id", id}, {0}}), false,
                      handler, NULL);
}

int jobs_run_show(const Options *options)
{
    return run_about_job(options, "GetJob", print_job);
}

static int print_cancelled(const Options *options, json_object *parameters, void *userdata)
{
    CLEANUP(freep) char *line = NULL;
    JobView job;
    int r;

    (void)options;
    (void)userdata;
    if ((r = take_job(parameters, &job)) < 0 || (r = job_format_line(&job, &line)) < 0)
        return r;
    puts(line);
    return 0;
}

int jobs_run_cancel(const Options *options)
{
    return run_about_job(options, "Cancel", print_cancelled);
}

/* Pages become one table, so that its columns are the same from top to end. */
static int add_page(const Options *options, json_object *parameters, void *userdata)
{
    Table *table = userdata;
    json_object *jobs = NULL;
    int r = 0;

    (void)options;
    if (json_get_array(parameters, "jobs", &jobs) <= 0)
        return -EBADMSG;
    for (size_t i = 0; r >= 0 && i < json_object_array_length(jobs); i++)
        r = job_table_add_listed(table, json_object_array_get_idx(jobs, i));
    return r;
}

/* NULL: no memory. */
static json_object *encode_filter(const Options *options)
{
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters(
        (CallString[]){{"state", options->state},
                       {"target", call_target(options)},
                       {"importId", *options->import_id ? options->import_id : NULL},
                       {"service", options->import_service},
                       {"since", *options->since ? options->since : NULL},
                       {0}});

    if (!parameters ||
        (options->limit > 0 && json_add_int64(parameters, "limit", options->limit) < 0))
        return NULL;
    return TAKE(parameters);
}

static const char *nothing(const Options *options)
{
    return options->given & ~(OptionSet)(OPTION_ALL | OPTION_LIMIT) ? "No job matches"
                                                                    : "There are no jobs";
}

static int list(const Options *options)
{
    CLEANUP(table_freep) Table *table = NULL;
    bool all = options->limit == 0; /* with `more`, a limit is that of a page */
    int outcome;

    int r = job_table_new(&table);
    if (r < 0)
        return outcome_complain(options, r);
    outcome = call_print(options, "ListJobs", encode_filter(options), all, add_page, table);
    if (outcome == OUTCOME_OK)
        r = table_show(table, options, nothing(options));
    return r < 0 ? outcome_complain(options, r) : outcome;
}

int jobs_run_list(const Options *options)
{
    const char *wrong =
        options_first_given(options, OPTION_IMPORT | OPTION_SINCE | OPTION_LIMIT | OPTION_ALL);

    if (options->given & OPTION_LIMIT && options->given & OPTION_ALL) {
        text_complain("--limit and --all exclude each other");
        return OUTCOME_USAGE;
    }
    if (!(options->given & OPTION_WATCH))
        return list(options);
    if (wrong) {
        text_complain("jobs --watch does not take %s", wrong);
        return OUTCOME_USAGE;
    }
    return jobs_run_watch(options);
}

int jobs_run_watch(const Options *options)
{
    CLEANUP(follow_freep) Follow *follow = NULL;
    int r = follow_new(options, NULL, &follow);

    for (size_t i = 1; r >= 0 && i < options->n_arguments; i++) {
        CLEANUP(freep) char *id = NULL;
        int outcome = job_id_resolve(options, options->arguments[i], &id);

        if (outcome != OUTCOME_OK)
            return outcome;
        r = follow_add_id(follow, id);
    }
    return r < 0 ? outcome_complain(options, r) : follow_run(follow);
}
