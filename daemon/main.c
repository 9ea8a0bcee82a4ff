/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopd: arguments → configuration → daemon → loop. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <config.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/base/environment.h"
#include "daemon/base/journal.h"
#include "daemon/base/loop.h"
#include "daemon/base/notify.h"
#include "daemon/base/outlet.h"
#include "daemon/daemon.h"
#include "daemon/http/proxy.h"
#include "daemon/server/listener.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define DRAIN_USEC (200 * USEC_PER_MSEC) /* at the end, for the reader of the log */

static const char help[] =
    "Usage: trailstopd [OPTION]...\n"
    "Stops imports of CloudTrail Lake and CloudWatch Logs on request, and follows each to its "
    "end.\n"
    "\n"
    "      --config FILE  read FILE and FILE.d/*.conf, not /etc/trailstop/trailstopd.conf\n"
    "      --check        check the configuration, print what it resolves to as JSON, and exit\n"
    "      --explain      with --check: where credentials were looked for, and why there\n"
    "      --log FORMAT   journal, text or json (both to standard error); default: text on a\n"
    "                     terminal and where there is no journal, else journal\n"
    "      --help         print this help and exit\n"
    "      --version      print the version and exit";

typedef struct Arguments {
    const char *config_path;
    bool check, explain;
    JournalFormat log;
} Arguments;

static JournalFormat default_log(void)
{
    return isatty(STDERR_FILENO) || access(JOURNAL_SOCKET, W_OK) < 0 ? JOURNAL_TEXT
                                                                     : JOURNAL_NATIVE;
}

static int parse_log(const char *name, JournalFormat *ret)
{
    static const char *const names[] = {
        [JOURNAL_NATIVE] = "journal", [JOURNAL_TEXT] = "text", [JOURNAL_JSON] = "json"};

    for (JournalFormat format = 0; format < sizeof(names) / sizeof(names[0]); format++)
        if (strcmp(name, names[format]) == 0) {
            *ret = format;
            return 0;
        }
    fprintf(stderr, "trailstopd: --log %s: it is journal, text or json\n", name);
    return -EINVAL;
}

/* A line to standard output. 0, or -EIO, said so. */
static int print(const char *text)
{
    if (puts(text) >= 0 && fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "trailstopd: cannot write to standard output: %s\n", strerror(errno));
    return -EIO;
}

/* 1: go on; 0: all is done; -EINVAL: wrong usage, or -EIO: no output; said so. */
static int parse_arguments(int argc, char *argv[], Arguments *ret)
{
    enum {
        OPTION_CONFIG = 256,
        OPTION_CHECK,
        OPTION_EXPLAIN,
        OPTION_LOG,
        OPTION_HELP,
        OPTION_VERSION
    };
    static const struct option long_options[] = {{"config", required_argument, NULL, OPTION_CONFIG},
                                                 {"check", no_argument, NULL, OPTION_CHECK},
                                                 {"explain", no_argument, NULL, OPTION_EXPLAIN},
                                                 {"log", required_argument, NULL, OPTION_LOG},
                                                 {"help", no_argument, NULL, OPTION_HELP},
                                                 {"version", no_argument, NULL, OPTION_VERSION},
                                                 {0}};
    Arguments arguments = {.log = default_log()};
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
        switch (option) {
        case OPTION_CONFIG:
            arguments.config_path = optarg;
            break;
        case OPTION_CHECK:
            arguments.check = true;
            break;
        case OPTION_EXPLAIN:
            arguments.explain = true;
            break;
        case OPTION_LOG:
            if (parse_log(optarg, &arguments.log) < 0)
                return -EINVAL;
            break;
        case OPTION_HELP:
            return print(help);
        case OPTION_VERSION:
            return print(PACKAGE_NAME "d " PACKAGE_VERSION);
        default:
            return -EINVAL; /* getopt_long() has said why */
        }
    if (optind < argc) {
        fprintf(stderr, "trailstopd: unexpected argument '%s'; see --help\n", argv[optind]);
        return -EINVAL;
    }
    if (arguments.explain && !arguments.check) {
        fputs("trailstopd: --explain goes with --check\n", stderr);
        return -EINVAL;
    }
    *ret = arguments;
    return 1;
}

