#include "client/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/connection.h"
#include "client/followed.h"
#include "client/outcome.h"
#include "client/progress.h"
#include "client/text.h"
#include "common/json.h"
#include "common/time.h"

/* A daemon that restarts is back within that time, or it does not come back. */
#define RECONNECT_USEC (30 * USEC_PER_SEC)
#define RECONNECT_INTERVAL_USEC (200 * USEC_PER_MSEC)

/* As many ids as fit one call of the daemon's default max-message. */
#define WATCH_IDS_MAX 1000U

struct Follow {
    const Options *options;
    Connection *connection;
    Progress *progress; /* NULL with --json */
    FollowedList list;  /* empty: all jobs are followed */
    size_t watch_ids_max;
    uint64_t lost_usec; /* since when the daemon is away, CLOCK_BOOTTIME; 0: it answers */
    bool heard;         /* in this round */
    int error;          /* of a handler: a negative errno */
    int outcome;        /* of an error that ends it for all; OUTCOME_OK: none */
};

int follow_new(const Options *options, Follow **ret)
{
    CLEANUP(follow_freep) Follow *follow = calloc(1, sizeof(*follow));

    if (!follow)
        return -ENOMEM;
    follow->options = options;
    follow->watch_ids_max = WATCH_IDS_MAX;
    int r = connection_new(options->socket_path, &follow->connection);
    if (r >= 0 && !options->json)
        r = progress_new(options, connection_base(follow->connection), &follow->list,
                         &follow->progress);
    if (r < 0)
        return r;
    *ret = TAKE(follow);
    return 0;
}

void follow_free(Follow *follow)
{
    if (!follow)
        return;
    progress_free(follow->progress);
    connection_free(follow->connection);
    followed_clear(&follow->list);
    free(follow);
}

int follow_add_import(Follow *follow, const char *import_id)
{
    return followed_add(&follow->list, import_id, NULL, NULL);
}

int follow_add_id(Follow *follow, const char *job_id)
{
    return followed_add(&follow->list, NULL, job_id, NULL);
}

int follow_add_job(Follow *follow, json_object *json)
{
    Job job;

    int r = job_read(json, &job);
    return r < 0 ? r : followed_add(&follow->list, job.import_id, job.id, json);
}

/* Every reply passes here: it shows that the daemon is there, and is what --json prints. */
static void hear(Follow *follow, const Reply *reply)
{
    follow->heard = true;
    follow->lost_usec = 0;
    if (follow->options->json)
        text_print_json(reply->parameters);
}

/* What went wrong is said by who calls, on a line that the display has left. */
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

static int update_one(Follow *follow, Followed *followed, json_object *json, const Job *job)
{
    int r = followed_update(followed, json, job);

    if (r >= 0 && follow->progress)
        r = progress_change(follow->progress, json);
    if (r >= 0 && job_is_final(job) && !followed->ended) {
        end_one(follow, followed, outcome_of_job(job));
        if (followed->outcome != OUTCOME_OK)
            outcome_complain_job(job);
    }
    return r;
}

/* --no-wait: the request is all there is to tell. */
static void accept_one(Follow *follow, Followed *followed, const Job *job)
{
    if (!follow->options->json)
        puts(job->id);
    end_one(follow, followed, OUTCOME_OK);
}

static int read_job_of_reply(const Reply *reply, json_object **ret_json, Job *ret)
{
    if (json_get_object(reply->parameters, "job", ret_json) <= 0)
        return -EBADMSG;
    return job_read(*ret_json, ret);
}

static void on_stop_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;
    Followed *followed =
        followed_first_unanswered(&follow->list); /* replies keep the order of calls */
    json_object *json = NULL;
    Job job;

    hear(follow, reply);
    if (reply->error) {
        fail_one(follow, followed, reply);
        return;
    }
    int r = read_job_of_reply(reply, &json, &job);
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
    if (followed) {
        fail_one(follow, followed, reply);
        return;
    }
    if (follow->progress)
        progress_clear(follow->progress);
    outcome_complain_error(reply, NULL);
    follow->outcome = outcome_of_error(reply);
}

/* Of all jobs perhaps only some are asked for. */
static bool is_wanted(const Follow *follow, const Job *job)
{
    const Options *options = follow->options;
    const char *target = call_target(options);

    return follow->list.n > 0 || ((!options->state || strcmp(options->state, job->state) == 0) &&
                                  (!target || !job->target || strcmp(target, job->target) == 0));
}

static int take_watched(Follow *follow, json_object *json, const Job *job)
{
    Followed *followed = followed_find(&follow->list, job->id);

    if (followed)
        return update_one(follow, followed, json, job);
    return follow->progress && follow->list.n == 0 ? progress_change(follow->progress, json) : 0;
}

static void on_watch_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;
    json_object *json = NULL;
    Job job;

    int r = read_job_of_reply(reply, &json, &job);
    if (r >= 0 && !is_wanted(follow, &job)) {
        follow->lost_usec = 0;
        return;
    }
    hear(follow, reply);
    if (r < 0 && reply->error) {
        on_watch_error(follow, reply);
        return;
    }
    if (r >= 0)
        r = take_watched(follow, json, &job);
    if (r < 0)
        follow->error = r;
}

static int encode_stop(const Follow *follow, const char *import_id, json_object **ret)
{
    const Options *options = follow->options;
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();

    if (!parameters || json_add_string(parameters, "importId", import_id) < 0 ||
        json_add_string(parameters, "target", call_target(options)) < 0 ||
        json_add_string(parameters, "reason", options->reason) < 0 ||
        (options->given & OPTION_TIMEOUT &&
         json_add_int64(parameters, "timeout", options->timeout_sec) < 0))
        return -ENOMEM;
    *ret = TAKE(parameters);
    return 0;
}

