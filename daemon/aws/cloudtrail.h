/* SPDX-License-Identifier: Apache-2.0 */
/* The four operations of CloudTrail that stop and follow an import: encode and decode.
 *
 * Source: AWS CloudTrail API Reference (StopImport, GetImport, ListImports, ListImportFailures). */
#pragma once

#include <stdint.h>

#include "daemon/aws/call.h"

typedef enum ImportStatus {
    IMPORT_STATUS_UNKNOWN, /* left out, or one not known today: keep polling */
    IMPORT_STATUS_INITIALIZING,
    IMPORT_STATUS_IN_PROGRESS,
    IMPORT_STATUS_FAILED,
    IMPORT_STATUS_STOPPED,
    IMPORT_STATUS_COMPLETED,
} ImportStatus;

/* Members of an Import object as StopImport and GetImport answer with, after decoding: CloudTrail's
 * own names, times as RFC 3339, only the members known here, those left out or null left out. */
ImportStatus cloudtrail_import_status(json_object *import);
const char *
cloudtrail_import_status_name(json_object *import); /* as CloudTrail wrote it, or NULL */

/* Names an import by the id that was asked for, where CloudTrail left it out. 0 or -ENOMEM. */
int cloudtrail_import_set_id(json_object *import, const char *import_id);

/* Calls answer with an Import (see above) as result->body. */
int cloudtrail_stop_import(AwsClient *client, const char *import_id, const AwsCallHooks *hooks,
                           AwsCall **ret);
int cloudtrail_get_import(AwsClient *client, const char *import_id, const AwsCallHooks *hooks,
                          AwsCall **ret);

/* One page each; what is NULL is not asked for. Calls answer with an object of CLOUDTRAIL_IMPORTS
 * (an array of Import, of which some may lack their id) or CLOUDTRAIL_FAILURES (of ImportFailure),
 * each left out where it is missing, and CLOUDTRAIL_NEXT_TOKEN where there are further pages. */
#define CLOUDTRAIL_IMPORTS "Imports"
#define CLOUDTRAIL_FAILURES "Failures"
#define CLOUDTRAIL_NEXT_TOKEN "NextToken"

int cloudtrail_list_imports(AwsClient *client, const char *destination, const char *status,
                            const char *next_token, const AwsCallHooks *hooks, AwsCall **ret);
int cloudtrail_list_import_failures(AwsClient *client, const char *import_id,
                                    const char *next_token, const AwsCallHooks *hooks,
                                    AwsCall **ret);

/* Decoding alone, for tests: see AwsOperation.decode. */
int cloudtrail_decode_import(json_object *answer, json_object **ret);
