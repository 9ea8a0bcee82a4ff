/* SPDX-License-Identifier: Apache-2.0 */
#include "client/follow-round.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/job-view.h"
#include "client/outcome.h"
#include "client/target-view.h"
#include "client/text.h"
#include "client/unit.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"

static void mark_alive(Follow *follow)
{
    follow->refused = false;
    follow->lost_usec = 0;
}

/* Every reply that matters passes here: it is what --json prints. */
static void hear(Follow *follow, const Reply *reply)
{
    mark_alive(follow);
    if (follow->options->json)
        text_print_json(reply->parameters);
}

/* The caller prints what went wrong, on a line that the display has left. */
static void end_one(Follow *follow, Followed *followed, int outcome)
{
    followed->ended = true;
    followed->outcome = outcome;
    if (outcome != OUTCOME_OK && follow->progress)
        progress_clear(follow->progress);
}

static void fail_one(Follow *follow, Followed *followed, const Reply *reply)
{
    end_one(follow, followed, outcome_of_error(reply));
    outcome_complain_error(reply, followed->import_id);
}

/* The same for an error that leaves nothing to follow. */
static void fail_all(Follow *follow, const Reply *reply)
{
    if (follow->progress)
        progress_clear(follow->progress);
    outcome_complain_error(reply, NULL);
    follow->outcome = outcome_of_error(reply);
}

/* Why a job waits is said once, with what comes next, and taken back when it is over. Waits of less
 * than a second are over before they are read. */
static void tell_wait(Follow *follow, Followed *followed, const JobView *job)
{
    char next[TIMESPAN_SIZE], deadline[TIMESPAN_SIZE], place[JOB_VIEW_PLACE_SIZE];
    bool is_alone = follow->list.n == 1; /* the place of one among many is in its line */
    const char *why = job->error_code ? job->error_code
                      : is_alone      ? job_view_format_place(job, place)
                                      : NULL;
    bool over = !why || job_view_is_final(job);
    bool soon = strlen(target_view_left(job->next_call_at, next)) == 0 || strcmp(next, "now") == 0;

    if (followed->waits ? !over : over || soon)
        return;
    followed->waits = !over;
    if (job_view_is_final(job)) /* how it ended says enough */
        return;
    if (follow->progress)
        progress_clear(follow->progress);
    if (over)
        text_remark(follow->options, "%s: goes on", job->import_id);
    else
        text_remark(follow->options, "%s: waits: %s%s%s (next try in %s%s%s)", job->import_id, why,
                    job->error_message ? ": " : "", job->error_message ? job->error_message : "",
                    next, job->deadline ? ", deadline in " : ", no deadline",
                    target_view_left(job->deadline, deadline));
}

static int update_one(Follow *follow, Followed *followed, json_object *json, const JobView *job)
{
    int r = followed_update(&follow->list, followed, json, job);

    if (r >= 0 && follow->progress)
        r = progress_change(follow->progress, json);
    if (r >= 0)
        tell_wait(follow, followed, job);
    if (r >= 0 && job_view_is_final(job) && !followed->ended) {
        end_one(follow, followed, outcome_of_job(job));
        if (followed->outcome != OUTCOME_OK)
            outcome_complain_job(job);
    }
    return r;
}

/* --no-wait: the request is all there is to tell. */
static void accept_one(Follow *follow, Followed *followed, const JobView *job)
{
    if (!follow->options->silent)
        puts(job->id);
    end_one(follow, followed, OUTCOME_OK);
}

static int read_job_of_reply(const Reply *reply, json_object **ret_json, JobView *ret)
{
    if (json_get_object(reply->parameters, "job", ret_json) <= 0)
        return -EBADMSG;
    return job_view_read(*ret_json, ret);
}

static void on_first_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;

    json_object_put(follow->call.parameters);
    follow->call.parameters = NULL;
    hear(follow, reply);
    if (reply->error)
        fail_all(follow, reply);
    else
        follow->error =
            follow->call.handler(follow->options, reply->parameters, follow->call.userdata);
}

static void on_request_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;
    Followed *followed =
        followed_first_unanswered(&follow->list); /* replies keep the order of calls */
    json_object *json = NULL;
    JobView job;
    int r;

    hear(follow, reply);
    if (reply->error) {
        fail_one(follow, followed, reply);
        return;
    }
    r = read_job_of_reply(reply, &json, &job);
    if (r >= 0 && follow->options->given & OPTION_NO_WAIT)
        accept_one(follow, followed, &job);
    else if (r >= 0)
        r = update_one(follow, followed, json, &job);
    if (r < 0)
        follow->error = r;
}

static void on_watch_error(Follow *follow, const Reply *reply)
{
    const char *id = NULL;
    Followed *followed = NULL;

    if (json_get_string(reply->parameters, "id", &id) > 0)
        followed = followed_find(&follow->list, id);
    if (followed)
        fail_one(follow, followed, reply);
    else
        fail_all(follow, reply);
}

