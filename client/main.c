/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl: the command-line client of trailstopd. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/options.h"
#include "client/outcome.h"
#include "client/text.h"

/* Where no connection has taken the signals over (see connection_new()) nothing is under way. */
static void on_interrupt(int number)
{
    (void)number;
    _exit(OUTCOME_INTERRUPTED);
}

int main(int argc, char **argv)
{
    Options options;

    /* A daemon that hangs up, or a reader that goes away, is an error of the write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);

    int r = options_parse(argc, argv, &options);
    if (r == -ENOMEM)
        text_complain("Out of memory");
    if (r < 0)
        return r == -EINVAL ? OUTCOME_USAGE : OUTCOME_FAILURE;
    int outcome = r > 0 ? OUTCOME_OK : commands_run(&options);
    text_flush();
    if (r == 0)
        options_clear(&options);
    return outcome;
}
