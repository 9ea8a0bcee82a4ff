/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/account.h"
#include "tests/sim/fields.h"

#define SCENARIO_DEPTH_MAX 32U
#define DEFAULT_ACCOUNT "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const char help[] =
    "Usage: trailstop-sim [OPTION]...\n"
    "A simulated CloudTrail and CloudWatch Logs, with SQS and EventBridge, and where credentials\n"
    "come from: STS, an instance's and a container's metadata services. For tests and rehearsals.\n"
    "\n"
    "  --listen ADDRESS:PORT       where to listen (127.0.0.1:0, any free port)\n"
    "  --cert FILE --key FILE      speak TLS with this certificate chain and key (PEM)\n"
    "  --ready-fd N                write the URL to file descriptor N once it listens,\n"
    "                              instead of \"listening on URL\" to standard output\n"
    "  --account KEY:SECRET[:TOKEN]  credentials it takes; may be repeated\n"
    "                              (" DEFAULT_ACCOUNT ")\n"
    "  --region REGION             the only region it takes signatures for (any)\n"
    "  --import SPEC               an import; may be repeated\n"
    "  --imports N:SPEC            N imports alike\n"
    "  --queue SPEC                a queue of SQS, e.g. name=requests,visibilitySeconds=30; may "
    "be\n"
    "                              repeated\n"
    "  --scenario FILE             more of all this, and roles and faults, as JSON; may be\n"
    "                              repeated\n"
    "  --enforce-quota             CloudTrail's quotas: StopImport 1 a second, reads 10 a second\n"
    "  --log                       one line per call to standard error\n"
    "  --log-size N                how many calls it remembers (10000)\n"
    "  --print-calls               print the calls as JSON at the end\n"
    "  --help, --version\n"
    "\n"
    "SPEC is name=value,... (all optional; an empty one will do), e.g.\n"
    "  stopPolls=5                 stopped at the fifth GetImport after StopImport (2)\n"
    "  stopSeconds=1.5             stopped so long after StopImport, instead\n"
    "  ends=FAILED                 how it ends: STOPPED, COMPLETED or FAILED (STOPPED)\n"
    "  runSeconds=60               ends by itself after a minute (never)\n"
    "  status=COMPLETED            its status at the start (IN_PROGRESS)\n"
    "  filesCompleted=100..2500    grows from the start to the end; so do prefixesFound,\n"
    "                              prefixesCompleted, eventsCompleted, failedEntries\n"
    "  id=...                      its id (00000000-0000-4000-8000-000000000001, ...2, ...)\n"
    "  service=logs                an import task of CloudWatch Logs; it has bytesImported\n"
    "\n"
    "Try it:\n"
    "  trailstop-sim --listen 127.0.0.1:4566 --imports 3:stopSeconds=20\n"
    "  curl http://127.0.0.1:4566/_sim/imports\n"
    "  curl -d '{\"fault\": \"throttle\", \"calls\": 3}' http://127.0.0.1:4566/_sim/faults\n"
    "  curl http://127.0.0.1:4566/_sim/calls\n"
    "tests/sim/README.md has all names, faults and control endpoints.\n";

void sim_options_print_help(void)
{
    fputs(help, stdout);
}

/* What the options declare while they are read: parts of one scenario. */
typedef struct Declarations {
    json_object *settings, *accounts, *imports, *queues;
    json_object *files; /* an array: the scenario files */
} Declarations;

static void clear_declarations(Declarations *declarations)
{
    json_object_put(declarations->settings);
    json_object_put(declarations->accounts);
    json_object_put(declarations->imports);
    json_object_put(declarations->queues);
    json_object_put(declarations->files);
}

static int parse_number(const char *text, long minimum, long maximum, long *ret)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || number < minimum || number > maximum)
        return -EINVAL;
    *ret = number;
    return 0;
}

static int add_account(Declarations *declarations, const char *text, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;
    json_object *account;

    int r = account_from_text(text, &account, &sentence);
    if (r == -EINVAL)
        return explain(ret_error, r, "--account: %s", sentence);
    if (r < 0)
        return r;
    return json_object_array_add(declarations->accounts, account) < 0 ? -ENOMEM : 0;
}

