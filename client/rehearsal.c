/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rehearsal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/call.h"
#include "client/connection.h"
#include "client/outcome.h"
#include "client/streams.h"
#include "client/table.h"
#include "client/target-view.h"
#include "client/text.h"
#include "client/unit.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"

/* ---- what is asked for, and what failed ---- */

static int add_targets(const Options *options, const char *target, json_object *parameters)
{
    static const char *const all[] = {"*"};
    bool wildcard = options->given & OPTION_ALL_TARGETS;
    const char *const *names = target ? &target : wildcard ? all : options->targets;
    size_t n = target || wildcard ? 1 : options->n_targets;
    json_object *targets = n > 0 ? json_object_new_array() : NULL;

    if (n > 0 && json_add(parameters, "targets", targets) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (json_append(targets, json_object_new_string(names[i])) < 0)
            return -ENOMEM;
    return 0;
}

static int add_filters(const Options *options, json_object *parameters)
{
    const struct {
        OptionSet bit;
        const char *name;
        int64_t value;
    } counts[] = {
        {OPTION_OLDER_THAN, "olderThan", options->older_than_sec},
        {OPTION_MIN_FAILED_ENTRIES, "minFailedEntries", options->min_failed_entries},
        {OPTION_MIN_EVENTS, "minEvents", options->min_events},
        {OPTION_MIN_BYTES, "minBytes", options->min_bytes},
        {OPTION_TIMEOUT, "timeout", options->timeout_sec},
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (options->given & counts[i].bit &&
            json_add_int64(parameters, counts[i].name, counts[i].value) < 0)
            return -ENOMEM;
    return 0;
}

json_object *rehearsal_parameters(const Options *options, const char *target, bool dry_run)
{
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters((CallString[]){{"service", options_service(options)},
                                                             {"destination", options->destination},
                                                             {"source", options->source},
                                                             {"reason", options->reason},
                                                             {0}});

    if (!parameters || add_targets(options, target, parameters) < 0 ||
        add_filters(options, parameters) < 0 ||
        (dry_run && json_add_bool(parameters, "dryRun", true) < 0))
        return NULL;
    return TAKE(parameters);
}

int rehearsal_take_failures(json_object *failures, int *outcome)
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
        if (*outcome == OUTCOME_OK)
            *outcome = outcome_of_cause(cause);
    }
    return 0;
}

/* ---- the table ---- */

#define WIDTH_MIN 80U /* of a terminal, which a table may be wider than */

/* How a service describes an import, by the column that shows it. */
static const struct {
    const char *listed_as, *id, *status, *created, *statistics, *counts[2];
} services[] = {
    [SERVICE_CLOUDTRAIL] = {"imports",
                            "ImportId",
                            "ImportStatus",
                            "CreatedTimestamp",
                            "ImportStatistics",
                            {"EventsCompleted", "FailedEntries"}},
    [SERVICE_LOGS] = {"tasks",
                      "importId",
                      "importStatus",
                      "creationTime",
                      "importStatistics",
                      {"bytesImported", NULL}},
};
_Static_assert(sizeof(services) / sizeof(services[0]) == N_IMPORT_SERVICES, "one each");

/* The source may be cut, and the status, which says least, left out where there is no room. */
static const TableColumn columns[N_IMPORT_SERVICES][7] = {
    [SERVICE_CLOUDTRAIL] = {{.name = "TARGET"},
                            {.name = "IMPORT", .id = true},
                            {.name = "EVENTS", .right = true},
                            {.name = "FAILED", .right = true},
                            {.name = "AGE", .right = true},
                            {.name = "SOURCE"},
                            {.name = "STATUS"}},
    [SERVICE_LOGS] = {{.name = "TARGET"},
                      {.name = "IMPORT", .id = true},
                      {.name = "BYTES", .right = true},
                      {"", true},
                      {.name = "AGE", .right = true},
                      {.name = "SOURCE"},
                      {.name = "STATUS"}},
};

typedef struct Rehearsal {
    const Options *options;
    Connection *connection;
    json_object *targets; /* their names; a null stands for what the options say */
    size_t next;          /* of the targets: whose reply is the next */
    json_object *seen;    /* import id → true */
    Table *table;
    size_t n_found;
    int outcome;
    int error; /* negative errno */
} Rehearsal;

static void rehearsal_clear(Rehearsal *rehearsal)
{
    connection_free(rehearsal->connection);
    json_object_put(rehearsal->targets);
    json_object_put(rehearsal->seen);
    table_free(rehearsal->table);
}
#define CLEANUP_REHEARSAL __attribute__((cleanup(rehearsal_clear)))

