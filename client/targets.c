/* SPDX-License-Identifier: Apache-2.0 */
#include "client/targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/connection.h"
#include "client/outcome.h"
#include "client/table.h"
#include "client/target-view.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"

/* A target that has not answered by then is not well, whatever the daemon still tries. */
#define HEALTH_TIMEOUT_USEC (10 * USEC_PER_SEC)

/* ---- what is known of them ---- */

/* What changes stands first: the rest may not fit the terminal. */
static const TableColumn columns[] = {
    {.name = "TARGET", .id = true},
    {.name = "STATE"},
    {.name = "SINCE"},
    {.name = "NEXT TRY"},
    {.name = "ERROR"},
    {.name = "EXPIRES"},
    {.name = "REGION"},
    {.name = "CREDENTIALS"},
    {.name = "ENDPOINT"},
    {.name = "ROLE"},
};

static void add_target(Table *table, const TargetView *target)
{
    char text[TIMESPAN_SIZE];

    table_add(table, STYLE_PLAIN, target->name);
    table_add(table, target_view_is_ok(target) ? STYLE_GOOD : STYLE_BAD, target_view_state(target));
    table_add(table, STYLE_PLAIN, target_view_age(target->since, text));
    table_add(table, STYLE_PLAIN, target_view_left(target->next_try_at, text));
    table_add(table, STYLE_PLAIN, target->error_code);
    table_add(table, STYLE_PLAIN, target_view_left(target->credentials_expire_at, text));
    table_add(table, STYLE_PLAIN, target->region);
    table_add(table, STYLE_PLAIN, target->credentials);
    table_add(table, STYLE_PLAIN, target->endpoint);
    table_add(table, STYLE_PLAIN, target->role_arn);
}

static int print_targets(const Options *options, json_object *parameters, void *userdata)
{
    CLEANUP(table_freep) Table *table = NULL;
    json_object *targets = NULL;
    int r;

    (void)userdata;
    if (json_get_array(parameters, "targets", &targets) <= 0)
        return -EBADMSG;
    r = table_new(columns, sizeof(columns) / sizeof(columns[0]), TABLE_GAP, &table);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(targets); i++) {
        TargetView target;

        r = target_view_read(json_object_array_get_idx(targets, i), &target);
        if (r >= 0)
            add_target(table, &target);
    }
    return r < 0 ? r : table_show(table, options, NULL);
}

/* ---- asked for real ---- */

typedef struct Asked {
    struct Asking *asking;
    char *name;
    bool answered;
} Asked;

typedef struct Asking {
    const Options *options;
    Connection *connection;
    json_object *targets; /* of ListTargets */
    json_object *queues;  /* of ListQueues; NULL: not asked for */
    Asked *all;
    size_t n;
    Table *table; /* of a test; NULL: none */
    bool store_writable;
    int outcome;
    int error;
} Asking;

static void asking_clear(Asking *asking)
{
    for (size_t i = 0; i < asking->n; i++)
        free(asking->all[i].name);
    free(asking->all);
    json_object_put(asking->targets);
    json_object_put(asking->queues);
    table_free(asking->table);
    connection_free(asking->connection);
}

static void on_targets(const Reply *reply, void *userdata)
{
    Asking *asking = userdata;
    json_object *targets = NULL;

    if (asking->all && asking->options->json) /* what came of asking */
        text_print_json(reply->parameters);
    if (reply->error) {
        outcome_complain_error(reply, NULL);
        asking->outcome = outcome_of_error(reply);
    } else if (json_get_array(reply->parameters, "targets", &targets) <= 0) {
        asking->error = -EBADMSG;
    } else {
        json_object_put(asking->targets);
        asking->targets = json_object_get(targets);
    }
}

static int list_targets(Asking *asking)
{
    int r = connection_open(asking->connection);

    if (r >= 0)
        r = connection_call(asking->connection, "ListTargets", call_parameters((CallString[]){{0}}),
                            false, on_targets, asking);
    if (r >= 0)
        r = connection_run(asking->connection);
    return r < 0 ? r : asking->error;
}

