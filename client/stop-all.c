/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stop-all.h"

#include <errno.h>
#include <stdio.h>

#include "client/follow.h"
#include "client/job-view.h"
#include "client/outcome.h"
#include "client/rehearsal.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"

struct answer {
    Follow *follow; /* where the jobs go */
    int outcome;    /* of the first target that failed */
};

/* --no-wait: the id is all there is to tell. */
static int take_job(const Options *options, struct answer *answer, json_object *json)
{
    JobView job;
    int r;

    if (!(options->given & OPTION_NO_WAIT))
        return follow_add_job(answer->follow, json);
    r = job_view_read(json, &job);
    if (r >= 0 && !options->silent)
        puts(job.id);
    return r;
}

static bool is_empty(json_object *array)
{
    return !array || json_object_array_length(array) == 0;
}

static int on_answer(const Options *options, json_object *parameters, void *userdata)
{
    struct answer *answer = userdata;
    json_object *jobs = NULL, *imports = NULL, *tasks = NULL, *failures = NULL;
    int r;

    if (json_get_array(parameters, "jobs", &jobs) < 0 ||
        json_get_array(parameters, "imports", &imports) < 0 ||
        json_get_array(parameters, "tasks", &tasks) < 0 ||
        json_get_array(parameters, "failures", &failures) < 0)
        return -EBADMSG;
    r = rehearsal_take_failures(failures, &answer->outcome);
    if (options->for_people && is_empty(jobs) && is_empty(imports) && is_empty(tasks) &&
        is_empty(failures))
        puts(rehearsal_nothing(options));
    for (size_t i = 0; r >= 0 && jobs && i < json_object_array_length(jobs); i++)
        r = take_job(options, answer, json_object_array_get_idx(jobs, i));
    return r;
}

int stop_all_run(const Options *options)
{
    CLEANUP(follow_freep) Follow *follow = NULL;
    struct answer answer = {0};
    bool dry_run = options->given & OPTION_DRY_RUN;
    int r, outcome = OUTCOME_OK;

    if (options->n_arguments > 1) {
        text_complain("--all goes without import ids");
        return OUTCOME_USAGE;
    }
    if (options->given & OPTION_ALL_TARGETS && options->n_targets > 0) {
        text_complain("--all-targets goes without --target");
        return OUTCOME_USAGE;
    }
    if (dry_run && !options->json)
        return rehearsal_run(options);
    if (!dry_run && !(options->given & OPTION_YES) && rehearsal_can_ask() &&
        !rehearsal_ask(options, &outcome))
        return outcome;
    r = follow_new(options, NULL, &follow);
    answer.follow = follow;
    if (r >= 0)
        r = follow_add_call(follow, "StopAll", rehearsal_parameters(options, NULL, dry_run),
                            on_answer, &answer);
    outcome = r < 0 ? outcome_complain(options, r) : follow_run(follow);
    return outcome != OUTCOME_OK ? outcome : answer.outcome;
}
