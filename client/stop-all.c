#include "client/stop-all.h"

#include <errno.h>
#include <stdio.h>

#include "client/call.h"
#include "client/follow.h"
#include "client/job.h"
#include "client/object-table.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"

struct answer {
    json_object *jobs; /* owned; NULL: none */
    int outcome;       /* of the first target that failed */
};

static int encode_targets(const Options *options, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *targets = json_object_new_array();
    static const char *const all[] = {"*"};
    bool wildcard = options->given & OPTION_ALL_TARGETS;
    const char *const *names = wildcard ? all : options->targets;
    size_t n = wildcard ? 1 : options->n_targets;

    if (!targets)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        json_object *name = json_object_new_string(names[i]);
        if (!name || json_object_array_add(targets, name) < 0) {
            json_object_put(name);
            return -ENOMEM;
        }
    }
    *ret = TAKE(targets);
    return 0;
}

static int encode_call(const Options *options, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *targets = NULL;
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters(
        (CallString[]){{"destination", options->destination}, {"reason", options->reason}, {0}});

    if (!parameters || encode_targets(options, &targets) < 0 ||
        (json_object_array_length(targets) > 0 &&
         json_add(parameters, "targets", TAKE(targets)) < 0) ||
        (options->given & OPTION_TIMEOUT &&
         json_add_int64(parameters, "timeout", options->timeout_sec) < 0) ||
        (options->given & OPTION_DRY_RUN && json_add_bool(parameters, "dryRun", true) < 0))
        return -ENOMEM;
    *ret = TAKE(parameters);
    return 0;
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

static int on_answer(const Options *options, json_object *parameters, void *userdata)
{
    struct answer *answer = userdata;
    json_object *jobs = NULL, *failures = NULL;

    if (json_get_array(parameters, "jobs", &jobs) < 0 ||
        json_get_array(parameters, "failures", &failures) < 0)
        return -EBADMSG;
    answer->jobs = json_object_get(jobs);
    int r = take_failures(answer, failures);
    if (r >= 0 && options->given & OPTION_DRY_RUN && !options->json)
        r = object_table_show_imports(parameters, options->color);
    return r;
}

static int print_ids(const Options *options, json_object *jobs)
{
    for (size_t i = 0; i < json_object_array_length(jobs) && !options->json; i++) {
        Job job;
        int r = job_read(json_object_array_get_idx(jobs, i), &job);
        if (r < 0)
            return r;
        puts(job.id);
    }
    return 0;
}

static int follow_jobs(const Options *options, json_object *jobs, int *ret_outcome)
{
    CLEANUP(follow_freep) Follow *follow = NULL;

    int r = follow_new(options, &follow);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(jobs); i++)
        r = follow_add_job(follow, json_object_array_get_idx(jobs, i));
    if (r >= 0)
        *ret_outcome = follow_run(follow);
    return r;
}

int stop_all_run(const Options *options)
{
    json_object *parameters = NULL;
    struct answer answer = {0};

    if (options->n_arguments > 1) {
        text_complain("--all goes without import ids");
        return OUTCOME_USAGE;
    }
    int r = encode_call(options, &parameters);
    if (r < 0)
        return outcome_complain_run(options, r);
    int outcome = call_run(options, "StopAll", parameters, false, on_answer, &answer);
    CLEANUP(json_object_putp) json_object *jobs = answer.jobs;
    if (outcome != OUTCOME_OK)
        return outcome;
    if (jobs && options->given & OPTION_NO_WAIT)
        r = print_ids(options, jobs);
    else if (jobs && json_object_array_length(jobs) > 0)
        r = follow_jobs(options, jobs, &outcome);
    if (r < 0)
        return outcome_complain_run(options, r);
    return outcome != OUTCOME_OK ? outcome : answer.outcome;
}
