/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/query.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/aws/import-operations.h"

#define LIST_ITEMS_MAX 100000U
#define ITEMS_A_TURN 50U
#define LIST_USEC (5 * USEC_PER_MINUTE)

struct Query {
    QueryKind kind;
    bool nameless;
    const ImportOperations *operations;
    AwsClient *client; /* both are of the target, which may be gone before the answer */
    Outage *outage;
    char *import_id, *destination, *status, *next_token;
    QueryDone done;
    void *userdata;
    bool (*is_wanted)(void *userdata);
    int (*take)(json_object *item, void *userdata);
    AwsCall *call;       /* under way */
    json_object *page;   /* an array whose items are handed over, or NULL */
    size_t n_handed;     /* of the page */
    size_t n_taken;      /* of all pages */
    Timer timer;         /* the next of them are taken */
    uint64_t began_usec; /* CLOCK_BOOTTIME */
    /* Brent's way to find a cycle of any length: a token is compared with one from before, which is
       replaced after 1, 2, 4, … pages. */
    char *milestone;
    unsigned lap, lap_length;
};

static int query_call(Query *query);

static void query_end(Query *query, json_object *result, const CallError *error)
{
    query->done(result, error, query->userdata);
}

static void query_end_without_memory(Query *query)
{
    query_end(query, NULL, &call_error_no_memory);
}

static void query_give_up(Query *query, const char *code, const char *why)
{
    CLEANUP(call_error_clear) CallError error = {0};

    if (call_error_set(&error, code, why, 0, NULL) < 0)
        query_end_without_memory(query);
    else
        query_end(query, NULL, &error);
}

/* 1: this token was there before; 0: it was not, as far as is known; -ENOMEM. */
static int query_comes_back(Query *query)
{
    if (query->milestone && strcmp(query->milestone, query->next_token) == 0)
        return 1;
    if (++query->lap < query->lap_length)
        return 0;
    query->lap = 0;
    query->lap_length = query->lap_length > 0 ? 2 * query->lap_length : 1;
    free(query->milestone);
    query->milestone = strdup(query->next_token);
    return query->milestone ? 0 : -ENOMEM;
}

/* Why no further page is asked for; NULL: it is. */
static const char *query_find_end(const Query *query)
{
    if (query->n_taken > LIST_ITEMS_MAX)
        return "the list has no end: more than 100000 items were given up";
    if (time_since(query->began_usec, time_now_boottime()) > LIST_USEC)
        return "the list has no end: its pages were given up after 5 minutes";
    if (query->is_wanted && !query->is_wanted(query->userdata))
        return "the list was given up: the client that asked for it has gone";
    return NULL;
}

/* After a page that is not the last. */
static void query_go_on(Query *query)
{
    int r = query_comes_back(query);
    const char *end = r > 0 ? "the list has no end: one of its pages leads back to another"
                            : query_find_end(query);

    if (end)
        query_give_up(query, CALL_ERROR_ENDLESS_LIST, end);
    else if (r < 0 || query_call(query) < 0)
        query_end_without_memory(query);
}

static void query_end_with_import(Query *query, json_object *import)
{
    if (import_set_id(query->operations, import, query->import_id) < 0)
        query_end_without_memory(query);
    else
        query_end(query, import, NULL);
}

/* What the service could not be asked to leave out, or did not although it was. */
static bool query_wants(const Query *query, json_object *item)
{
    const ImportOperations *operations = query->operations;
    const char *id;

    if (query->kind != QUERY_IMPORTS)
        return true;
    if (!query->nameless && json_get_string(item, operations->id_member, &id) <= 0)
        return false;
    return !query->destination || import_is_into(operations, item, query->destination);
}

/* The page is over when all of it has been handed over. */
static void query_end_page(Query *query)
{
    json_object_put(TAKE(query->page));
    if (query->next_token)
        query_go_on(query);
    else
        query_end(query, NULL, NULL);
}

/* Each item is forgotten as it is taken, as a page may have many. */
static int query_hand_over_item(Query *query)
{
    CLEANUP(json_object_putp)
    json_object *item = json_object_get(json_object_array_get_idx(query->page, query->n_handed));

    (void)json_object_array_put_idx(query->page, query->n_handed++, NULL);
    if (!query_wants(query, item))
        return 0;
    query->n_taken++;
    return query->take(item, query->userdata);
}