/* Asks for every import whose request was not answered yet, also for those the daemon may have
 * taken before the connection was lost: it joins them to their jobs. */
static int send_stops(Follow *follow)
{
    for (size_t i = 0; i < follow->list.n; i++) {
        const Followed *followed = &follow->list.all[i];
        json_object *parameters = NULL;
        if (followed->ended || followed->job_id)
            continue;
        int r = encode_stop(follow, followed->import_id, &parameters);
        if (r >= 0)
            r = connection_call(follow->connection, "Stop", parameters, false, on_stop_reply,
                                follow);
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
        if (follow->list.all[i].ended || json_object_array_length(ids) == follow->watch_ids_max)
            continue;
        json_object *id = json_object_new_string(follow->list.all[i].job_id);
        if (!id || json_object_array_add(ids, id) < 0) {
            json_object_put(id);
            return -ENOMEM;
        }
    }
    return 0;
}

static int send_watch(Follow *follow)
{
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();

    if (!parameters || (follow->list.n > 0 && add_ids(follow, parameters) < 0))
        return -ENOMEM;
    return connection_call(follow->connection, "Watch", TAKE(parameters), true, on_watch_reply,
                           follow);
}

static int run_stops(Follow *follow)
{
    int r = send_stops(follow);

    return r < 0 ? r : connection_run(follow->connection);
}

static int run_watch(Follow *follow)
{
    size_t ended = followed_count_ended(&follow->list);

    int r = send_watch(follow);
    if (r >= 0)
        r = connection_run(follow->connection);
    /* A daemon that shuts down may end the call early: it will close the connection, too. */
    if (r == 0 && follow->error == 0 && follow->outcome == OUTCOME_OK &&
        followed_count_ended(&follow->list) == ended)
        r = connection_wait(follow->connection, RECONNECT_INTERVAL_USEC);
    /* So does one whose max-message is too small for the call, without a word: ask about fewer. */
    if (r < 0 && !follow->heard && follow->watch_ids_max > 1)
        follow->watch_ids_max /= 2;
    return r;
}

/* First whatever is still to be asked for, also what the daemon may have taken before the
 * connection was lost (it joins that to its job); then what comes of it. */
static int run_round(Follow *follow)
{
    follow->heard = false;
    int r = followed_first_unanswered(&follow->list) ? run_stops(follow) : run_watch(follow);
    return follow->error < 0 ? follow->error : r;
}

static bool is_lost(int error)
{
    return error != -EINTR && error != -ENOMEM && error != -EBADMSG && error != -EMSGSIZE;
}

/* 0, -EINTR, or why the daemon cannot be reached any more. */
static int reconnect(Follow *follow, int error)
{
    if (follow->options->given & OPTION_NO_WAIT)
        return error;
    if (follow->lost_usec == 0) {
        follow->lost_usec = time_now_boottime();
        if (follow->progress)
            progress_clear(follow->progress);
        text_complain("The daemon went away; connecting again for up to 30s");
    }
    while (time_now_boottime() - follow->lost_usec < RECONNECT_USEC) {
        int r = connection_wait(follow->connection, RECONNECT_INTERVAL_USEC);
        if (r < 0 && !is_lost(r))
            return r;
        error = connection_open(follow->connection);
        if (error == 0 || !is_lost(error))
            return error;
    }
    return error;
}

/* Says how to look at the jobs again. */
static void detach(const Follow *follow)
{
    CLEANUP(freep) char *ids = NULL;
    bool socket_given = follow->options->socket_given;
    size_t size;
    FILE *file = open_memstream(&ids, &size);

    if (!file)
        return;
    for (size_t i = 0; i < follow->list.n; i++)
        if (!follow->list.all[i].ended && follow->list.all[i].job_id)
            fprintf(file, " %s", follow->list.all[i].job_id);
    if (fclose(file) != 0)
        return;
    if (*ids)
        text_complain("The jobs go on. To look at them again: trailstopctl%s%s watch%s",
                      socket_given ? " --socket " : "",
                      socket_given ? follow->options->socket_path : "", ids);
    if (followed_first_unanswered(&follow->list))
        text_complain("Not every request was answered. Those that were accepted are among: "
                      "trailstopctl%s%s jobs",
                      socket_given ? " --socket " : "",
                      socket_given ? follow->options->socket_path : "");
}

/* Ends it for all. */
static int give_up(Follow *follow, int error)
{
    text_flush();
    int outcome = outcome_complain_run(follow->options, error);
    if (outcome == OUTCOME_INTERRUPTED || outcome == OUTCOME_UNREACHABLE)
        detach(follow);
    return outcome;
}

static int finish(Follow *follow)
{
    bool waited = !(follow->options->given & OPTION_NO_WAIT);

    if (follow->progress && waited && follow->list.n > 0 && progress_finish(follow->progress) < 0)
        text_complain("Out of memory");
    text_flush();
    return follow->outcome != OUTCOME_OK ? follow->outcome : followed_outcome(&follow->list);
}

static bool is_done(const Follow *follow)
{
    return follow->outcome != OUTCOME_OK ||
           (follow->list.n > 0 && followed_count_ended(&follow->list) == follow->list.n);
}

int follow_run(Follow *follow)
{
    int r = connection_open(follow->connection);

    if (r < 0)
        return outcome_complain_open(follow->options, r);
    while (!is_done(follow)) {
        r = run_round(follow);
        if (r < 0 && is_lost(r))
            r = reconnect(follow, r);
        if (r < 0)
            return give_up(follow, r);
    }
    return finish(follow);
}
