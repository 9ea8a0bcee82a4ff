/* SPDX-License-Identifier: Apache-2.0 */
/* trailstop-sim: a simulated CloudTrail and CloudWatch Logs, with their neighbours; see README.md
 * here. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/options.h"
#include "tests/sim/server.h"

#define EXIT_USAGE 2

static void end_loop(evutil_socket_t signal_number, short what, void *userdata)
{
    (void)signal_number, (void)what;
    event_base_loopbreak(userdata);
}

static int announce(const SimOptions *options, const char *url)
{
    if (options->ready_fd < 0) {
        printf("listening on %s\n", url);
        return fflush(stdout) == 0 ? 0 : -errno;
    }
    if (dprintf(options->ready_fd, "%s\n", url) < 0)
        return -errno;
    return close(options->ready_fd) < 0 ? -errno : 0;
}

static int print_calls(const Sim *sim)
{
    CLEANUP(json_object_putp) json_object *calls = record_to_json(sim->record, UINT64_MAX, 0);

    const char *text = calls ? json_text(calls, NULL) : NULL;
    if (!text)
        return -ENOMEM;
    return puts(text) >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

/* Serves until a signal ends it. */
static int serve(struct event_base *base, const SimOptions *options, Sim *sim, char **ret_error)
{
    const ServerConfig config = {
        .address = options->listen,
        .certificate = options->certificate,
        .key = options->key,
    };
    Server *server = NULL;

    int r = server_new(base, sim, &config, &server, ret_error);
    if (r == 0)
        r = announce(options, server_url(server));
    if (r == 0)
        r = event_base_dispatch(base) < 0 ? -EIO : 0;
    if (r == 0 && options->print_calls)
        r = print_calls(sim);
    server_free(server);
    return r;
}

/* Calls come and go on every connection at each turn: have their changes passed to the kernel
 * together. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static int run(const SimOptions *options, char **ret_error)
{
    struct event_base *base = new_base();
    struct event *terminate = base ? evsignal_new(base, SIGTERM, end_loop, base) : NULL;
    struct event *interrupt = base ? evsignal_new(base, SIGINT, end_loop, base) : NULL;
    Sim *sim = NULL;
    int r = -ENOMEM;

    if (terminate && interrupt && event_add(terminate, NULL) == 0 &&
        event_add(interrupt, NULL) == 0)
        r = sim_new(base, options->scenarios, options->log_size, options->log, &sim, ret_error);
    if (r == 0)
        r = serve(base, options, sim, ret_error);

    sim_free(sim);
    if (interrupt)
        event_free(interrupt);
    if (terminate)
        event_free(terminate);
    if (base)
        event_base_free(base);
    return r;
}

/* Reports the failure; returns the exit status. */
static int fail(int error, const char *sentence)
{
    fprintf(stderr, "trailstop-sim: %s\n", sentence ? sentence : strerror(-error));
    if (error != -EINVAL)
        return EXIT_FAILURE;
    fputs("Try 'trailstop-sim --help'.\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    CLEANUP(freep) char *sentence = NULL;
    SimOptions options;
    int r;

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a call of --log is one write */
    r = sim_options_parse(argc, argv, &options, &sentence);
    if (r < 0)
        return fail(r, sentence);
    if (options.help)
        sim_options_print_help();
    else if (options.version)
        puts("trailstop-sim " PACKAGE_VERSION);
    else
        r = run(&options, &sentence);
    sim_options_clear(&options);
    return r < 0 ? fail(r, sentence) : EXIT_SUCCESS;
}