/* Adds what the option's text declares: to the imports, or to the queues. */
static int add_declaration(json_object *declarations, const char *option, const char *text,
                           long count, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *declaration = NULL;
    CLEANUP(freep) char *sentence = NULL;

    int r = fields_from_text(text, &declaration, &sentence);
    if (r == -EINVAL)
        return explain(ret_error, r, "--%s: %s", option, sentence);
    if (r == 0 && count != 1)
        r = json_add_int64(declaration, "count", count);
    return r < 0 ? r : json_append(declarations, TAKE(declaration));
}

static int add_many_imports(Declarations *declarations, const char *text, char **ret_error)
{
    CLEANUP(freep) char *number = strdup(text);
    long count;
    char *colon;

    if (!number)
        return -ENOMEM;
    colon = strchr(number, ':');
    if (colon)
        *colon = '\0';
    if (parse_number(number, 1, 10000000, &count) < 0)
        return explain(ret_error, -EINVAL, "--imports: expected N:SPEC, found '%s'", text);
    return add_declaration(declarations->imports, "imports", colon ? colon + 1 : "", count,
                           ret_error);
}

static int read_scenario(Declarations *declarations, const char *path, char **ret_error)
{
    CLEANUP(freep) char *text = NULL;
    size_t size = 0;
    CLEANUP(fclosep) FILE *file = fopen(path, "re");
    ssize_t length;
    json_object *scenario;
    int r;

    if (!file)
        return explain(ret_error, -errno, "%s: cannot be read: %s", path, strerror(errno));
    errno = 0;
    length = getdelim(&text, &size, '\0', file);
    if (length < 0 && ferror(file))
        return explain(ret_error, -EIO, "%s: cannot be read: %s", path, strerror(errno));
    r = json_read(length > 0 ? text : "", length > 0 ? (size_t)length : 0, SCENARIO_DEPTH_MAX,
                  &scenario);
    if (r == -EBADMSG)
        return explain(ret_error, -EINVAL, "%s: is not JSON", path);
    if (r < 0)
        return r;
    return json_object_array_add(declarations->files, scenario) < 0 ? -ENOMEM : 0;
}

