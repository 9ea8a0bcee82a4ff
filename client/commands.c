/* SPDX-License-Identifier: Apache-2.0 */
#include "client/commands.h"

#include <stdint.h>
#include <string.h>

#include "client/imports.h"
#include "client/jobs.h"
#include "client/metrics.h"
#include "client/outcome.h"
#include "client/queues.h"
#include "client/service.h"
#include "client/stop.h"
#include "client/targets.h"
#include "client/text.h"
#include "common/spelling.h"

#define ANY_NUMBER SIZE_MAX

#define EXAMPLE_ID "01234567-89ab-cdef-0123-456789abcdef"
#define EXAMPLE(line) "  trailstopctl " line "\n"

static int run_help(const Options *options);

static const struct command {
    const char *name;
    const char *usage; /* lines of help */
    const char *help;
    const char *examples; /* one a line */
    OptionSet options;    /* OPTION_* it takes besides OPTIONS_GENERAL */
    size_t min_arguments, max_arguments;
    int (*run)(const Options *options);
    bool has_ids; /* it lists what has ids, for -o ids */
} commands[] = {
    {"stop",
     "stop [-t TARGET] [--service SERVICE] [--no-wait] [--timeout DURATION] [--reason TEXT] "
     "IMPORT_ID...\n"
     "  stop --all [-t TARGET]... [--all-targets] [--service SERVICE] [--dry-run] [--yes]\n"
     "  stop --all [--destination ARN] [--source GLOB] [--older-than DURATION] [--min-events N] "
     "[--min-failed-entries N] [--min-bytes N]",
     "Stop imports and wait until they are STOPPED; - reads ids from standard input",
     EXAMPLE("stop --reason 'wrong bucket' " EXAMPLE_ID)
         EXAMPLE("stop --all --older-than 1d --min-failed-entries 1000 --dry-run"),
     OPTION_TARGET | OPTION_NO_WAIT | OPTION_TIMEOUT | OPTION_REASON | OPTION_ALL | OPTIONS_OF_ALL |
         OPTION_SERVICE,
     0, ANY_NUMBER, stop_run},
    {"wait",
     "wait [-t TARGET] [--service SERVICE] [--timeout DURATION] [--reason TEXT] IMPORT_ID...",
     "Wait until imports are COMPLETED, without stopping them; - reads ids from standard input",
     EXAMPLE("wait --timeout 2h " EXAMPLE_ID),
     OPTION_TARGET | OPTION_TIMEOUT | OPTION_REASON | OPTION_SERVICE, 0, ANY_NUMBER, wait_run},
    {"restart", "restart [-t TARGET] [--reason TEXT] IMPORT_ID",
     "Let CloudTrail go on with an import that was stopped or failed",
     EXAMPLE("restart " EXAMPLE_ID), OPTION_TARGET | OPTION_REASON, 1, 1, imports_run_restart},
    {"show", "show [-t TARGET] [--service SERVICE] IMPORT_ID", "Show an import as AWS describes it",
     EXAMPLE("show -t paris " EXAMPLE_ID), OPTION_TARGET | OPTION_SERVICE, 1, 1, imports_run_show},
    {"list", "list [-t TARGET] [--service SERVICE] [--destination ARN]",
     "List the imports of a target", EXAMPLE("list -t paris"),
     OPTION_TARGET | OPTION_DESTINATION | OPTION_SERVICE, 0, 0, imports_run_list, true},
    {"failures", "failures [-t TARGET] [--service SERVICE] IMPORT_ID",
     "List what an import failed to import", EXAMPLE("failures " EXAMPLE_ID),
     OPTION_TARGET | OPTION_SERVICE, 1, 1, imports_run_failures},
    {"jobs",
     "jobs [-t TARGET] [--state STATE] [--import IMPORT_ID] [--since TIME] [--limit N] [--all]\n"
     "  jobs --watch [-t TARGET] [--state STATE]",
     "List jobs, newest first; --watch follows them until interrupted",
     EXAMPLE("jobs --state polling --since 2h"),
     OPTION_TARGET | OPTION_STATE | OPTION_IMPORT | OPTION_SINCE | OPTION_LIMIT | OPTION_ALL |
         OPTION_WATCH,
     0, 0, jobs_run_list, true},
    {"job", "job ID", "Show a job", EXAMPLE("job " EXAMPLE_ID), 0, 1, 1, jobs_run_show},
    {"watch", "watch [ID...]", "Follow these jobs to their end, or all jobs until interrupted",
     EXAMPLE("watch " EXAMPLE_ID), 0, 0, ANY_NUMBER, jobs_run_watch},
    {"cancel", "cancel ID", "Stop following a job; its import is not restarted",
     EXAMPLE("cancel " EXAMPLE_ID), 0, 1, 1, jobs_run_cancel},
    {"targets", "targets [--test]",
     "List the targets and whether they answer; --test really asks each", EXAMPLE("targets --test"),
     OPTION_TEST, 0, 0, targets_run, true},
    {"queues", "queues",
     "List the queues that requests come through, their jobs, and whether they answer",
     EXAMPLE("queues"), 0, 0, 0, queues_run, true},
    {"health", "health", "Check every target and queue, and the store, for monitoring",
     EXAMPLE("health"), 0, 0, 0, targets_run_health},
    {"statistics", "statistics", "Show the daemon's counters", EXAMPLE("statistics"), 0, 0, 0,
     service_run_statistics},
    {"metrics", "metrics", "Print the daemon's metrics as OpenMetrics text", EXAMPLE("metrics"), 0,
     0, 0, metrics_run},
    {"version", "version", "Show the versions of client and daemon", EXAMPLE("version"), 0, 0, 0,
     service_run_version},
    {"help", "help [COMMAND]", "Print help, about a command where one is named",
     EXAMPLE("help stop"), 0, 0, 1, run_help},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* NULL after a message. */
static const struct command *find_command(const char *name)
{
    Spelling spelling = {.word = name};

    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
        spelling_consider(&spelling, commands[i].name);
    }
    if (spelling.nearest)
        text_complain("There is no command \"%s\"; did you mean \"%s\"?", name, spelling.nearest);
    else
        text_complain("There is no command \"%s\": see trailstopctl --help", name);
    return NULL;
}

