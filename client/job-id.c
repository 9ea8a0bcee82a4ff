/* SPDX-License-Identifier: Apache-2.0 */
#include "client/job-id.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/connection.h"
#include "client/job-view.h"
#include "client/outcome.h"
#include "client/text.h"
#include "client/unit.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"

#define CHOICE_MAX 3 /* jobs shown of those that a text stands for */

/* What was found so far. */
typedef struct Search {
    const char *text;
    char *id;     /* of the first job found; NULL: none */
    char *choice; /* the jobs to choose from, for people */
    bool several;
    int outcome;
    int error;
} Search;

static void search_clear(Search *search)
{
    free(search->id);
    free(search->choice);
}

/* One that was found before, by another question, is the same job. */
static int add_job(Search *search, json_object *json)
{
    CLEANUP(freep) char *former = search->choice;
    JobView job;
    int r;

    search->choice = NULL;
    r = job_view_read(json, &job);
    if (r < 0)
        return r;
    if (search->id && strcmp(search->id, job.id) == 0) {
        search->choice = TAKE(former);
        return 0;
    }
    search->several = search->id != NULL;
    r = string_format(&search->choice, "%s%s%s (%s, %s)", former ? former : "", former ? ", " : "",
                      job.id, job.target ? job.target : "", job.state);
    return r < 0 || search->id ? r : string_copy(job.id, &search->id);
}

static void on_jobs(const Reply *reply, void *userdata)
{
    Search *search = userdata;
    json_object *jobs = NULL;

    if (reply->error) {
        outcome_complain_error(reply, search->text);
        search->outcome = outcome_of_error(reply);
        return;
    }
    if (json_get_array(reply->parameters, "jobs", &jobs) <= 0) {
        search->error = -EBADMSG;
        return;
    }
    for (size_t i = 0; search->error == 0 && i < json_object_array_length(jobs); i++)
        search->error = add_job(search, json_object_array_get_idx(jobs, i));
}

/* Which jobs are asked for; what is NULL is not. */
typedef struct Question {
    const char *prefix, *import_id, *service;
    bool active;
    int64_t limit;
} Question;

/* NULL: no memory. */
static json_object *encode(const Question *question)
{
    CLEANUP(json_object_putp)
    json_object *parameters = call_parameters((CallString[]){{"idPrefix", question->prefix},
                                                             {"importId", question->import_id},
                                                             {"service", question->service},
                                                             {0}});

    if (!parameters || json_add_int64(parameters, "limit", question->limit) < 0 ||
        (question->active && json_add_bool(parameters, "active", true) < 0))
        return NULL;
    return TAKE(parameters);
}

static int ask(Connection *connection, const Options *options, const Question *question,
               Search *search)
{
    int r;

    if (search->outcome != OUTCOME_OK)
        return 0;
    r = connection_call(connection, "ListJobs", encode(question), false, on_jobs, search);
    if (r >= 0)
        r = unit_run_connection(connection, options);
    return r < 0 ? r : search->error;
}

/* What a text may mean; an empty one is not that. */
typedef struct Meanings {
    char prefix[JOB_ID_TEXT_SIZE];
    char import_id[IMPORT_ID_SIZE]; /* of whichever service */
    char logs_id[IMPORT_ID_SIZE];   /* of CloudWatch Logs alone */
} Meanings;

static int ask_for_imports(Connection *connection, const Options *options, const Meanings *meanings,
                           bool active, Search *search)
{
    int64_t limit = active ? CHOICE_MAX : 1;
    const Question either = {.import_id = meanings->import_id, .active = active, .limit = limit};
    const Question of_logs = {.import_id = meanings->logs_id,
                              .service = import_service_name(SERVICE_LOGS),
                              .active = active,
                              .limit = limit};
    int r = 0;

    if (*meanings->import_id)
        r = ask(connection, options, &either, search);
    if (r >= 0 && *meanings->logs_id)
        r = ask(connection, options, &of_logs, search);
    return r;
}

static int search_jobs(const Options *options, const Meanings *meanings, Search *search)
{
    CLEANUP(connection_freep) Connection *connection = NULL;
    const Question prefix = {.prefix = meanings->prefix, .limit = CHOICE_MAX};
    int r = connection_new(options->socket_path, &connection);

    if (r >= 0)
        r = connection_open(connection);
    if (r >= 0 && *meanings->prefix)
        r = ask(connection, options, &prefix, search);
    if (r >= 0)
        r = ask_for_imports(connection, options, meanings, true, search);
    return r < 0 || search->id ? r : ask_for_imports(connection, options, meanings, false, search);
}

/* Ids of jobs are 32 digits: whether this may be the beginning of one, in lower case then. */
static bool read_prefix(const char *text, char prefix[static JOB_ID_TEXT_SIZE])
{
    size_t length = strlen(text);

    if (length == 0 || length >= JOB_ID_TEXT_SIZE ||
        strspn(text, "0123456789abcdefABCDEF") != length)
        return false;
    for (size_t i = 0; i <= length; i++)
        prefix[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

/* False: it is a job's own id, or nothing that jobs are found by. Among the ids of CloudWatch Logs
 * alone there is no need to look for one that CloudTrail's service would find as well. */
static bool read_meanings(const char *text, Meanings *ret)
{
    Meanings meanings = {0};
    size_t length = strlen(text);

    if (read_prefix(text, meanings.prefix) && length == JOB_ID_TEXT_SIZE - 1 &&
        strcmp(meanings.prefix, text) == 0)
        return false;
    (void)import_id_parse(SERVICE_CLOUDTRAIL, text, length, meanings.import_id);
    (void)import_id_parse(SERVICE_LOGS, text, length, meanings.logs_id);
    if (strcmp(meanings.logs_id, meanings.import_id) == 0)
        *meanings.logs_id = '\0';
    *ret = meanings;
    return *meanings.prefix || *meanings.import_id || *meanings.logs_id;
}

int job_id_resolve(const Options *options, const char *text, char **ret)
{
    CLEANUP(search_clear) Search search = {.text = text};
    Meanings meanings;
    int r = 0;

    if (read_meanings(text, &meanings))
        r = search_jobs(options, &meanings, &search);
    if (r >= 0 && search.outcome == OUTCOME_OK && !search.id)
        r = string_copy(text, &search.id);
    if (r < 0)
        return outcome_complain(options, r);
    if (search.several) {
        text_complain("\"%s\" stands for more than one job: %s", text, search.choice);
        return OUTCOME_USAGE;
    }
    if (search.outcome == OUTCOME_OK)
        *ret = TAKE(search.id);
    return search.outcome;
}
