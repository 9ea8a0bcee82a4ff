/* SPDX-License-Identifier: Apache-2.0 */
#include "client/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/follow-round.h"
#include "client/job-view.h"
#include "client/outcome.h"
#include "client/text.h"
#include "client/unit.h"
#include "common/time.h"

/* A daemon that restarts is back within that time, or it does not come back. */
#define RECONNECT_USEC (30 * USEC_PER_SEC)

/* A daemon that crashed is started again within that time, unless it crashes again. */
#define RESTART_USEC (5 * USEC_PER_SEC)

/* As many ids as fit one call of the daemon's default max-message. */
#define WATCH_IDS_MAX 1000U

int follow_new(const Options *options, const char *method, Follow **ret)
{
    CLEANUP(follow_freep) Follow *follow = calloc(1, sizeof(*follow));

    if (!follow)
        return -ENOMEM;
    follow->options = options;
    follow->method = method;
    follow->watch_ids_max = WATCH_IDS_MAX;
    *ret = TAKE(follow);
    return 0;
}

void follow_free(Follow *follow)
{
    if (!follow)
        return;
    progress_free(follow->progress);
    connection_free(follow->connection);
    json_object_put(follow->call.parameters);
    followed_clear(&follow->list);
    free(follow);
}

int follow_add_import(Follow *follow, const char *import_id)
{
    return followed_add(&follow->list, import_id, NULL);
}

int follow_add_id(Follow *follow, const char *job_id)
{
    return followed_find(&follow->list, job_id) ? 0 : followed_add(&follow->list, NULL, job_id);
}

int follow_add_job(Follow *follow, json_object *json)
{
    JobView job;

    int r = job_view_read(json, &job);
    return r < 0 ? r : followed_add_job(&follow->list, json, &job);
}

int follow_add_call(Follow *follow, const char *method, json_object *parameters,
                    CallHandler handler, void *userdata)
{
    follow->call = (struct first_call){method, parameters, handler, userdata};
    return parameters ? 0 : -ENOMEM;
}

static bool is_lost(int error)
{
    return error != -EINTR && error != -ENOMEM && error != -EBADMSG && error != -EMSGSIZE &&
           error != -ETIME;
}

/* What to do next, which is not an error. */
static void suggest(const Follow *follow, const char *sentence, const char *command,
                    const char *arguments)
{
    const Options *options = follow->options;

    text_remark(options, "%s trailstopctl%s%s %s%s", sentence,
                options->socket_given ? " --socket " : "",
                options->socket_given ? options->socket_path : "", command, arguments);
}

/* Whether systemd knows why the daemon is away, and that is not about to pass. */
static bool is_gone(const Follow *follow)
{
    CLEANUP(freep) char *sentence = NULL;
    UnitVerdict verdict = unit_examine(follow->options->socket_path, &sentence);

    return verdict == UNIT_CANNOT_START ||
           (verdict == UNIT_FAILS && time_now_boottime() - follow->lost_usec > RESTART_USEC);
}

/* The first try comes soon, the last after RECONNECT_USEC, and those between ever more seldom:
 * each may start a daemon that cannot start. */
static uint64_t next_try_usec(const Follow *follow)
{
    uint64_t lost_usec = time_now_boottime() - follow->lost_usec;
    uint64_t delay_usec = RECONNECT_INTERVAL_USEC + lost_usec / 2;
    uint64_t left_usec = lost_usec < RECONNECT_USEC ? RECONNECT_USEC - lost_usec : 0;

    return delay_usec < left_usec ? delay_usec : left_usec;
}

/* 0, -EINTR, or why the daemon cannot be reached any more. It hangs up on a call that is too long
 * each time, but hardly restarts twice before it answers. */
