#include "client/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/connection.h"
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

typedef struct Item {
    Follow *follow;
    char *job_id; /* NULL: the daemon has not answered yet */
    int outcome;  /* once the row has ended */
} Item;

struct Follow {
    const Options *options;
    Connection *connection;
    Progress *progress; /* NULL with --json */
    ProgressRow *rows;  /* of the items; one array, so that it can be shown as it is */
    Item *items;
    size_t n_items;
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
        r = progress_new(options, connection_base(follow->connection), &follow->progress);
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
    for (size_t i = 0; i < follow->n_items; i++) {
        free(follow->items[i].job_id);
        free(follow->rows[i].import_id);
        json_object_put(follow->rows[i].job);
    }
    free(follow->items);
    free(follow->rows);
    free(follow);
}

static int add_item(Follow *follow, const char *import_id, const char *job_id, json_object *job)
{
    size_t n = follow->n_items;

    Item *items = reallocarray(follow->items, n + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    follow->items = items;
    ProgressRow *rows = reallocarray(follow->rows, n + 1, sizeof(*rows));
    if (!rows)
        return -ENOMEM;
    follow->rows = rows;

    items[n] = (Item){.follow = follow, .job_id = job_id ? strdup(job_id) : NULL};
    rows[n] = (ProgressRow){.import_id = import_id ? strdup(import_id) : NULL,
                            .job = json_object_get(job)};
    follow->n_items++;
    return (job_id && !items[n].job_id) || (import_id && !rows[n].import_id) ? -ENOMEM : 0;
}

int follow_add_import(Follow *follow, const char *import_id)
{
    return add_item(follow, import_id, NULL, NULL);
}

int follow_add_id(Follow *follow, const char *job_id)
{
    return add_item(follow, NULL, job_id, NULL);
}

int follow_add_job(Follow *follow, json_object *json)
{
    Job job;

    int r = job_read(json, &job);
    return r < 0 ? r : add_item(follow, job.import_id, job.id, json);
}

static ProgressRow *row_of(const Item *item)
{
    return &item->follow->rows[item - item->follow->items];
}

static bool all_ended(const Follow *follow)
{
    for (size_t i = 0; i < follow->n_items; i++)
        if (!follow->rows[i].ended)
            return false;
    return follow->n_items > 0;
}

/* Every reply passes here: it shows that the daemon is there, and is what --json prints. */
static void hear(Follow *follow, const Reply *reply)
{
    follow->heard = true;
    follow->lost_usec = 0;
    if (follow->options->json)
        text_print_json(reply->parameters);
}

static void end_item(Item *item, int outcome)
{
    row_of(item)->ended = true;
    item->outcome = outcome;
    if (outcome != OUTCOME_OK && item->follow->progress)
        progress_clear(item->follow->progress);
}

static void fail_item(Item *item, const Reply *reply)
{
    const char *import_id = row_of(item)->import_id;

    end_item(item, outcome_of_error(reply));
    outcome_complain_error(reply, import_id);
}

/* The latest of a job that is followed by item. */
static int update_item(Item *item, json_object *json, const Job *job)
{
    Follow *follow = item->follow;
    ProgressRow *row = row_of(item);

    if (!item->job_id && !(item->job_id = strdup(job->id)))
        return -ENOMEM;
    json_object_put(row->job);
    row->job = json_object_get(json);

    int r = follow->progress ? progress_change(follow->progress, json) : 0;
    if (r >= 0 && job_is_final(job) && !row->ended) {
        end_item(item, outcome_of_job(job));
        if (item->outcome != OUTCOME_OK)
            outcome_complain_job(job);
    }
    return r;
}

static int reply_job(const Reply *reply, json_object **ret_json, Job *ret)
{
    if (json_get_object(reply->parameters, "job", ret_json) <= 0)
        return -EBADMSG;
    return job_read(*ret_json, ret);
}

/* --no-wait: the request is all there is to tell. */
static void accept_item(Item *item, const Job *job)
{
    if (!item->follow->options->json)
        puts(job->id);
    end_item(item, OUTCOME_OK);
}

static void on_stop_reply(const Reply *reply, void *userdata)
{
    Item *item = userdata;
    json_object *json;
    Job job;

    hear(item->follow, reply);
    if (reply->error) {
        fail_item(item, reply);
        return;
    }
    int r = reply_job(reply, &json, &job);
    if (r >= 0 && item->follow->options->given & OPTION_NO_WAIT)
        accept_item(item, &job);
    else if (r >= 0)
        r = update_item(item, json, &job);
    if (r < 0)
        item->follow->error = r;
}

static Item *find_item(Follow *follow, const char *job_id)
{
    for (size_t i = 0; i < follow->n_items; i++)
        if (follow->items[i].job_id && strcmp(follow->items[i].job_id, job_id) == 0)
            return &follow->items[i];
    return NULL;
}

static void on_watch_error(Follow *follow, const Reply *reply)
{
    const char *id = NULL;
    Item *item = NULL;

    if (json_get_string(reply->parameters, "id", &id) > 0)
        item = find_item(follow, id);
    if (item) {
        fail_item(item, reply);
        return;
    }
    if (follow->progress)
        progress_clear(follow->progress);
    outcome_complain_error(reply, NULL);
    follow->outcome = outcome_of_error(reply);
}

static void on_watch_reply(const Reply *reply, void *userdata)
{
    Follow *follow = userdata;
    json_object *json;
    Job job;

    int r = reply_job(reply, &json, &job);
    if (r == 0 && follow->options->state && strcmp(follow->options->state, job.state) != 0) {
        follow->lost_usec = 0;
        return;
    }
    hear(follow, reply);
    if (r < 0 && reply->error) {
        on_watch_error(follow, reply);
        return;
    }
    if (r >= 0) {
        Item *item = find_item(follow, job.id);
        if (item)
            r = update_item(item, json, &job);
        else if (follow->progress && follow->n_items == 0)
            r = progress_change(follow->progress, json);
    }
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
static int send_stops(Follow *follow, size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < follow->n_items; i++) {
        json_object *parameters = NULL;
        if (follow->rows[i].ended || follow->items[i].job_id)
            continue;
        int r = encode_stop(follow, follow->rows[i].import_id, &parameters);
        if (r >= 0)
            r = connection_call(follow->connection, "Stop", parameters, false, on_stop_reply,
                                &follow->items[i]);
        if (r < 0)
            return r;
        n++;
    }
    *ret_n = n;
    return 0;
}

static int encode_watch(const Follow *follow, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();
    json_object *ids = follow->n_items > 0 ? json_object_new_array() : NULL;

    if (!parameters || (follow->n_items > 0 && json_add(parameters, "ids", ids) < 0))
        return -ENOMEM;
    for (size_t i = 0; i < follow->n_items; i++) {
        if (follow->rows[i].ended || json_object_array_length(ids) == follow->watch_ids_max)
            continue;
        json_object *id = json_object_new_string(follow->items[i].job_id);
        if (!id || json_object_array_add(ids, id) < 0) {
            json_object_put(id);
            return -ENOMEM;
        }
    }
    *ret = TAKE(parameters);
    return 0;
}

static size_t count_ended(const Follow *follow)
{
    size_t n = 0;

    for (size_t i = 0; i < follow->n_items; i++)
        n += follow->rows[i].ended;
    return n;
}

static int watch(Follow *follow)
{
    json_object *parameters = NULL;
    size_t ended = count_ended(follow);

    int r = encode_watch(follow, &parameters);
    if (r >= 0)
        r = connection_call(follow->connection, "Watch", parameters, true, on_watch_reply, follow);
    if (r >= 0)
        r = connection_run(follow->connection);
    /* A daemon that shuts down may end the call early: it will close the connection, too. */
    if (r == 0 && follow->error == 0 && follow->outcome == OUTCOME_OK &&
        count_ended(follow) == ended)
        r = connection_wait(follow->connection, RECONNECT_INTERVAL_USEC);
    /* So does one whose max-message is too small for the call, without a word: ask about fewer. */
    if (r < 0 && !follow->heard && follow->watch_ids_max > 1)
        follow->watch_ids_max /= 2;
    return r;
}

/* First whatever is still to be asked for, then what came of it. */
static int run_round(Follow *follow)
{
    size_t n_stops = 0;

    follow->heard = false;
    int r = send_stops(follow, &n_stops);
    if (r >= 0)
        r = n_stops > 0 ? connection_run(follow->connection) : watch(follow);
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
        if (error == 0)
            return 0;
    }
    return error;
}

