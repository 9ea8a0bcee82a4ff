/* SPDX-License-Identifier: Apache-2.0 */
#include "client/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/text.h"
#include "client/unit.h"
#include "common/exceptions.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/string.h"

#define TABLE_SIZE(table) (sizeof(table) / sizeof((table)[0]))

/* The kernel's number for users that it has none for, as those of another namespace: no group makes
 * an operator of it. */
#define UID_NOBODY 65534
#define NOBODY_SENTENCE                                                                            \
    "Uid 65534 (nobody) stands for users that are not known here, and may not do that: call as "   \
    "another user"

static bool is_nobody(void)
{
    return getuid() == UID_NOBODY;
}

/* Exit status and sentence of each error of the two interfaces. `detail` is the parameter that the
 * sentence ends with. What AWS said follows from the parameters `cause`, or `job`. */
static const struct error_row {
    const char *name;
    int outcome;
    const char *sentence;
    const char *detail;
} error_rows[] = {
    {TRAILSTOP_INTERFACE ".ImportNotFound", OUTCOME_NOT_FOUND, "CloudTrail has no such import",
     NULL},
    {TRAILSTOP_INTERFACE ".InvalidParameter", OUTCOME_FAILURE, "CloudTrail refuses a parameter",
     NULL},
    {TRAILSTOP_INTERFACE ".OperationNotPermitted", OUTCOME_NOT_PERMITTED,
     "CloudTrail does not permit it", NULL},
    {TRAILSTOP_INTERFACE ".UnsupportedOperation", OUTCOME_FAILURE, "CloudTrail does not support it",
     NULL},
    {TRAILSTOP_INTERFACE ".CallFailed", OUTCOME_FAILURE, "The call failed", NULL},
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, status, said, sentence, wait_error, \
                        wait_status, wait_said, wait_sentence)                                     \
    {TRAILSTOP_INTERFACE "." error, OUTCOME_##status, sentence, NULL},                             \
        {TRAILSTOP_INTERFACE "." wait_error, OUTCOME_##wait_status, wait_sentence, NULL},
#include "common/job-states.def"
    {TRAILSTOP_INTERFACE ".JobNotFound", OUTCOME_NOT_FOUND, "There is no such job", "id"},
    {TRAILSTOP_INTERFACE ".TargetNotFound", OUTCOME_NOT_FOUND,
     "The daemon's configuration has no such target", "target"},
    {TRAILSTOP_INTERFACE ".NotAuthorized", OUTCOME_NOT_PERMITTED,
     "Only operators may do that (operators= in trailstopd.conf, by default the group trailstop)",
     NULL},
    {TRAILSTOP_INTERFACE ".QueueFull", OUTCOME_FAILURE,
     "The daemon takes no more jobs until some are done (max-jobs= in trailstopd.conf, for the "
     "waits of one user max-clients-per-user=)",
     "limit"},
    {VARLINK_SERVICE_INTERFACE ".InterfaceNotFound", OUTCOME_FAILURE,
     "The program that listens there is not trailstopd: it has no such interface", "interface"},
    {VARLINK_SERVICE_INTERFACE ".MethodNotFound", OUTCOME_FAILURE,
     "This daemon does not serve that", "method"},
    {VARLINK_SERVICE_INTERFACE ".MethodNotImplemented", OUTCOME_FAILURE,
     "This daemon does not serve that yet", "method"},
    {VARLINK_SERVICE_INTERFACE ".InvalidParameter", OUTCOME_USAGE,
     "The daemon does not take the value of a parameter", "parameter"},
    {VARLINK_SERVICE_INTERFACE ".PermissionDenied", OUTCOME_NOT_PERMITTED,
     "The daemon does not permit it", NULL},
    {VARLINK_SERVICE_INTERFACE ".ExpectedMore", OUTCOME_FAILURE,
     "The daemon answers that only as a stream", NULL},
    {VARLINK_SERVICE_INTERFACE ".ExpectedUpgrade", OUTCOME_FAILURE,
     "The daemon does that only for a call that hands over its connection", NULL},
};

static const struct job_row {
    const char *kind, *state;
    int outcome;
    const char *error; /* that Stop or Wait ends with; "": AWS's own */
    const char *sentence;
} job_rows[] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, error, status, said, sentence, wait_error, \
                        wait_status, wait_said, wait_sentence)                                     \
    {"stop", name, OUTCOME_##status, error, sentence},                                             \
        {"wait", name, OUTCOME_##wait_status, wait_error, wait_sentence},
#include "common/job-states.def"
};

static int outcome_of_code(const char *code, int64_t http_status)
{
    unsigned status = http_status > 0 && http_status < 1000 ? (unsigned)http_status : 0;

    if (exception_denies_access(code, status))
        return OUTCOME_NOT_PERMITTED;
    return exception_find(code)->exit_status;
}

int outcome_of_cause(json_object *cause)
{
    const char *code = NULL;
    int64_t http_status = 0;

    (void)json_get_string(cause, "code",
                          &code); /* what is not there, or is strange, decides nothing */
    (void)json_get_int64(cause, "httpStatus", &http_status);
    return outcome_of_code(code, http_status);
}

/* NULL: a state or kind of a later version. */
static const struct job_row *find_end(const JobView *job)
{
    const char *kind = job->kind ? job->kind : "stop";

    for (size_t i = 0; i < TABLE_SIZE(job_rows); i++)
        if (strcmp(job_rows[i].kind, kind) == 0 && strcmp(job_rows[i].state, job->state) == 0)
            return &job_rows[i];
    return NULL;
}

int outcome_of_job(const JobView *job)
{
    const struct job_row *row = find_end(job);

    if (!row)
        return OUTCOME_FAILURE;
    if (row->outcome != OUTCOME_OK && *row->error == '\0')
        return outcome_of_code(job->error_code, job->error_http_status);
    return row->outcome;
}

int outcome_format_failures_command(const JobView *job, char **ret)
{
    bool is_usual = !job->service || strcmp(job->service, "cloudtrail") == 0;

    return string_format(ret, "trailstopctl failures%s%s%s%s %s", job->target ? " -t " : "",
                         job->target ? job->target : "", is_usual ? "" : " --service ",
                         is_usual ? "" : job->service, job->import_id);
}

void outcome_complain_job(const JobView *job)
{
    CLEANUP(freep) char *command = NULL;
    const struct job_row *row = find_end(job);
    const char *sentence = row ? row->sentence : job->state;
    const char *message = job->error_message && *job->error_message ? job->error_message : NULL;

    if (job->error_code)
        text_complain("%s: %s: %s%s%s", job->import_id, sentence, job->error_code,
                      message ? ": " : "", message ? message : "");
    else if (row && row->outcome == OUTCOME_IMPORT_FAILED &&
             outcome_format_failures_command(job, &command) == 0)
        text_complain("%s: %s; see %s", job->import_id, sentence, command);
    else
        text_complain("%s: %s", job->import_id, sentence);
}

static const struct error_row *find_error(const char *name)
{
    for (size_t i = 0; i < TABLE_SIZE(error_rows); i++)
        if (strcmp(error_rows[i].name, name) == 0)
            return &error_rows[i];
    return NULL;
}

int outcome_of_error(const Reply *reply)
{
    const struct error_row *row = find_error(reply->error);
    json_object *cause = NULL;

    if (!row)
        return OUTCOME_FAILURE;
    if (row->outcome == OUTCOME_FAILURE && json_get_object(reply->parameters, "cause", &cause) > 0)
        return outcome_of_cause(cause);
    return row->outcome;
}

/* What AWS said, from the cause or the job of an error reply. */
static void find_cause(json_object *parameters, const char **ret_code, const char **ret_message)
{
    json_object *job = NULL, *cause = NULL;

    if (json_get_object(parameters, "cause", &cause) <= 0 &&
        json_get_object(parameters, "job", &job) > 0)
        (void)json_get_object(job, "lastError", &cause);
    (void)json_get_string(cause, "code", ret_code);
    (void)json_get_string(cause, "message", ret_message);
}

void outcome_complain_error(const Reply *reply, const char *subject)
{
    const struct error_row *row = find_error(reply->error);
    const char *detail = NULL, *code = NULL, *message = NULL, *quote = "";
    json_object *value = NULL;

    if (row && row->detail && json_object_object_get_ex(reply->parameters, row->detail, &value)) {
        detail = json_object_get_string(value);
        quote = json_object_is_type(value, json_type_string) ? "\"" : "";
    }
    if (row && row->outcome == OUTCOME_NOT_PERMITTED && is_nobody()) {
        text_complain("%s%s" NOBODY_SENTENCE, subject ? subject : "", subject ? ": " : "");
        return;
    }
    find_cause(reply->parameters, &code, &message);
    text_complain("%s%s%s%s%s%s%s%s%s%s%s", subject ? subject : "", subject ? ": " : "",
                  row ? row->sentence : reply->error, detail ? ": " : "", quote,
                  detail ? detail : "", quote, code ? ": " : "", code ? code : "",
                  message && *message ? ": " : "", message ? message : "");
}

/* False: systemd does not know a reason. */
static bool complain_unit(const char *path)
{
    CLEANUP(freep) char *sentence = NULL;

    if (unit_examine(path, &sentence) < UNIT_FAILS)
        return false;
    text_complain("%s", sentence ? sentence : "Out of memory");
    return true;
}

static int complain_unreachable(const char *path, int error)
{
    if (complain_unit(path))
        return OUTCOME_UNREACHABLE;
    switch (error) {
    case -ECONNRESET:
        text_complain("The daemon at %s closed the connection before it answered: it cannot start, "
                      "has ended, or has as many clients as max-clients= and "
                      "max-clients-per-user= in trailstopd.conf allow (journalctl -u trailstopd)",
                      path);
        break;
    case -ETIME:
        text_complain("The daemon at %s does not answer (systemctl status trailstopd)", path);
        break;
    default:
        text_complain("Cannot reach the daemon at %s: %s (systemctl status trailstopd.socket)",
                      path, strerror(-error));
    }
    return OUTCOME_UNREACHABLE;
}

int outcome_complain(const Options *options, int error)
{
    const char *path = options->socket_path;

    switch (error) {
    case -EINTR:
        return OUTCOME_INTERRUPTED;
    case -ENOMEM:
        text_complain("Out of memory");
        return OUTCOME_FAILURE;
    case -EBADMSG:
    case -EMSGSIZE:
        text_complain("The program that listens at %s does not speak Varlink as trailstopd does",
                      path);
        return OUTCOME_FAILURE;
    case -E2BIG:
        text_complain("The daemon at %s hung up on a long call: probably the call is longer than "
                      "max-message= in trailstopd.conf (journalctl -u trailstopd)",
                      path);
        return OUTCOME_FAILURE;
    case -EACCES:
    case -EPERM:
        if (is_nobody())
            text_complain("Not permitted to connect to %s: " NOBODY_SENTENCE, path);
        else
            text_complain("Not permitted to connect to %s: members of the group trailstop may "
                          "(sudo usermod -aG trailstop $USER, then log in again)",
                          path);
        return OUTCOME_NOT_PERMITTED;
    case -ENAMETOOLONG:
        text_complain("The path of a socket has at most 107 bytes, and this is longer: %s", path);
        return OUTCOME_UNREACHABLE;
    default:
        return complain_unreachable(path, error);
    }
}
