/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stop-all.h"

#include <errno.h>
#include <stdio.h>

#include "client/call.h"
#include "client/follow.h"
#include "client/job-view.h"
#include "client/object-table.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"

struct answer {
    Follow *follow; /* where the jobs go */
    int outcome;    /* of the first target that failed */
};

static int add_targets(const Options *options, json_object *parameters)
{
    static const char *const all[] = {"*"};
    bool wildcard = options->given & OPTION_ALL_TARGETS;
    const char *const *names = wildcard ? all : options->targets;
    size_t n = wildcard ? 1 : options->n_targets;
    json_object *targets = n > 0 ? json_object_new_array() : NULL;

    if (n > 0 && json_add(parameters, "targets", targets) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (json_append(targets, json_object_new_string(names[i])) < 0)
            return -ENOMEM;
    return 0;
}

/* NULL: no memory. */
static json_object *encode_parameters(const Options *options)
{
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters((CallString[]){{"service", options_service(options)},
                                                             {"destination", options->destination},
                                                             {"reason", options->reason},
                                                             {0}});

    if (!parameters || add_targets(options, parameters) < 0 ||
        (options->given & OPTION_TIMEOUT &&
         json_add_int64(parameters, "timeout", options->timeout_sec) < 0) ||
        (options->given & OPTION_DRY_RUN && json_add_bool(parameters, "dryRun", true) < 0))
        return NULL;
    return TAKE(parameters);
}

static int take_failures(struct answer *answer, json_object *failures)
{
    for (size_t i = 0; failures && i < json_object_array_length(failures); i++) {
        json_object *failure = json_object_array_get_idx(failures, i), *cause = NULL;
        const char *target = NULL, *code = NULL, *message = NULL;
        if (json_get_string(failure, "target", &target) <= 0 ||
            json_get_object(failure, "cause", &cause) <= 0 ||
            json_get_string(cause, "code", &code) <= 0 ||
            json_get_string(cause, "message", &message) < 0)
            return -EBADMSG;
        text_complain("target %s: %s%s%s", target, code, message ? ": " : "",
                      message ? message : "");
        if (answer->outcome == OUTCOME_OK)
            answer->outcome = outcome_of_cause(cause);
    }
    return 0;
}

/* --no-wait: the id is all there is to tell. */
static int take_job(const Options *options, struct answer *answer, json_object *json)
{
    JobView job;
    int r;

    if (!(options->given & OPTION_NO_WAIT))
        return follow_add_job(answer->follow, json);
    r = job_view_read(json, &job);
    if (r >= 0 && !options->json)
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
    r = take_failures(answer, failures);
    if (!options->json && is_empty(jobs) && is_empty(imports) && is_empty(tasks) &&
        is_empty(failures))
        puts("No import is under way: there is nothing to stop");
    if (r >= 0 && options->given & OPTION_DRY_RUN && !options->json)
        r = object_table_show_imports(parameters, options->service, options->color);
    for (size_t i = 0; r >= 0 && jobs && i < json_object_array_length(jobs); i++)
        r = take_job(options, answer, json_object_array_get_idx(jobs, i));
    return r;
}

int stop_all_run(const Options *options)
{
    CLEANUP(follow_freep) Follow *follow = NULL;
    struct answer answer = {0};
    int r, outcome;

    if (options->n_arguments > 1) {
        text_complain("--all goes without import ids");
        return OUTCOME_USAGE;
    }
    if (options->given & OPTION_ALL_TARGETS && options->n_targets > 0) {
        text_complain("--all-targets goes without --target");
        return OUTCOME_USAGE;
    }
    r = follow_new(options, NULL, &follow);
    answer.follow = follow;
    if (r >= 0)
        r = follow_add_call(follow, "StopAll", encode_parameters(options), on_answer, &answer);
    outcome = r < 0 ? outcome_complain(options, r) : follow_run(follow);
    return outcome != OUTCOME_OK ? outcome : answer.outcome;
}
