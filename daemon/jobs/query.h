/* SPDX-License-Identifier: Apache-2.0 */
/* A question that goes straight to CloudTrail, for a client and without a job: an import, or all
 * pages of a list.
 *
 * No list is followed without end: a page token that comes back, more items than anybody has, five
 * minutes, or a client that has gone end it with CALL_ERROR_ENDLESS_LIST and a sentence. */
#pragma once

#include "common/memory.h"
#include "daemon/jobs/target.h"

typedef enum QueryKind { QUERY_IMPORT, QUERY_IMPORTS, QUERY_FAILURES } QueryKind;

typedef struct QueryRequest {
    QueryKind kind;
    const Target *target;
    ImportService service;
    const char *import_id;   /* of QUERY_IMPORT and QUERY_FAILURES */
    const char *destination; /* of QUERY_IMPORTS; NULL: any */
    const char *status;      /* of QUERY_IMPORTS; NULL: any */
    bool nameless;           /* of QUERY_IMPORTS: also those without an id that can be read */
    /* Of lists: once for each item, borrowed, page by page and some in each turn of the loop, as
     * work with a hundred thousand of them would hold up everyone. Whether the list has an end is
     * not known before done(). -EDQUOT and -ENOMEM: it is given up, as whoever asks may have no
     * more memory, or as there is none. */
    int (*take)(json_object *item, void *userdata);
    /* Asked before each page but the first: whether the answer is still waited for. NULL: it is,
     * until the query is freed. */
    bool (*is_wanted)(void *userdata);
} QueryRequest;

typedef struct Query Query;

/* Once, never from query_new(): the Import (borrowed), or NULL and the error; NULL alone where all
 * of a list was taken. The query may be freed here. */
typedef void (*QueryDone)(json_object *result, const CallError *error, void *userdata);

/* Copies what it needs. 0 or -ENOMEM. */
int query_new(const QueryRequest *request, QueryDone done, void *userdata, Query **ret);
void query_free(Query *query); /* gives up what is under way; takes NULL */
DEFINE_CLEANUP(Query, query_free)
