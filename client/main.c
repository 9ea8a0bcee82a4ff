/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl: the command-line client of trailstopd. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/options.h"
#include "client/outcome.h"
#include "client/streams.h"
#include "client/text.h"
#include "config.h"

/* Where no connection has taken the signals over (see connection_new()) nothing is under way. */
static void on_interrupt(int number)
{
    (void)number;
    _exit(OUTCOME_INTERRUPTED);
}

static int run(const Options *options)
{
    switch (options->question) {
    case OPTIONS_HELP:
        return commands_help(options->n_arguments > 0 ? options->arguments[0] : NULL);
    case OPTIONS_VERSION:
        puts(PACKAGE_NAME "ctl " PACKAGE_VERSION);
        return OUTCOME_OK;
    case OPTIONS_NO_QUESTION:
        break;
    }
    if (options->n_arguments == 0) {
        commands_print_help(stderr);
        return OUTCOME_USAGE;
    }
    return commands_run(options);
}

int main(int argc, char **argv)
{
    Options options;
    int r, outcome;

    /* A daemon that hangs up, a reader that goes away, a file that may not grow: each is an error
     * of the write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);

    r = streams_open();
    if (r >= 0)
        r = options_parse(argc, argv, &options);
    if (r == -ENOMEM)
        text_complain("Out of memory");
    if (r < 0)
        return r == -EINVAL ? OUTCOME_USAGE : OUTCOME_FAILURE;
    outcome = run(&options);
    text_flush();
    options_clear(&options);
    return outcome;
}