static int reconnect(Follow *follow, int error)
{
    bool refused_before = follow->refused, lost_before = follow->lost_usec > 0;

    follow->refused = error == -E2BIG;
    if (follow->options->given & (OPTION_NO_WAIT | OPTION_DRY_RUN) ||
        (follow->refused && refused_before))
        return error;
    if (!lost_before)
        follow->lost_usec = time_now_boottime();
    while (time_now_boottime() - follow->lost_usec < RECONNECT_USEC) {
        int r;

        if (is_gone(follow))
            return error;
        if (!lost_before) {
            if (follow->progress)
                progress_clear(follow->progress);
            text_remark(follow->options, "The daemon hung up; connecting again for up to 30s");
            lost_before = true;
        }
        r = connection_wait(follow->connection, next_try_usec(follow));
        if (r < 0 && !is_lost(r))
            return r;
        error = connection_open(follow->connection);
        if (error == 0 || !is_lost(error))
            return error;
    }
    return error;
}

/* Says how to look at the jobs again. That they go on is known only while the daemon runs. */
static void detach(const Follow *follow, bool daemon_runs)
{
    CLEANUP(freep) char *ids = NULL;
    size_t size;
    FILE *file = open_memstream(&ids, &size);

    if (!file)
        return;
    for (size_t i = 0; i < follow->list.n; i++)
        if (!follow->list.all[i]->ended && follow->list.all[i]->job_id)
            fprintf(file, " %s", follow->list.all[i]->job_id);
    if (fclose(file) != 0 || !ids) /* without memory, perhaps only the latter */
        return;
    if (*ids)
        suggest(follow,
                daemon_runs ? "The jobs go on. To look at them again:"
                            : "The accepted jobs are kept, and go on when the daemon "
                              "runs again. To look at them then:",
                "watch", ids);
    if (followed_first_unanswered(&follow->list) ||
        (follow->call.parameters && !(follow->options->given & OPTION_DRY_RUN)))
        suggest(follow,
                daemon_runs ? "Not every request was answered. The jobs that the "
                              "daemon accepted go on, and are listed by:"
                            : "Not every request was answered. The jobs that the "
                              "daemon accepted are listed, when it runs again, by:",
                "jobs", "");
}

/* Ends it for all. */
static int give_up(Follow *follow, int error)
{
    int outcome;

    text_flush();
    outcome = outcome_complain(follow->options, error);
    if (!follow->endless && (outcome == OUTCOME_INTERRUPTED || outcome == OUTCOME_UNREACHABLE))
        detach(follow, outcome == OUTCOME_INTERRUPTED && follow->lost_usec == 0);
    return outcome;
}

static int finish(Follow *follow)
{
    bool waited = !(follow->options->given & OPTION_NO_WAIT);

    if (follow->progress && waited && !follow->endless && follow->list.n > 0 &&
        progress_finish(follow->progress) < 0)
        text_complain("Out of memory");
    text_flush();
    return follow->outcome != OUTCOME_OK ? follow->outcome : followed_outcome(&follow->list);
}

static bool is_done(const Follow *follow)
{
    return follow->outcome != OUTCOME_OK || (!follow->endless && !follow->call.parameters &&
                                             followed_count_ended(&follow->list) == follow->list.n);
}

static int open_first(Follow *follow)
{
    const Options *options = follow->options;

    int r = connection_new(options->socket_path, &follow->connection);

    follow->endless = follow->list.n == 0 && !follow->call.parameters;
    if (r >= 0 && options->for_people)
        r = progress_new(options, connection_base(follow->connection), &follow->list,
                         follow->endless, &follow->progress);
    return r < 0 ? r : connection_open(follow->connection);
}

int follow_run(Follow *follow)
{
    int r = open_first(follow);

    if (r < 0)
        return outcome_complain(follow->options, r);
    while (!is_done(follow)) {
        bool again = follow->call.parameters && follow->lost_usec > 0;
        r = follow_run_round(follow);
        if (r == 0 && again) /* the answer names what runs, not what has ended meanwhile */
            suggest(follow,
                    "The request was made twice. What came of the first is listed by:", "jobs", "");
        if (r < 0 && is_lost(r))
            r = reconnect(follow, r);
        if (r < 0)
            return give_up(follow, r);
    }
    return finish(follow);
}
