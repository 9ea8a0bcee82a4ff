/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/import-id.h"
#include "client/job-view.h"
#include "client/text.h"
#include "common/names.h"
#include "common/string.h"
#include "common/time.h"
#include "common/utf8.h"

/* Numbers getopt_long() answers with for what every command takes; the others are their OPTION_*
 * bit, moved past the range of characters. */
enum {
    GIVEN_HELP = 'h',
    GIVEN_TARGET = 't',
    GIVEN_VERSION = 256,
    GIVEN_SOCKET,
    GIVEN_JSON,
    GIVEN_NO_COLOR
};
#define GIVEN_BIT(bit) ((bit) << 10)

/* What the daemon takes as `limit`, `source` and `timeout`. */
#define LIMIT_MAX 10000U
#define SOURCE_MAX 2048U
#define TIMEOUT_SEC_MAX UINT64_C(100000000000)

static const struct option long_options[] = {
    {"help", no_argument, NULL, GIVEN_HELP},
    {"version", no_argument, NULL, GIVEN_VERSION},
    {"socket", required_argument, NULL, GIVEN_SOCKET},
    {"json", no_argument, NULL, GIVEN_JSON},
    {"no-color", no_argument, NULL, GIVEN_NO_COLOR},
    {"target", required_argument, NULL, GIVEN_TARGET},
    {"no-wait", no_argument, NULL, GIVEN_BIT(OPTION_NO_WAIT)},
    {"timeout", required_argument, NULL, GIVEN_BIT(OPTION_TIMEOUT)},
    {"reason", required_argument, NULL, GIVEN_BIT(OPTION_REASON)},
    {"all", no_argument, NULL, GIVEN_BIT(OPTION_ALL)},
    {"all-targets", no_argument, NULL, GIVEN_BIT(OPTION_ALL_TARGETS)},
    {"destination", required_argument, NULL, GIVEN_BIT(OPTION_DESTINATION)},
    {"dry-run", no_argument, NULL, GIVEN_BIT(OPTION_DRY_RUN)},
    {"state", required_argument, NULL, GIVEN_BIT(OPTION_STATE)},
    {"watch", no_argument, NULL, GIVEN_BIT(OPTION_WATCH)},
    {"test", no_argument, NULL, GIVEN_BIT(OPTION_TEST)},
    {"import", required_argument, NULL, GIVEN_BIT(OPTION_IMPORT)},
    {"since", required_argument, NULL, GIVEN_BIT(OPTION_SINCE)},
    {"limit", required_argument, NULL, GIVEN_BIT(OPTION_LIMIT)},
    {"service", required_argument, NULL, GIVEN_BIT(OPTION_SERVICE)},
    {"older-than", required_argument, NULL, GIVEN_BIT(OPTION_OLDER_THAN)},
    {"min-failed-entries", required_argument, NULL, GIVEN_BIT(OPTION_MIN_FAILED_ENTRIES)},
    {"min-events", required_argument, NULL, GIVEN_BIT(OPTION_MIN_EVENTS)},
    {"min-bytes", required_argument, NULL, GIVEN_BIT(OPTION_MIN_BYTES)},
    {"source", required_argument, NULL, GIVEN_BIT(OPTION_SOURCE)},
    {"yes", no_argument, NULL, GIVEN_BIT(OPTION_YES)},
    {NULL, 0, NULL, 0},
};

const char *options_first_given(const Options *options, unsigned mask)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {OPTION_TARGET, "--target"},
        {OPTION_NO_WAIT, "--no-wait"},
        {OPTION_TIMEOUT, "--timeout"},
        {OPTION_REASON, "--reason"},
        {OPTION_ALL, "--all"},
        {OPTION_ALL_TARGETS, "--all-targets"},
        {OPTION_DESTINATION, "--destination"},
        {OPTION_DRY_RUN, "--dry-run"},
        {OPTION_STATE, "--state"},
        {OPTION_WATCH, "--watch"},
        {OPTION_TEST, "--test"},
        {OPTION_IMPORT, "--import"},
        {OPTION_SINCE, "--since"},
        {OPTION_LIMIT, "--limit"},
        {OPTION_SERVICE, "--service"},
        {OPTION_OLDER_THAN, "--older-than"},
        {OPTION_MIN_FAILED_ENTRIES, "--min-failed-entries"},
        {OPTION_MIN_EVENTS, "--min-events"},
        {OPTION_MIN_BYTES, "--min-bytes"},
        {OPTION_SOURCE, "--source"},
        {OPTION_YES, "--yes"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (options->given & mask & names[i].bit)
            return names[i].name;
    return NULL;
}