static void query_hand_over(void *userdata)
{
    Query *query = userdata;
    size_t n = query->page ? json_object_array_length(query->page) : 0;
    int r = 0;

    for (unsigned i = 0; r >= 0 && i < ITEMS_A_TURN && query->n_handed < n; i++)
        r = query_hand_over_item(query);
    if (r == -EDQUOT)
        query_give_up(query, CALL_ERROR_RESOURCES,
                      "the list was given up: it takes more memory than one user has here");
    else if (r < 0)
        query_end_without_memory(query);
    else if (query->n_handed < n)
        timer_set(&query->timer, timers_boottime_usec(query->timer.timers));
    else
        query_end_page(query);
}

static int query_take_page(Query *query, json_object *page)
{
    const char *member = query->kind == QUERY_IMPORTS ? query->operations->imports_member
                                                      : query->operations->failures_member;
    json_object *array;
    const char *token;

    assert(!query->page);
    query->n_handed = 0;
    if (json_get_array(page, member, &array) > 0)
        query->page = json_object_get(array);
    free(query->next_token);
    query->next_token = NULL;
    if (json_get_string(page, query->operations->token_member, &token) > 0 && *token) {
        query->next_token = strdup(token);
        if (!query->next_token)
            return -ENOMEM;
    }
    timer_set(&query->timer, timers_boottime_usec(query->timer.timers));
    return 0;
}

static void on_done(const AwsResult *result, void *userdata)
{
    Query *query = userdata;

    query->call = NULL;
    if (result->outcome != AWS_UNAVAILABLE)
        outage_end(query->outage);
    if (result->outcome != AWS_OK)
        query_end(query, NULL, result->error);
    else if (query->kind == QUERY_IMPORT)
        query_end_with_import(query, result->body);
    else if (query_take_page(query, result->body) < 0)
        query_end_without_memory(query);
}

/* Asks for the import or for the next page. */
static int query_call(Query *query)
{
    static const AwsCallHooks hooks = {.of_client = true, .done = on_done};
    const AwsCaller caller = {.hooks = &hooks, .userdata = query};

    switch (query->kind) {
    case QUERY_IMPORT:
        return import_call_get(query->client, query->operations, query->import_id, &caller,
                               &query->call);
    case QUERY_IMPORTS:
        return import_call_list(query->client, query->operations, query->destination, query->status,
                                query->next_token, &caller, &query->call);
    case QUERY_FAILURES:
        break;
    }
    return import_call_failures(query->client, query->operations, query->import_id,
                                query->next_token, &caller, &query->call);
}

int query_new(const QueryRequest *request, QueryDone done, void *userdata, Query **ret)
{
    CLEANUP(query_freep) Query *query = malloc(sizeof(*query));
    int r;

    if (!query)
        return -ENOMEM;
    *query = (Query){
        .kind = request->kind,
        .nameless = request->nameless,
        .operations = import_operations(request->service),
        .client = aws_client_ref(request->target->clients[request->service]),
        .outage = outage_ref(request->target->outage),
        .done = done,
        .userdata = userdata,
        .is_wanted = request->is_wanted,
        .take = request->take,
        .began_usec = time_now_boottime(),
    };
    timer_init(&query->timer, aws_client_timers(query->client), query_hand_over, query);
    if ((r = string_copy(request->import_id, &query->import_id)) < 0 ||
        (r = string_copy(request->destination, &query->destination)) < 0 ||
        (r = string_copy(request->status, &query->status)) < 0 || (r = query_call(query)) < 0)
        return r;
    *ret = TAKE(query);
    return 0;
}

void query_free(Query *query)
{
    if (!query)
        return;
    aws_call_cancel(query->call);
    timer_clear(&query->timer);
    aws_client_unref(query->client);
    outage_unref(query->outage);
    json_object_put(query->page);
    free(query->import_id);
    free(query->destination);
    free(query->status);
    free(query->next_token);
    free(query->milestone);
    free(query);
}