static void print_warning(const char *warning)
{
    fprintf(stderr, "warning: %s\n", warning);
}

/* What of the environment belongs to no target. 0, -EINVAL and an owned sentence, or -ENOMEM. */
static int check_environment(char **ret_error)
{
    CLEANUP(http_proxy_clear) HttpProxy proxy = {0};
    int r = http_proxy_read_environment(&proxy);

    if (proxy.fault) {
        *ret_error = TAKE(proxy.fault);
        r = -EINVAL;
    }
    return r;
}

static int check(const char *config_path, bool explain_sources)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    CLEANUP(freep) char *error = NULL;
    CLEANUP(config_freep) Config *config = NULL;
    const char *text = NULL;
    int r = config_load(config_path, NULL, print_warning, &config, &error);

    if (r >= 0)
        r = config_check_accounts(config, &error);
    if (r >= 0)
        r = check_environment(&error);
    if (r >= 0) {
        object = config_to_json(config, explain_sources);
        text = object ? json_text(object, NULL) : NULL;
    }
    if (!text) {
        fprintf(stderr, "%s\n", error ? error : strerror(r < 0 ? -r : ENOMEM));
        return EXIT_FAILURE;
    }
    return print(text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Nothing that this process holds is for others to read, and clients that leave are no reason to
 * end. */
static void prepare_process(void)
{
    struct rlimit files;

    umask(0077);
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* what fnmatch(3) takes for one character */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ,
           SIG_IGN); /* RLIMIT_FSIZE: a write that fails, which the store knows to handle */
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* as many clients as the system lets us have */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* Whether standard error is a stream into the journal, as systemd sets it up ($JOURNAL_STREAM). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* A line to standard error, which nobody may be reading. */
static void complain(const char *sentence)
{
    CLEANUP(outlet_freep) Outlet *outlet = NULL;
    CLEANUP(freep) char *line = NULL;

    if (string_format(&line, "%s\n", sentence) < 0 ||
        outlet_new_stream(STDERR_FILENO, strlen(line), &outlet) < 0)
        return;
    (void)outlet_send(outlet, line, strlen(line));
    outlet_drain(outlet, DRAIN_USEC);
}

/* To where the log goes, and, where those are not the same or JSON, to whoever started it. The exit
 * status tells systemd whether another try may go better: a disk may have room again, a mistake
 * stays one. */
static int start_failed(const Arguments *arguments, JournalEvent event, int error,
                        const char *sentence)
{
    JournalEntry entry;

    if (!sentence)
        sentence = strerror(-error);
    if (arguments->log != JOURNAL_TEXT) {
        journal_begin(&entry, event);
        journal_send(&entry, "%s", sentence);
    }
    if (arguments->log == JOURNAL_TEXT ||
        (arguments->log == JOURNAL_NATIVE && !stderr_is_journal()))
        complain(sentence);
    notify_send("STATUS=" TRAILSTOP_STATUS_CANNOT_START "%s", sentence);
    listener_turn_away();
    return error == -EIO || error == -ENOSPC || error == -EROFS ? EX_IOERR : EXIT_FAILURE;
}

static int serve(const Arguments *arguments)
{
    CLEANUP(daemon_freep) Daemon *daemon = NULL;
    CLEANUP(freep) char *error = NULL;
    JournalEvent event = EVENT_START_FAILED;
    Config *config = NULL;
    int r = notify_open();

    if (r != -ENOMEM)
        r = config_load(arguments->config_path, NULL, aws_shared_files_log, &config, &error);
    if (r >= 0) {
        config_forget_profiles(config);
        journal_set_level(config->log_level);
        r = daemon_new(arguments->config_path, config, &daemon, &error, &event);
    }
    if (r < 0)
        return start_failed(arguments, event, r, error);
    return daemon_run(daemon) < 0 ? EX_IOERR : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    Arguments arguments;
    int status, r = parse_arguments(argc, argv, &arguments);

    if (r <= 0)
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    aws_environment_trim();
    if (arguments.check)
        return check(arguments.config_path, arguments.explain);
    loop_hold_signals();
    prepare_process();
    journal_open(arguments.log, LOG_INFO);
    status = serve(&arguments);
    journal_close(DRAIN_USEC);
    notify_close(DRAIN_USEC);
    return status;
}