/* Of an ARN the resource: all begin alike, and there is not room for more. */
static const char *shorten_source(const char *source)
{
    const char *rest = source;

    if (!source || strncmp(source, "arn:", strlen("arn:")) != 0)
        return source;
    for (unsigned i = 0; rest && i < 5; i++) {
        rest = strchr(rest, ':');
        rest = rest ? rest + 1 : NULL;
    }
    return rest && *rest ? rest : source;
}

static int read_source(json_object *import, ImportService service, const char **ret)
{
    json_object *source = NULL, *s3 = NULL;

    if (service == SERVICE_LOGS)
        return json_get_string(import, "importSourceArn", ret);
    if (json_get_object(import, "ImportSource", &source) < 0 ||
        json_get_object(source, "S3", &s3) < 0)
        return -EBADMSG;
    return json_get_string(s3, "S3LocationUri", ret);
}

static int add_import(Rehearsal *rehearsal, const char *target, json_object *import)
{
    ImportService service = rehearsal->options->service;
    const char *id = NULL, *status = NULL, *created = NULL, *source = NULL;
    json_object *statistics = NULL;
    int64_t counts[2] = {-1, -1};
    char age[TIMESPAN_SIZE];

    if (json_get_string(import, services[service].id, &id) <= 0 ||
        json_get_string(import, services[service].status, &status) < 0 ||
        json_get_string(import, services[service].created, &created) < 0 ||
        json_get_object(import, services[service].statistics, &statistics) < 0 ||
        read_source(import, service, &source) < 0)
        return -EBADMSG;
    for (size_t i = 0; i < 2; i++)
        if (services[service].counts[i] &&
            json_get_int64(statistics, services[service].counts[i], &counts[i]) < 0)
            return -EBADMSG;
    if (json_object_object_get(rehearsal->seen, id))
        return 0;
    rehearsal->n_found++;
    table_add(rehearsal->table, STYLE_PLAIN, target);
    table_add(rehearsal->table, STYLE_PLAIN, id);
    table_add_int64(rehearsal->table, counts[0]);
    table_add_int64(rehearsal->table, counts[1]);
    table_add(rehearsal->table, STYLE_PLAIN, target_view_age(created, age));
    table_add(rehearsal->table, STYLE_PLAIN, shorten_source(source));
    table_add(rehearsal->table, STYLE_PLAIN, status);
    return json_add_bool(rehearsal->seen, id, true);
}

static int take_reply(Rehearsal *rehearsal, const char *target, json_object *parameters)
{
    json_object *imports = NULL, *failures = NULL;
    int r;

    if (json_get_array(parameters, services[rehearsal->options->service].listed_as, &imports) <=
            0 ||
        json_get_array(parameters, "failures", &failures) < 0)
        return -EBADMSG;
    r = rehearsal_take_failures(failures, &rehearsal->outcome);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(imports); i++)
        r = add_import(rehearsal, target, json_object_array_get_idx(imports, i));
    return r;
}

static void on_reply(const Reply *reply, void *userdata)
{
    Rehearsal *rehearsal = userdata;
    const char *target =
        json_object_get_string(json_object_array_get_idx(rehearsal->targets, rehearsal->next++));

    if (reply->error) {
        outcome_complain_error(reply, NULL);
        if (rehearsal->outcome == OUTCOME_OK)
            rehearsal->outcome = outcome_of_error(reply);
    } else if (rehearsal->error == 0) {
        rehearsal->error = take_reply(rehearsal, target, reply->parameters);
    }
}