static int add_target(Options *options, const char *name)
{
    const char **targets = realloc(options->targets, (options->n_targets + 1) * sizeof(*targets));

    if (!targets)
        return -ENOMEM;
    targets[options->n_targets++] = name;
    options->targets = targets;
    options->given |= OPTION_TARGET;
    return 0;
}

/* The daemon counts whole seconds: a part of one is rounded up, so that it does not become "none".
 * alternative: what else the option takes, for its message. */
static int read_duration(const char *option, const char *alternative, const char *text,
                         int64_t *ret_sec)
{
    uint64_t usec = 0;
    int r = timespan_parse(text, &usec);

    if (r == -ERANGE || (r == 0 && usec > TIMEOUT_SEC_MAX * USEC_PER_SEC)) {
        text_complain("%s takes at most %" PRIu64 " seconds%s, not \"%s\"", option, TIMEOUT_SEC_MAX,
                      *alternative ? ", or infinity" : "", text);
        return -EINVAL;
    }
    if (r < 0) {
        text_complain("%s takes a time such as 90s, 5min%s \"1h 30min\"%s, not \"%s\"", option,
                      *alternative ? "," : " or", alternative, text);
        return r;
    }
    *ret_sec = (int64_t)(usec / USEC_PER_SEC + (usec % USEC_PER_SEC != 0));
    return 0;
}

static int set_timeout(Options *options, const char *text)
{
    if (strcmp(text, "infinity") != 0)
        return read_duration("--timeout", " or infinity", text, &options->timeout_sec);
    options->timeout_sec = 0;
    return 0;
}

/* As large as the daemon counts. */
static int read_count(const char *option, const char *text, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    long long count;

    errno = 0;
    count = strtoll(text, NULL, 10);
    if (digits == 0 || text[digits] || errno != 0) {
        text_complain("%s takes a whole number from 0 on, not \"%s\"", option, text);
        return -EINVAL;
    }
    *ret = count;
    return 0;
}

static int set_source(Options *options, const char *text)
{
    if (!*text || strlen(text) > SOURCE_MAX) {
        text_complain("--source takes a pattern of 1 to %u bytes, such as \"s3://bucket/*\"",
                      SOURCE_MAX);
        return -EINVAL;
    }
    options->source = text;
    return 0;
}

/* Which imports stop --all means. */
static int set_filter(Options *options, unsigned bit, const char *value)
{
    options->given |= bit;
    switch (bit) {
    case OPTION_OLDER_THAN:
        return read_duration("--older-than", "", value, &options->older_than_sec);
    case OPTION_MIN_FAILED_ENTRIES:
        return read_count("--min-failed-entries", value, &options->min_failed_entries);
    case OPTION_MIN_EVENTS:
        return read_count("--min-events", value, &options->min_events);
    case OPTION_MIN_BYTES:
        return read_count("--min-bytes", value, &options->min_bytes);
    default:
        assert(bit == OPTION_SOURCE);
        return set_source(options, value);
    }
}

/* As an address of Varlink or as a plain path. NULL: it names none. */
static const char *socket_path_of(const char *address)
{
    static const char prefix[] = "unix:";

    if (strncmp(address, prefix, strlen(prefix)) == 0)
        address += strlen(prefix);
    return *address ? address : NULL;
}

static int set_socket(Options *options, const char *address)
{
    options->socket_path = socket_path_of(address);
    options->socket_given = true;
    if (options->socket_path)
        return 0;
    text_complain("--socket takes the path of the daemon's socket, not \"%s\"", address);
    return -EINVAL;
}

static int set_state(Options *options, const char *text)
{
    char names[JOB_STATE_NAMES_SIZE];

    if (!job_state_exists(text)) {
        text_complain("There is no state \"%s\": jobs are %s", text, job_state_names(names));
        return -EINVAL;
    }
    options->state = text;
    return 0;
}

/* A point in time, or how long ago it was. */
static int set_since(Options *options, const char *text)
{
    uint64_t now_usec = time_now_realtime(), at_usec = 0, ago_usec;

    if (timespan_parse(text, &ago_usec) == 0) {
        at_usec = ago_usec < now_usec ? now_usec - ago_usec : 0;
    } else if (time_parse_iso8601(text, &at_usec) < 0) {
        text_complain("--since takes how long ago it was, such as 2h, or a time such as "
                      "2026-11-22T12:00:00Z, not \"%s\"",
                      text);
        return -EINVAL;
    }
    time_format_rfc3339(at_usec, options->since);
    return 0;
}

/* As many jobs as the daemon puts into one reply. */
static int set_limit(Options *options, const char *text)
{
    unsigned limit;

    if (!string_to_number(text, 1, LIMIT_MAX, &limit)) {
        text_complain("--limit takes a number from 1 to %u, not \"%s\": see --all", LIMIT_MAX,
                      text);
        return -EINVAL;
    }
    options->limit = limit;
    return 0;
}

