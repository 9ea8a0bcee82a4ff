/* SPDX-License-Identifier: Apache-2.0 */
#include "client/commands.h"

#include <stdint.h>
#include <string.h>

#include "client/imports.h"
#include "client/jobs.h"
#include "client/metrics.h"
#include "client/outcome.h"
#include "client/service.h"
#include "client/stop.h"
#include "client/targets.h"
#include "client/text.h"
#include "common/names.h"

#define ANY_NUMBER SIZE_MAX

static const struct command {
    const char *name;
    const char *usage; /* lines of help */
    const char *help;
    unsigned options; /* OPTION_* it takes */
    size_t min_arguments, max_arguments;
    int (*run)(const Options *options);
} commands[] = {
    {"stop",
     "stop [-t TARGET] [--service SERVICE] [--no-wait] [--timeout DURATION] [--reason TEXT] "
     "IMPORT_ID...\n"
     "  stop --all [-t TARGET]... [--all-targets] [--service SERVICE] [--dry-run] [--yes]\n"
     "  stop --all [--destination ARN] [--source GLOB] [--older-than DURATION] [--min-events N] "
     "[--min-failed-entries N] [--min-bytes N]",
     "Stop imports and wait until they are STOPPED; - reads ids from standard input",
     OPTION_TARGET | OPTION_NO_WAIT | OPTION_TIMEOUT | OPTION_REASON | OPTION_ALL | OPTIONS_OF_ALL |
         OPTION_SERVICE,
     0, ANY_NUMBER, stop_run},
    {"wait",
     "wait [-t TARGET] [--service SERVICE] [--timeout DURATION] [--reason TEXT] IMPORT_ID...",
     "Wait until imports are COMPLETED, without stopping them; - reads ids from standard input",
     OPTION_TARGET | OPTION_TIMEOUT | OPTION_REASON | OPTION_SERVICE, 0, ANY_NUMBER, wait_run},
    {"restart", "restart [-t TARGET] [--reason TEXT] IMPORT_ID",
     "Let CloudTrail go on with an import that was stopped or failed",
     OPTION_TARGET | OPTION_REASON, 1, 1, imports_run_restart},
    {"show", "show [-t TARGET] [--service SERVICE] IMPORT_ID", "Show an import as AWS describes it",
     OPTION_TARGET | OPTION_SERVICE, 1, 1, imports_run_show},
    {"list", "list [-t TARGET] [--service SERVICE] [--destination ARN]",
     "List the imports of a target", OPTION_TARGET | OPTION_DESTINATION | OPTION_SERVICE, 0, 0,
     imports_run_list},
    {"failures", "failures [-t TARGET] [--service SERVICE] IMPORT_ID",
     "List what an import failed to import", OPTION_TARGET | OPTION_SERVICE, 1, 1,
     imports_run_failures},
    {"jobs",
     "jobs [-t TARGET] [--state STATE] [--import IMPORT_ID] [--since TIME] [--limit N] [--all]\n"
     "  jobs --watch [-t TARGET] [--state STATE]",
     "List jobs, newest first; --watch follows them until interrupted",
     OPTION_TARGET | OPTION_STATE | OPTION_IMPORT | OPTION_SINCE | OPTION_LIMIT | OPTION_ALL |
         OPTION_WATCH,
     0, 0, jobs_run_list},
    {"job", "job ID", "Show a job", 0, 1, 1, jobs_run_show},
    {"watch", "watch [ID...]", "Follow these jobs to their end, or all jobs until interrupted", 0,
     0, ANY_NUMBER, jobs_run_watch},
    {"cancel", "cancel ID", "Stop following a job; its import is not restarted", 0, 1, 1,
     jobs_run_cancel},
    {"targets", "targets [--test]",
     "List the targets and whether they answer; --test asks each who it is and for its imports",
     OPTION_TEST, 0, 0, targets_run},
    {"health", "health",
     "Say what is not well, for monitoring: every target is asked, the store looked at", 0, 0, 0,
     targets_run_health},
    {"statistics", "statistics", "Show the daemon's counters", 0, 0, 0, service_run_statistics},
    {"metrics", "metrics", "Print the daemon's metrics as OpenMetrics text", 0, 0, 0, metrics_run},
    {"version", "version", "Show the versions of client and daemon", 0, 0, 0, service_run_version},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static bool takes_targets(const Options *options, const struct command *command)
{
    return command->run == stop_run && options->given & OPTION_ALL;
}

static bool check_usage(const Options *options, const struct command *command)
{
    size_t n_arguments = options->n_arguments - 1;
    const char *wrong = options_first_given(options, ~command->options);

    if (wrong)
        text_complain("%s does not take %s", command->name, wrong);
    else if (options->n_targets > 1 && !takes_targets(options, command))
        text_complain("Several targets go with stop --all only");
    else if (n_arguments < command->min_arguments || n_arguments > command->max_arguments)
        text_complain("Usage: trailstopctl %s", command->usage);
    else
        return true;
    return false;
}

int commands_run(const Options *options)
{
    const struct command *command = find_command(options->arguments[0]);

    if (!command) {
        text_complain("There is no command \"%s\": see trailstopctl --help", options->arguments[0]);
        return OUTCOME_USAGE;
    }
    return check_usage(options, command) ? command->run(options) : OUTCOME_USAGE;
}

void commands_print_help(FILE *file)
{
    fputs("Usage: trailstopctl [--socket PATH] [--json] [--no-color] COMMAND\n\n"
          "Stops CloudTrail Lake imports through trailstopd.\n\nCommands:\n",
          file);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(file, "  %s\n      %s\n", commands[i].usage, commands[i].help);
    fputs("\nOptions:\n"
          "  --socket PATH        the daemon's socket (or "
          "$TRAILSTOP_SOCKET; " TRAILSTOP_SOCKET_DEFAULT ")\n"
          "  --json               print the parameters of each reply, one JSON document a line\n"
          "  --no-color           no colours (or $NO_COLOR)\n"
          "  -t, --target TARGET  a target of the daemon's configuration, instead of the default\n"
          "  --no-wait            only request it and print the ids of the jobs\n"
          "  --timeout DURATION   give up after 90s, 5min, \"1h 30min\"...; infinity: never\n"
          "  --reason TEXT        kept with the job and in the journal\n"
          "  --older-than DURATION, --min-failed-entries N, --min-events N, --min-bytes N,\n"
          "  --source GLOB        only imports that all of these hold for\n"
          "  --dry-run            show what would be stopped\n"
          "  --yes                do not ask first\n"
          "  -h, --help  --version\n\n"
          "Exit status: 0 stopped (wait: COMPLETED; with --no-wait: accepted), 1 another failure, "
          "2 wrong usage,\n"
          "3 the import COMPLETED first, 4 no such import, job or target, 5 not permitted,\n"
          "6 deadline expired, 7 the daemon cannot be reached, 8 the import FAILED,\n"
          "9 wait: the import was STOPPED, "
          "130 interrupted; the jobs go on. Of several imports that of the first that did not "
          "stop.\n",
          file);
}