static bool takes_targets(const Options *options, const struct command *command)
{
    return command->run == stop_run && options->given & OPTION_ALL;
}

static bool prints_ids(const Options *options, const struct command *command)
{
    if (command->run == stop_run)
        return options->given & (OPTION_DRY_RUN | OPTION_NO_WAIT);
    return command->has_ids && !(options->given & OPTION_WATCH);
}

static bool check_usage(const Options *options, const struct command *command)
{
    size_t n_arguments = options->n_arguments - 1;
    const char *wrong = options_first_given(options, ~command->options);

    if (wrong)
        text_complain("%s does not take %s", command->name, wrong);
    else if (options->n_targets > 1 && !takes_targets(options, command))
        text_complain("Several targets go with stop --all only");
    else if (options->format == OUTPUT_IDS && !prints_ids(options, command))
        text_complain(command->run == stop_run
                          ? "%s takes --output ids with --dry-run or --no-wait only"
                          : "%s does not take --output ids",
                      command->name);
    else if (n_arguments < command->min_arguments || n_arguments > command->max_arguments)
        text_complain("Usage: trailstopctl %s", command->usage);
    else
        return true;
    return false;
}

int commands_run(const Options *options)
{
    const struct command *command = find_command(options->arguments[0]);

    return command && check_usage(options, command) ? command->run(options) : OUTCOME_USAGE;
}

static void print_help(const struct command *command)
{
    printf("Usage: trailstopctl %s\n\n%s.\n\n", command->usage, command->help);
    if (command->options) {
        puts("Options:");
        option_table_print(stdout, command->options);
        putchar('\n');
    }
    printf(
        "%s:\n%s\nOptions of every command, and what the exit statuses mean: trailstopctl --help\n",
        strchr(command->examples, '\n')[1] ? "Examples" : "Example", command->examples);
}

int commands_help(const char *name)
{
    const struct command *command;

    if (!name) {
        commands_print_help(stdout);
        return OUTCOME_OK;
    }
    command = find_command(name);
    if (!command)
        return OUTCOME_USAGE;
    print_help(command);
    return OUTCOME_OK;
}

static int run_help(const Options *options)
{
    return commands_help(options->n_arguments > 1 ? options->arguments[1] : NULL);
}

void commands_print_help(FILE *file)
{
    fputs("Usage: trailstopctl [--socket PATH] [-o FORMAT] [-q] COMMAND\n\n"
          "Stops imports of CloudTrail Lake and CloudWatch Logs through trailstopd.\n\nCommands:\n",
          file);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(file, "  %s\n      %s\n", commands[i].usage, commands[i].help);
    fputs("\nOptions:\n", file);
    option_table_print(file, ~0U);
    fputs("\nExit status: 0 stopped (wait: COMPLETED; with --no-wait: accepted),\n"
          "1 another failure, 2 wrong usage, 3 the import COMPLETED first,\n"
          "4 no such import, job or target, 5 not permitted, 6 deadline expired,\n"
          "7 the daemon cannot be reached, 8 the import FAILED, 9 wait: it was STOPPED,\n"
          "130 interrupted; the jobs go on.\n"
          "With several imports, that of the first one that did not stop.\n",
          file);
}