/* One call for each target, all at once: method, and status where it takes one. */
static int ask_all(Asking *asking, const char *method, const char *status, ReplyHandler handler)
{
    size_t n = json_object_array_length(asking->targets);
    int r = 0;

    asking->all = calloc(n + 1, sizeof(asking->all[0]));
    if (!asking->all)
        return -ENOMEM;
    for (size_t i = 0; r >= 0 && i < n; i++) {
        Asked *asked = &asking->all[asking->n];
        TargetView target;

        r = target_view_read(json_object_array_get_idx(asking->targets, i), &target);
        if (r < 0)
            return r;
        *asked = (Asked){.asking = asking, .name = strdup(target.name)};
        if (!asked->name)
            return -ENOMEM;
        asking->n++;
        r = connection_call(
            asking->connection, method,
            call_parameters((CallString[]){{"target", asked->name}, {"status", status}, {0}}),
            false, handler, asked);
    }
    return r;
}

static int asking_begin(Asking *asking)
{
    int r = connection_new(asking->options->socket_path, &asking->connection);

    return r < 0 ? r : list_targets(asking);
}

/* ---- targets --test ---- */

static void on_tested(const Reply *reply, void *userdata)
{
    Asked *asked = userdata;
    Asking *asking = asked->asking;
    const char *account = NULL, *arn = NULL;

    asked->answered = true;
    if (asking->options->json)
        text_print_json(reply->parameters);
    if (reply->error) {
        outcome_complain_error(reply, asked->name);
        if (asking->outcome == OUTCOME_OK)
            asking->outcome = outcome_of_error(reply);
        return;
    }
    if (json_get_string(reply->parameters, "account", &account) < 0 ||
        json_get_string(reply->parameters, "arn", &arn) < 0)
        asking->error = -EBADMSG;
    table_add(asking->table, STYLE_PLAIN, asked->name);
    table_add(asking->table, STYLE_PLAIN, account);
    table_add(asking->table, STYLE_PLAIN, arn);
}

static int run_test(const Options *options)
{
    static const TableColumn test_columns[] = {
        {.name = "TARGET", .id = true}, {.name = "ACCOUNT"}, {.name = "ARN"}};
    Asking asking = {.options = options};
    int r = table_new(test_columns, sizeof(test_columns) / sizeof(test_columns[0]), TABLE_GAP,
                      &asking.table);

    if (r >= 0)
        r = asking_begin(&asking);
    if (r >= 0 && asking.targets)
        r = ask_all(&asking, "TestTarget", NULL, on_tested);
    if (r >= 0)
        r = connection_run(asking.connection);
    if (r >= 0)
        r = asking.error;
    if (r >= 0)
        r = table_show(asking.table, options, NULL);
    asking_clear(&asking);
    return r < 0 ? outcome_complain(options, r) : asking.outcome;
}

int targets_run(const Options *options)
{
    if (options->given & OPTION_TEST)
        return run_test(options);
    return call_print(options, "ListTargets", call_parameters((CallString[]){{0}}), false,
                      print_targets, NULL);
}

/* ---- health ---- */

/* What the answer shows of its target is in the next ListTargets. */
static void on_answer(const Reply *reply, void *userdata)
{
    Asked *asked = userdata;

    (void)reply;
    asked->answered = true;
}

static void on_statistics(const Reply *reply, void *userdata)
{
    Asking *asking = userdata;
    json_object *statistics = NULL;
    int64_t writable = 0;

    if (asking->options->json)
        text_print_json(reply->parameters);
    if (json_get_object(reply->parameters, "statistics", &statistics) < 0 ||
        json_get_int64(statistics, "storeWritable", &writable) < 0)
        asking->error = -EBADMSG;
    asking->store_writable = writable > 0;
}

static bool has_queues(const Asking *asking)
{
    return asking->queues && json_object_array_length(asking->queues) > 0;
}

/* A daemon of before them answers with an error, and has none. */
static void on_queues(const Reply *reply, void *userdata)
{
    Asking *asking = userdata;
    json_object *queues = NULL;

    if (json_get_array(reply->parameters, "queues", &queues) < 0)
        asking->error = -EBADMSG;
    asking->queues = json_object_get(queues);
    if (asking->options->json && has_queues(asking))
        text_print_json(reply->parameters);
}