enum {
    OPTION_LISTEN = 256,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_READY_FD,
    OPTION_ACCOUNT,
    OPTION_REGION,
    OPTION_IMPORT,
    OPTION_IMPORTS,
    OPTION_QUEUE,
    OPTION_SCENARIO,
    OPTION_ENFORCE_QUOTA,
    OPTION_LOG,
    OPTION_LOG_SIZE,
    OPTION_PRINT_CALLS,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"ready-fd", required_argument, NULL, OPTION_READY_FD},
    {"account", required_argument, NULL, OPTION_ACCOUNT},
    {"region", required_argument, NULL, OPTION_REGION},
    {"import", required_argument, NULL, OPTION_IMPORT},
    {"imports", required_argument, NULL, OPTION_IMPORTS},
    {"queue", required_argument, NULL, OPTION_QUEUE},
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"enforce-quota", no_argument, NULL, OPTION_ENFORCE_QUOTA},
    {"log", no_argument, NULL, OPTION_LOG},
    {"log-size", required_argument, NULL, OPTION_LOG_SIZE},
    {"print-calls", no_argument, NULL, OPTION_PRINT_CALLS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static int set_option(SimOptions *options, Declarations *declarations, int option, char **ret_error)
{
    long number;

    switch (option) {
    case OPTION_LISTEN:
        options->listen = optarg;
        return 0;
    case OPTION_CERT:
        options->certificate = optarg;
        return 0;
    case OPTION_KEY:
        options->key = optarg;
        return 0;
    case OPTION_READY_FD:
        if (parse_number(optarg, 0, INT_MAX, &number) < 0)
            return explain(ret_error, -EINVAL, "--ready-fd: '%s' is not a file descriptor", optarg);
        options->ready_fd = (int)number;
        return 0;
    case OPTION_ACCOUNT:
        return add_account(declarations, optarg, ret_error);
    case OPTION_REGION:
        return json_add_string(declarations->settings, "region", optarg);
    case OPTION_IMPORT:
        return add_declaration(declarations->imports, "import", optarg, 1, ret_error);
    case OPTION_IMPORTS:
        return add_many_imports(declarations, optarg, ret_error);
    case OPTION_QUEUE:
        return add_declaration(declarations->queues, "queue", optarg, 1, ret_error);
    case OPTION_SCENARIO:
        return read_scenario(declarations, optarg, ret_error);
    case OPTION_ENFORCE_QUOTA:
        return json_add_bool(declarations->settings, "enforceQuota", true);
    case OPTION_LOG:
        options->log = true;
        return 0;
    case OPTION_LOG_SIZE:
        if (parse_number(optarg, 1, 10000000, &number) < 0)
            return explain(ret_error, -EINVAL, "--log-size: expected a number from 1, found '%s'",
                           optarg);
        options->log_size = (size_t)number;
        return 0;
    case OPTION_PRINT_CALLS:
        options->print_calls = true;
        return 0;
    case OPTION_HELP:
        options->help = true;
        return 0;
    case OPTION_VERSION:
        options->version = true;
        return 0;
    }
    return -EINVAL;
}

/* The parts become one scenario, and the first; the files follow. */
static int build_scenarios(Declarations *declarations, json_object **ret, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *scenarios = json_object_new_array();
    json_object *scenario = json_object_new_object();
    int r = 0;

    if (!scenarios || !scenario || json_object_array_add(scenarios, scenario) < 0) {
        json_object_put(scenario);
        return -ENOMEM;
    }
    if (json_object_array_length(declarations->accounts) == 0)
        r = add_account(declarations, DEFAULT_ACCOUNT, ret_error);
    if (r == 0)
        r = json_add(scenario, "settings", TAKE(declarations->settings));
    if (r == 0)
        r = json_add(scenario, "accounts", TAKE(declarations->accounts));
    if (r == 0)
        r = json_add(scenario, "imports", TAKE(declarations->imports));
    if (r == 0)
        r = json_add(scenario, "queues", TAKE(declarations->queues));
    for (size_t i = 0; r == 0 && i < json_object_array_length(declarations->files); i++) {
        json_object *file = json_object_array_get_idx(declarations->files, i);
        if (json_object_array_add(scenarios, json_object_get(file)) < 0)
            r = -ENOMEM;
    }
    if (r == 0)
        *ret = TAKE(scenarios);
    return r;
}

static int parse(int argc, char **argv, SimOptions *options, Declarations *declarations,
                 char **ret_error)
{
    int option, r = 0;

    optind = 1;
    opterr = 0;
    while (r == 0 && (option = getopt_long(argc, argv, ":", long_options, NULL)) >= 0) {
        if (option == '?')
            r = explain(ret_error, -EINVAL, "there is no option '%s'", argv[optind - 1]);
        else if (option == ':')
            r = explain(ret_error, -EINVAL, "option '%s' needs a value", argv[optind - 1]);
        else
            r = set_option(options, declarations, option, ret_error);
    }
    if (r == 0 && optind < argc)
        r = explain(ret_error, -EINVAL, "unexpected argument '%s'", argv[optind]);
    if (r == 0 && !options->certificate != !options->key)
        r = explain(ret_error, -EINVAL, "--cert and --key go together");
    return r;
}

int sim_options_parse(int argc, char **argv, SimOptions *ret, char **ret_error)
{
    SimOptions options = {.listen = "127.0.0.1:0", .ready_fd = -1, .log_size = 10000};
    Declarations declarations = {
        .settings = json_object_new_object(),
        .accounts = json_object_new_array(),
        .imports = json_object_new_array(),
        .queues = json_object_new_array(),
        .files = json_object_new_array(),
    };
    int r = -ENOMEM;

    if (declarations.settings && declarations.accounts && declarations.imports &&
        declarations.queues && declarations.files)
        r = parse(argc, argv, &options, &declarations, ret_error);
    if (r == 0)
        r = build_scenarios(&declarations, &options.scenarios, ret_error);
    clear_declarations(&declarations);
    if (r == 0)
        *ret = options;
    return r;
}

void sim_options_clear(SimOptions *options)
{
    json_object_put(options->scenarios);
    options->scenarios = NULL;
}