/* Of all jobs perhaps only some are asked for. */
static bool is_wanted(const Follow *follow, const JobView *job)
{
    const Options *options = follow->options;
    const char *target = call_target(options);

    return !follow->endless || ((!options->state || strcmp(options->state, job->state) == 0) &&
                                (!target || !job->target || strcmp(target, job->target) == 0));
}

static int take_named(Follow *follow, json_object *json, const JobView *job)
{
    Followed *followed = followed_find(&follow->list, job->id);

    return followed ? update_one(follow, followed, json, job) : 0;
}

/* Of all jobs, those that are not final are on a terminal, and leave it with a line. Those that
 * were final before are history. */
static int take_any(Follow *follow, json_object *json, const JobView *job, bool wanted)
{
    FollowedList *list = &follow->list;
    Followed *followed = followed_find(list, job->id);
    bool has_row = wanted && follow->options->live && !job_view_is_final(job);
    int r = 0;

    if (followed && has_row)
        r = followed_update(list, followed, json, job);
    else if (has_row)
        r = followed_add_job(list, json, job);
    else if (followed)
        followed_remove(list, followed);
    else if (follow->options->live)
        return 0;
    if (r < 0 || !wanted || !follow->progress)
        return r;
    return followed && !has_row ? progress_end(follow->progress, json)
                                : progress_change(follow->progress, json);
}

static void on_watch_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;
    json_object *json = NULL;
    JobView job;

    int r = read_job_of_reply(reply, &json, &job);
    bool wanted = r < 0 || is_wanted(follow, &job);

    if (wanted)
        hear(follow, reply);
    else
        mark_alive(follow);
    if (r < 0 && reply->error) {
        on_watch_error(follow, reply);
        return;
    }
    if (r >= 0)
        r = follow->endless ? take_any(follow, json, &job, wanted) : take_named(follow, json, &job);
    if (r < 0)
        follow->error = r;
}

static int send_first(Follow *follow)
{
    return connection_call(follow->connection, follow->call.method,
                           json_object_get(follow->call.parameters), false, on_first_reply, follow);
}

/* NULL: no memory. */
static json_object *encode_request(const Options *options, const char *import_id)
{
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters((CallString[]){{"importId", import_id},
                                                             {"target", call_target(options)},
                                                             {"service", options_service(options)},
                                                             {"reason", options->reason},
                                                             {0}});

    if (!parameters || (options->given & OPTION_TIMEOUT &&
                        json_add_int64(parameters, "timeout", options->timeout_sec) < 0))
        return NULL;
    return TAKE(parameters);
}

/* Asks for every import whose request was not answered yet, also for those the daemon may have
 * taken before the connection was lost: it joins them to their jobs. */
static int send_requests(Follow *follow)
{
    for (size_t i = 0; i < follow->list.n; i++) {
        const Followed *followed = follow->list.all[i];
        int r;

        if (followed->ended || followed->job_id)
            continue;
        r = connection_call(follow->connection, follow->method,
                            encode_request(follow->options, followed->import_id), false,
                            on_request_reply, follow);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_ids(const Follow *follow, json_object *parameters)
{
    json_object *ids = json_object_new_array();

    if (json_add(parameters, "ids", ids) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < follow->list.n; i++) {
        if (follow->list.all[i]->ended || json_object_array_length(ids) == follow->watch_ids_max)
            continue;
        if (json_append(ids, json_object_new_string(follow->list.all[i]->job_id)) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int send_watch(Follow *follow)
{
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();

    if (!parameters || (!follow->endless && add_ids(follow, parameters) < 0))
        return -ENOMEM;
    return connection_call(follow->connection, "Watch", TAKE(parameters), true, on_watch_reply,
                           follow);
}

static int run_watch(Follow *follow)
{
    size_t ended = followed_count_ended(&follow->list), asked = follow->list.n - ended;
    int r;

    if (asked > follow->watch_ids_max)
        asked = follow->watch_ids_max;
    r = send_watch(follow);
    if (r >= 0)
        r = unit_run_connection(follow->connection, follow->options);
    /* A daemon that shuts down may end the call early: it will close the connection, too. */
    if (r == 0 && follow->error == 0 && follow->outcome == OUTCOME_OK &&
        followed_count_ended(&follow->list) == ended)
        r = connection_wait(follow->connection, RECONNECT_INTERVAL_USEC);
    if (r == -E2BIG && asked > 1) { /* ask about fewer, which may be answered */
        follow->watch_ids_max = asked / 2;
        return -ECONNRESET;
    }
    return r;
}

int follow_run_round(Follow *follow)
{
    int r;

    if (!follow->call.parameters && !followed_first_unanswered(&follow->list)) {
        r = run_watch(follow);
    } else {
        r = follow->call.parameters ? send_first(follow) : send_requests(follow);
        if (r >= 0)
            r = unit_run_connection(follow->connection, follow->options);
    }
    return follow->error < 0 ? follow->error : r;
}
