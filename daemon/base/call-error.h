/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS, or the way there, answered instead of a result: CallError of the Varlink interface. */
#pragma once

#include <stddef.h>

#include <json-c/json.h>

#include "common/json-write.h"

typedef struct CallError {
    char *code; /* an AWS error code such as "ThrottlingException", or one of the CALL_ERROR_ ones
                   below; NULL: no error */
    char *message; /* one sentence; text from outside, so it may hold any character but NUL */
    unsigned http_status; /* 0: no answer arrived */
    char *request_id;     /* NULL: none came */
} CallError;

/* OutOfResources, for where not even the message of an error can be made. */
extern const CallError call_error_no_memory;

/* Codes of our own, for failures that no AWS code came with. */
#define CALL_ERROR_CONNECTION "ConnectionFailed"
#define CALL_ERROR_TIMEOUT "TimedOut"
#define CALL_ERROR_TLS "TLSFailed"
#define CALL_ERROR_UNREADABLE "UnreadableAnswer" /* not HTTP, too large, not what was asked */
#define CALL_ERROR_NOT_LISTED "ResourceNotFoundException" /* as AWS calls what is not there */
#define CALL_ERROR_HTTP "UnexpectedStatus"    /* an HTTP status without an AWS error code */
#define CALL_ERROR_RESOURCES "OutOfResources" /* memory or file descriptors of this host */
#define CALL_ERROR_CREDENTIALS "CredentialsUnavailable"
#define CALL_ERROR_TARGET_REMOVED "TargetRemoved"
#define MESSAGE_TARGET_REMOVED "the configuration does not name this target any more"
#define CALL_ERROR_ENDLESS_LIST "EndlessList"          /* given up: it came to no end */
#define CALL_ERROR_INVALID_IMPORT_ID "InvalidImportId" /* listed by AWS, and nobody can name it */

/* Copies the strings, with U+FFFD for what in them is not UTF-8: nothing else may go to clients and
 * into the journal's JSON. 0 or -ENOMEM (error is then empty). What was there before is freed. */
int call_error_set(CallError *error, const char *code, const char *message, unsigned http_status,
                   const char *request_id);
int call_error_copy(CallError *error, const CallError *from);
void call_error_clear(CallError *error); /* frees what is inside; takes an empty one */

/* Makes the secret (NULL: none), and any signature and password of a URL, unreadable in all texts:
 * see mask.h. */
void call_error_mask(CallError *error, const char *secret);

/* As CallError: {code, message, httpStatus, requestId}. NULL: no memory. */
json_object *call_error_to_json(const CallError *error);
void call_error_write(const CallError *error, JsonWriter *writer, const char *key);
