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

/* What the daemon takes as `limit`, `source` and `timeout`. */
#define LIMIT_MAX 10000U
#define SOURCE_MAX 2048U
#define TIMEOUT_SEC_MAX UINT64_C(100000000000)

const char *options_first_given(const Options *options, OptionSet set)
{
    for (OptionRow row = 0; row < N_OPTION_ROWS; row++)
        if (options->given & set & UINT64_C(1) << row)
            return option_table_name(row);
    return NULL;
}

static int add_target(Options *options, const char *name)
{
    const char **targets = realloc(options->targets, (options->n_targets + 1) * sizeof(*targets));

    if (!targets)
        return -ENOMEM;
    targets[options->n_targets++] = name;
    options->targets = targets;
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
static int set_filter(Options *options, OptionRow row, const char *value)
{
    switch (row) {
    case OPTION_ROW_DESTINATION:
        options->destination = value;
        return 0;
    case OPTION_ROW_OLDER_THAN:
        return read_duration("--older-than", "", value, &options->older_than_sec);
    case OPTION_ROW_MIN_FAILED_ENTRIES:
        return read_count("--min-failed-entries", value, &options->min_failed_entries);
    case OPTION_ROW_MIN_EVENTS:
        return read_count("--min-events", value, &options->min_events);
    case OPTION_ROW_MIN_BYTES:
        return read_count("--min-bytes", value, &options->min_bytes);
    default:
        assert(row == OPTION_ROW_SOURCE);
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

    if (job_state_find(text) == N_JOB_STATES) {
        text_complain("There is no state \"%s\": jobs are %s", text, job_state_names(names));
        return -EINVAL;
    }
    options->state = text;
    return 0;
}

/* A point in time, or how long ago it was; all jobs are of after 1970. */
static int set_since(Options *options, const char *text)
{
    uint64_t ago_usec, at_usec = 0;
    int r = timespan_parse(text, &ago_usec);

    if (r == 0)
        at_usec = time_since(ago_usec, time_now_realtime());
    else if (r == -EINVAL)
        r = time_parse_iso8601(text, &at_usec);
    if (r == -EINVAL) {
        text_complain("--since takes how long ago it was, such as 2h, or a time such as "
                      "2026-11-22T12:00:00Z, not \"%s\"",
                      text);
        return r;
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

/* Jobs of either service are found by CloudTrail's form of an id. */
static int set_import(Options *options, const char *text)
{
    size_t length = strlen(text);

    options->import_service = NULL;
    if (import_id_parse(SERVICE_CLOUDTRAIL, text, length, options->import_id) == 0)
        return 0;
    options->import_service = import_service_name(SERVICE_LOGS);
    return import_id_read(SERVICE_LOGS, text, length, options->import_id);
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

static int set_format(Options *options, const char *text)
{
    static const char *const names[] = {
        [OUTPUT_TABLE] = "table",
        [OUTPUT_WIDE] = "wide",
        [OUTPUT_JSON] = "json",
        [OUTPUT_IDS] = "ids",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            options->format = (OutputFormat)i;
            return 0;
        }
    }
    text_complain("--output takes table, wide, json or ids, not \"%s\"", text);
    return -EINVAL;
}

static int ask(Options *options, OptionsQuestion question)
{
    options->question = question;
    return 0;
}

/* What every command takes. */
static int apply_general(Options *options, OptionRow row, const char *value)
{
    switch (row) {
    case OPTION_ROW_HELP:
        return ask(options, OPTIONS_HELP);
    case OPTION_ROW_VERSION:
        return ask(options, OPTIONS_VERSION);
    case OPTION_ROW_SOCKET:
        return set_socket(options, value);
    case OPTION_ROW_JSON:
        options->format = OUTPUT_JSON;
        return 0;
    case OPTION_ROW_OUTPUT:
        return set_format(options, value);
    case OPTION_ROW_NO_LEGEND:
        options->no_legend = true;
        return 0;
    case OPTION_ROW_NO_PAGER:
        options->no_pager = true;
        return 0;
    case OPTION_ROW_QUIET:
        options->quiet = true;
        return 0;
    default:
        assert(row == OPTION_ROW_NO_COLOR);
        options->color = false;
        return 0;
    }
}

static int apply(Options *options, OptionRow row, const char *value)
{
    OptionSet option = UINT64_C(1) << row;

    if (option & OPTIONS_GENERAL)
        return apply_general(options, row, value);
    options->given |= option;
    if (option & OPTIONS_OF_FILTERS)
        return set_filter(options, row, value);
    switch (row) {
    case OPTION_ROW_TARGET:
        return add_target(options, value);
    case OPTION_ROW_TIMEOUT:
        return set_timeout(options, value);
    case OPTION_ROW_IMPORT:
        return set_import(options, value);
    case OPTION_ROW_SINCE:
        return set_since(options, value);
    case OPTION_ROW_LIMIT:
        return set_limit(options, value);
    case OPTION_ROW_STATE:
        return set_state(options, value);
    case OPTION_ROW_SERVICE:
        return set_service(options, value);
    case OPTION_ROW_REASON:
        options->reason = value;
        return 0;
    default:
        assert(!value);
        return 0;
    }
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

static int read_option(Options *options, int given, char **argv)
{
    if (given < OPTION_TABLE_WRONG)
        return apply(options, (OptionRow)given, optarg);
    option_table_complain(given, argv);
    return -EINVAL;
}

/* What follows from several options. */
static void settle(Options *options)
{
    bool is_table = options->format == OUTPUT_TABLE || options->format == OUTPUT_WIDE;

    options->json = options->format == OUTPUT_JSON;
    options->for_people = is_table && !options->quiet;
    options->silent = !options->for_people && options->format != OUTPUT_IDS;
    options->live = options->live && options->for_people;
}

int options_parse(int argc, char **argv, Options *ret)
{
    Options options;
    int r = check_utf8(argc, argv), given;

    if (r < 0)
        return r;
    set_defaults(&options);
    opterr = 0;
    while (r >= 0 && (given = option_table_next(argc, argv)) != -1)
        if (options.question == OPTIONS_NO_QUESTION)
            r = read_option(&options, given, argv);
    if (r < 0) {
        options_clear(&options);
        return r;
    }
    settle(&options);
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