static int take_target(const Options *options, json_object *parameters, void *userdata)
{
    Rehearsal *rehearsal = userdata;
    json_object *targets;

    (void)options;
    if (json_get_array(parameters, "targets", &targets) <= 0)
        return -EBADMSG;
    for (size_t i = 0; i < json_object_array_length(targets); i++) {
        const char *name;

        if (json_get_string(json_object_array_get_idx(targets, i), "name", &name) <= 0)
            return -EBADMSG;
        if (json_append(rehearsal->targets, json_object_new_string(name)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Which calls there are to make. */
static int find_targets(Rehearsal *rehearsal)
{
    const Options *options = rehearsal->options;

    if (options->given & OPTION_ALL_TARGETS) {
        rehearsal->outcome = call_run(
            &(Options){.socket_path = options->socket_path, .socket_given = options->socket_given},
            "ListTargets", json_object_new_object(), false, take_target, rehearsal);
        return 0;
    }
    if (options->n_targets == 0 && json_object_array_add(rehearsal->targets, NULL) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < options->n_targets; i++)
        if (json_append(rehearsal->targets, json_object_new_string(options->targets[i])) < 0)
            return -ENOMEM;
    return 0;
}

static int ask_targets(Rehearsal *rehearsal)
{
    const Options *options = rehearsal->options;
    int r = connection_new(options->socket_path, &rehearsal->connection);

    if (r >= 0)
        r = connection_open(rehearsal->connection);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(rehearsal->targets); i++) {
        const char *target =
            json_object_get_string(json_object_array_get_idx(rehearsal->targets, i));

        r = connection_call(rehearsal->connection, "StopAll",
                            rehearsal_parameters(options, target, true), false, on_reply,
                            rehearsal);
    }
    if (r >= 0)
        r = unit_run_connection(rehearsal->connection, options);
    /* From here on signals are no longer its own. */
    connection_free(TAKE(rehearsal->connection));
    return r < 0 ? r : rehearsal->error;
}

/* All that would be stopped is in the table afterwards. 0, or negative errno. */
static int rehearse(const Options *options, Rehearsal *rehearsal)
{
    const TableColumn *shown = columns[options->service];
    int r;

    *rehearsal = (Rehearsal){
        .options = options, .targets = json_object_new_array(), .seen = json_object_new_object()};
    if (!rehearsal->targets || !rehearsal->seen)
        return -ENOMEM;
    r = table_new(shown, sizeof(columns[0]) / sizeof(columns[0][0]), TABLE_GAP, &rehearsal->table);
    if (r >= 0)
        r = find_targets(rehearsal);
    return r < 0 || rehearsal->outcome != OUTCOME_OK ? r : ask_targets(rehearsal);
}

const char *rehearsal_nothing(const Options *options)
{
    return options->given & OPTIONS_OF_FILTERS
               ? "No import that is under way matches: there is nothing to stop"
               : "No import is under way: there is nothing to stop";
}

/* terminal_columns: of the terminal that file is, 0: it is not one, and nothing is cut. */
static int show(Rehearsal *rehearsal, FILE *file, size_t terminal_columns)
{
    const Options *options = rehearsal->options;
    bool whole = terminal_columns == 0 || options->format == OUTPUT_WIDE;
    size_t width = terminal_columns > WIDTH_MIN ? terminal_columns : WIDTH_MIN;

    if (rehearsal->n_found == 0 && rehearsal->outcome == OUTCOME_OK)
        fprintf(file, "%s\n", rehearsal_nothing(options));
    if (terminal_columns > 0 && options->format == OUTPUT_TABLE)
        table_localize(rehearsal->table);
    if (options->no_legend)
        table_leave_heading_out(rehearsal->table);
    if (file == stdout)
        return table_page(rehearsal->table, options, whole ? 0 : width);
    return table_print(rehearsal->table, file, options->color, whole ? 0 : width, "\n");
}

int rehearsal_run(const Options *options)
{
    CLEANUP_REHEARSAL Rehearsal rehearsal;
    int r = rehearse(options, &rehearsal);

    if (r >= 0 && options->format == OUTPUT_IDS)
        r = table_print_ids(rehearsal.table, stdout);
    else if (r >= 0 && options->for_people)
        r = show(&rehearsal, stdout, streams_output_columns());
    text_flush();
    return r < 0 ? outcome_complain(options, r) : rehearsal.outcome;
}

/* ---- the question ---- */

bool rehearsal_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static void on_interrupt(int signal)
{
    (void)signal;
    _exit(OUTCOME_INTERRUPTED);
}

static bool is_agreed(void)
{
    CLEANUP(freep) char *line = NULL;
    size_t allocated = 0;
    ssize_t size;

    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
    size = getline(&line, &allocated, stdin);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    if (size > 0 && line[size - 1] == '\n')
        line[size - 1] = '\0';
    return size > 0 && (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0);
}

bool rehearsal_ask(const Options *options, int *ret_outcome)
{
    CLEANUP_REHEARSAL Rehearsal rehearsal;
    int r = rehearse(options, &rehearsal);

    if (r >= 0)
        r = show(&rehearsal, stderr, streams_error_columns());
    *ret_outcome = r < 0 ? outcome_complain(options, r) : rehearsal.outcome;
    if (r < 0 || rehearsal.n_found == 0)
        return false;
    fprintf(stderr, "Stop %s? [y/N] ", rehearsal.n_found == 1 ? "this import" : "these imports");
    fflush(stderr);
    if (is_agreed())
        return true;
    fputs("Nothing was stopped\n", stderr);
    *ret_outcome = OUTCOME_FAILURE;
    return false;
}