/* Says how to look at the jobs again. */
static void detach(const Follow *follow)
{
    CLEANUP(freep) char *ids = NULL;
    size_t size, n = 0, unanswered = 0;
    FILE *file = open_memstream(&ids, &size);

    if (!file)
        return;
    for (size_t i = 0; i < follow->n_items; i++) {
        if (follow->rows[i].ended)
            continue;
        if (follow->items[i].job_id)
            fprintf(file, " %s", follow->items[i].job_id);
        n += follow->items[i].job_id != NULL;
        unanswered += follow->items[i].job_id == NULL;
    }
    if (fclose(file) != 0)
        return;
    if (n > 0)
        text_complain("The jobs go on. To look at them again: trailstopctl%s%s watch%s",
                      follow->options->socket_given ? " --socket " : "",
                      follow->options->socket_given ? follow->options->socket_path : "", ids);
    if (unanswered > 0)
        text_complain("%zu requests were not answered and may or may not have been accepted: "
                      "trailstopctl jobs",
                      unanswered);
}

static int end(Follow *follow)
{
    bool waited = !(follow->options->given & OPTION_NO_WAIT);

    if (follow->progress && waited && follow->n_items > 0 && progress_finish(follow->progress) < 0)
        text_complain("Out of memory");
    text_flush();
    if (follow->outcome != OUTCOME_OK)
        return follow->outcome;
    for (size_t i = 0; i < follow->n_items; i++)
        if (follow->items[i].outcome != OUTCOME_OK)
            return follow->items[i].outcome;
    return OUTCOME_OK;
}

int follow_run(Follow *follow)
{
    int r = connection_open(follow->connection);

    if (r < 0)
        return outcome_complain_open(follow->options, r);
    if (follow->progress)
        progress_set_rows(follow->progress, follow->rows, follow->n_items);
    while (!all_ended(follow) && follow->outcome == OUTCOME_OK) {
        r = run_round(follow);
        if (r < 0 && is_lost(r))
            r = reconnect(follow, r);
        if (r < 0) {
            text_flush();
            int outcome = outcome_complain_run(follow->options, r);
            detach(follow);
            return outcome;
        }
    }
    return end(follow);
}