static bool was_answered(const Asking *asking, const char *name)
{
    for (size_t i = 0; i < asking->n; i++)
        if (strcmp(asking->all[i].name, name) == 0)
            return asking->all[i].answered;
    return true; /* it came meanwhile */
}

/* One line; 0 or -ENOMEM. */
static int print_trouble(const Asking *asking, const char *what, const char *state,
                         const char *detail)
{
    CLEANUP(freep) char *line = NULL, *escaped = NULL;
    int r;

    if (!asking->options->for_people)
        return 0;
    r = string_format(&line, "%s: %s%s%s", what, state, detail ? ": " : "", detail ? detail : "");
    if (r < 0)
        return r;
    escaped = text_escape(line);
    if (!escaped)
        return -ENOMEM;
    puts(escaped);
    return 0;
}

/* 1: it is well; 0: it is not, and that was printed. */
static int judge_state(const Asking *asking, const char *what, const TargetView *view)
{
    const char *detail =
        view->error_message && *view->error_message ? view->error_message : view->error_code;

    return target_view_is_ok(view) ? 1
                                   : print_trouble(asking, what, target_view_state(view), detail);
}

/* The same of everything. */
static int judge_target(const Asking *asking, const TargetView *target)
{
    int r = judge_state(asking, target->name, target);

    return r <= 0 || was_answered(asking, target->name)
               ? r
               : print_trouble(asking, target->name, "no answer within 10s", NULL);
}

static int judge_queue(const Asking *asking, const TargetView *queue)
{
    CLEANUP(freep) char *what = NULL;
    int r = string_format(&what, "queue %s", queue->name);

    return r < 0 ? r : judge_state(asking, what, queue);
}

static int judge_all(const Asking *asking, json_object *views,
                     int (*judge_one)(const Asking *asking, const TargetView *view))
{
    int well = 1;

    for (size_t i = 0; views && i < json_object_array_length(views); i++) {
        TargetView view;
        int r = target_view_read(json_object_array_get_idx(views, i), &view);

        if (r >= 0)
            r = judge_one(asking, &view);
        if (r < 0)
            return r;
        well = well && r > 0;
    }
    return well;
}

static int judge(const Asking *asking)
{
    int targets = judge_all(asking, asking->targets, judge_target);
    int queues = targets < 0 ? targets : judge_all(asking, asking->queues, judge_queue);

    if (queues < 0)
        return queues;
    if (asking->store_writable)
        return targets && queues;
    return print_trouble(asking, "store", "cannot be written", "see journalctl -u trailstopd");
}

/* The calls that were not answered in time end with their connection. */
static int ask_health(Asking *asking)
{
    int r = asking_begin(asking);

    if (r >= 0 && asking->targets)
        r = ask_all(asking, "ListImports", "INITIALIZING", on_answer);
    if (r >= 0 && asking->n > 0)
        r = connection_wait(asking->connection, HEALTH_TIMEOUT_USEC);
    if (r >= 0)
        r = list_targets(asking);
    if (r >= 0)
        r = connection_call(asking->connection, "ListQueues", call_parameters((CallString[]){{0}}),
                            false, on_queues, asking);
    if (r >= 0)
        r = connection_call(asking->connection, "GetStatistics",
                            call_parameters((CallString[]){{0}}), false, on_statistics, asking);
    if (r >= 0)
        r = connection_run(asking->connection);
    return r < 0 ? r : asking->error;
}

int targets_run_health(const Options *options)
{
    Asking asking = {.options = options};
    int r = ask_health(&asking);

    if (r >= 0 && asking.outcome == OUTCOME_OK) {
        r = judge(&asking);
        if (r == 0)
            asking.outcome = OUTCOME_FAILURE;
        else if (r > 0 && options->for_people)
            printf("%s, and the store can be written\n", has_queues(&asking)
                                                             ? "All targets and queues answer"
                                                         : asking.n == 1 ? "The target answers"
                                                                         : "All targets answer");
        text_flush();
    }
    asking_clear(&asking);
    return r < 0 ? outcome_complain(options, r) : asking.outcome;
}