static int set_service(Options *options, const char *text)
{
    int r = import_service_parse(text, &options->service);

    if (r < 0)
        text_complain("There is no service \"%s\": imports are run by cloudtrail or logs", text);
    return r;
}

const char *options_service(const Options *options)
{
    return options->given & OPTION_SERVICE ? import_service_name(options->service) : NULL;
}

static int apply(Options *options, int given, const char *value)
{
    switch (given) {
    case GIVEN_HELP:
        options->question = OPTIONS_HELP;
        return 0;
    case GIVEN_VERSION:
        options->question = OPTIONS_VERSION;
        return 0;
    case GIVEN_SOCKET:
        return set_socket(options, value);
    case GIVEN_JSON:
        options->json = true;
        options->live = false;
        return 0;
    case GIVEN_NO_COLOR:
        options->color = false;
        return 0;
    case GIVEN_TARGET:
        return add_target(options, value);
    case GIVEN_BIT(OPTION_TIMEOUT):
        options->given |= OPTION_TIMEOUT;
        return set_timeout(options, value);
    case GIVEN_BIT(OPTION_IMPORT):
        options->given |= OPTION_IMPORT;
        return import_id_read(SERVICE_CLOUDTRAIL, value, strlen(value), options->import_id);
    case GIVEN_BIT(OPTION_SINCE):
        options->given |= OPTION_SINCE;
        return set_since(options, value);
    case GIVEN_BIT(OPTION_LIMIT):
        options->given |= OPTION_LIMIT;
        return set_limit(options, value);
    case GIVEN_BIT(OPTION_REASON):
        options->reason = value;
        break;
    case GIVEN_BIT(OPTION_DESTINATION):
        options->destination = value;
        break;
    case GIVEN_BIT(OPTION_STATE):
        options->given |= OPTION_STATE;
        return set_state(options, value);
    case GIVEN_BIT(OPTION_SERVICE):
        options->given |= OPTION_SERVICE;
        return set_service(options, value);
    case GIVEN_BIT(OPTION_OLDER_THAN):
    case GIVEN_BIT(OPTION_MIN_FAILED_ENTRIES):
    case GIVEN_BIT(OPTION_MIN_EVENTS):
    case GIVEN_BIT(OPTION_MIN_BYTES):
    case GIVEN_BIT(OPTION_SOURCE):
        return set_filter(options, (unsigned)given >> 10, value);
    default:
        break;
    }
    options->given |= (unsigned)given >> 10;
    return 0;
}

/* What getopt_long() would say itself, without the path of the program, and escaped. */
static int complain_option(int answer, char **argv)
{
    bool is_letter = optopt != 0 && optopt != GIVEN_HELP && optopt < GIVEN_VERSION;

    if (answer == ':')
        text_complain("%s takes a value: see trailstopctl --help", argv[optind - 1]);
    else if (is_letter)
        text_complain("There is no option \"-%c\": see trailstopctl --help", optopt);
    else
        text_complain("There is no option \"%s\": see trailstopctl --help", argv[optind - 1]);
    return -EINVAL;
}

/* Varlink speaks UTF-8 only, and the daemon hangs up on a client that does not. */
static int check_utf8(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!utf8_is_valid(argv[i], strlen(argv[i]))) {
            text_complain("\"%s\" is not UTF-8", argv[i]);
            return -EINVAL;
        }
    }
    return 0;
}

static void set_defaults(Options *options)
{
    const char *address = getenv("TRAILSTOP_SOCKET"),
               *path = address ? socket_path_of(address) : NULL;
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool redrawable =
        isatty(STDOUT_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;

    *options = (Options){
        .socket_path = path ? path : TRAILSTOP_SOCKET_DEFAULT,
        .live = redrawable,
        .color = redrawable && !(no_color && *no_color),
    };
}

int options_parse(int argc, char **argv, Options *ret)
{
    Options options;
    int r = check_utf8(argc, argv), given;

    if (r < 0)
        return r;
    set_defaults(&options);
    opterr = 0;
    while (r >= 0 && options.question == OPTIONS_NO_QUESTION &&
           (given = getopt_long(argc, argv, ":ht:", long_options, NULL)) != -1)
        r = given == '?' || given == ':' ? complain_option(given, argv)
                                         : apply(&options, given, optarg);
    if (r < 0) {
        options_clear(&options);
        return r;
    }
    options.arguments = argv + optind;
    options.n_arguments = (size_t)(argc - optind);
    *ret = options;
    return 0;
}

void options_clear(Options *options)
{
    free(options->targets);
    options->targets = NULL;
    options->n_targets = 0;
}
