/* SPDX-License-Identifier: Apache-2.0 */
/* What a service that runs imports calls its operations, members and statuses: a table for each
 * service (cloudtrail.c, logs.c), and the calls that are made by it. What stops, follows or
 * lists imports knows the services by these tables alone. */
#pragma once

#include "common/import-service.h"
#include "daemon/aws/call.h"

typedef enum ImportStatus {
    IMPORT_STATUS_UNKNOWN, /* left out, or one not known today: keep polling */
    IMPORT_STATUS_INITIALIZING,
    IMPORT_STATUS_IN_PROGRESS,
    IMPORT_STATUS_FAILED, /* it ran to its end, and some of it could not be imported */
    IMPORT_STATUS_STOPPED,
    IMPORT_STATUS_COMPLETED,
    N_IMPORT_STATUSES
} ImportStatus;

typedef struct ImportOperations {
    const char *signing_name; /* of the service, in signatures */
    /* An import, imports and failures as members of the interface. */
    const char *shown_as, *listed_as, *failures_as;
    /* Decoded members of an import, under the names that the service gives them. */
    const char *id_member, *status_member, *created_member, *statistics_member;
    const char *source_members[4];           /* where its source stands; a member inside another */
    const char *statuses[N_IMPORT_STATUSES]; /* NULL: the service has no such status */

    /* An import is what stop, start and get answer with. */
    AwsOperation stop, get, list, failures;
    AwsOperation start; /* goes on with an import that was stopped; name NULL: there is none */
    /* Parameters of lists, and members of what they answer with: arrays, and the token of the page
     * that follows. */
    const char *page_size_member, *token_member;
    unsigned page_size;
    const char *imports_member, *failures_member;
    const char *status_filter, *destination_filter; /* NULL: the service has none */
    const char *destination_member;                 /* of an import: one, or an array of them */
} ImportOperations;

extern const ImportOperations cloudtrail_operations, logs_operations;
const ImportOperations *import_operations(ImportService service);

/* Of imports that run. A list takes one status at a time, and not every service has both. */
#define N_RUNNING_STATUSES 2U
extern const ImportStatus import_running_statuses[N_RUNNING_STATUSES];

/* Whether it is an ARN: AWS finds nothing for anything else, and says nothing. */
bool import_destination_is_valid(const char *text);

/* ---- an import, as decoded ---- */

ImportStatus import_status(const ImportOperations *operations, json_object *import);

/* Whether it runs no longer, as far as is known. */
bool import_is_over(const ImportOperations *operations, json_object *import);

/* As the service wrote it, or NULL. */
const char *import_status_name(const ImportOperations *operations, json_object *import);

/* Where it imports from, or NULL: not known. */
const char *import_source(const ImportOperations *operations, json_object *import);

/* Whether that is its destination, or one of several. One that shows none counts where lists can be
 * asked for by destination, as they then were. */
bool import_is_into(const ImportOperations *operations, json_object *import,
                    const char *destination);

/* Names an import by the id that was asked for, where the service left it out or wrote it in
 * another case. 0 or -ENOMEM. */
int import_set_id(const ImportOperations *operations, json_object *import, const char *import_id);

/* The import with that name as JSON, which the caller frees. NULL: no memory. */
char *import_to_text(const ImportOperations *operations, json_object *import,
                     const char *import_id);

/* ---- calls; the client is the service's ---- */

/* The import's id outlives the call. They answer with an import as result->body: the members known
 * here, times as RFC 3339. An answer about another import is not an answer. An import that does not
 * exist is refused, also where the service answers with an empty list. 0 or -ENOMEM, as all that
 * follow. */
int import_call_stop(AwsClient *client, const ImportOperations *operations, const char *import_id,
                     const AwsCaller *caller, AwsCall **ret);
int import_call_start(AwsClient *client, const ImportOperations *operations, const char *import_id,
                      const AwsCaller *caller, AwsCall **ret);
int import_call_get(AwsClient *client, const ImportOperations *operations, const char *import_id,
                    const AwsCaller *caller, AwsCall **ret);

/* One page each; what is NULL is not asked for. They answer with an object of imports_member (an
 * array of imports, some of which may have no id) or failures_member, each left out where it is
 * missing, and token_member where there are further pages. */
int import_call_list(AwsClient *client, const ImportOperations *operations, const char *destination,
                     const char *status, const char *token, const AwsCaller *caller, AwsCall **ret);
int import_call_failures(AwsClient *client, const ImportOperations *operations,
                         const char *import_id, const char *token, const AwsCaller *caller,
                         AwsCall **ret);
