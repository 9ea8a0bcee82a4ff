/* SPDX-License-Identifier: Apache-2.0 */
#include "client/job-id.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "client/job-view.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"

/* One question for jobs, and what came of it. */
typedef struct Search {
    const char *text;
    char *id; /* of the one job; NULL: none, or several */
    size_t n;
    char *others; /* of several, for people */
    int outcome;
    int error;
} Search;

static void search_clear(Search *search)
{
    free(search->id);
    free(search->others);
}

static void on_jobs(const Reply *reply, void *userdata)
{
    Search *search = userdata;
    json_object *jobs = NULL;
    JobView first, second;

    if (reply->error) {
        outcome_complain_error(reply, search->text);
        search->outcome = outcome_of_error(reply);
        return;
    }
    if (json_get_array(reply->parameters, "jobs", &jobs) <= 0) {
        search->error = -EBADMSG;
        return;
    }
    search->n = json_object_array_length(jobs);
    if (search->n > 0)
        search->error = job_view_read(json_object_array_get_idx(jobs, 0), &first);
    if (search->n > 1 && search->error == 0)
        search->error = job_view_read(json_object_array_get_idx(jobs, 1), &second);
    if (search->error == 0 && search->n == 1)
        search->error = string_copy(first.id, &search->id);
    else if (search->error == 0 && search->n > 1)
        search->error = string_format(&search->others, "%s (%s, %s), %s (%s, %s)%s", first.id,
                                      first.target ? first.target : "", first.state, second.id,
                                      second.target ? second.target : "", second.state,
                                      search->n > 2 ? "..." : "");
}

/* NULL: no memory. */
static json_object *encode(const char *key, const char *value, bool active, int64_t limit)
{
    CLEANUP(json_object_putp) json_object *parameters = json_object_new_object();

    if (!parameters || json_add_string(parameters, key, value) < 0 ||
        json_add_int64(parameters, "limit", limit) < 0 ||
        (active && json_add_bool(parameters, "active", true) < 0))
        return NULL;
    return TAKE(parameters);
}

static int ask(Connection *connection, json_object *parameters, Search *search)
{
    int r = connection_call(connection, "ListJobs", parameters, false, on_jobs, search);

    if (r >= 0)
        r = connection_run(connection);
    return r < 0 ? r : search->error;
}

/* Asks until there is one job, or several, or none. */
static int search_jobs(const Options *options, const char *import_id, const char *prefix,
                       Search *search)
{
    CLEANUP(connection_freep) Connection *connection = NULL;
    int r = connection_new(options->socket_path, &connection);

    if (r >= 0)
        r = connection_open(connection);
    if (r >= 0 && prefix)
        return ask(connection, encode("idPrefix", prefix, false, 3), search);
    if (r >= 0)
        r = ask(connection, encode("importId", import_id, true, 3), search);
    if (r >= 0 && search->n == 0 && search->outcome == OUTCOME_OK)
        r = ask(connection, encode("importId", import_id, false, 1), search);
    return r;
}

/* Ids of jobs are 32 digits: whether this may be the beginning of one, in lower case then. */
static bool read_prefix(const char *text, char prefix[static JOB_ID_TEXT_SIZE])
{
    size_t length = strlen(text);

    if (length == 0 || length >= JOB_ID_TEXT_SIZE - 1 ||
        strspn(text, "0123456789abcdefABCDEF") != length)
        return false;
    for (size_t i = 0; i <= length; i++)
        prefix[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

int job_id_resolve(const Options *options, const char *text, char **ret)
{
    CLEANUP(search_clear) Search search = {.text = text};
    char prefix[JOB_ID_TEXT_SIZE], import_id[IMPORT_ID_SIZE];
    bool is_prefix = read_prefix(text, prefix);
    bool is_import = import_id_parse(SERVICE_CLOUDTRAIL, text, strlen(text), import_id) == 0;
    int r = 0;

    if (is_import || is_prefix)
        r = search_jobs(options, import_id, is_prefix ? prefix : NULL, &search);
    if (r >= 0 && search.outcome == OUTCOME_OK && !search.others && !search.id)
        r = string_copy(text, &search.id);
    if (r < 0)
        return outcome_complain(options, r);
    if (search.others) {
        text_complain("\"%s\" stands for more than one job: %s", text, search.others);
        return OUTCOME_USAGE;
    }
    if (search.outcome == OUTCOME_OK)
        *ret = TAKE(search.id);
    return search.outcome;
}
