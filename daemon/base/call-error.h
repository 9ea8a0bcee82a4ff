/* What AWS, or the way there, answered instead of a result: CallError of the Varlink interface. */
#pragma once

#include <stddef.h>

#include <json-c/json.h>

typedef struct AwsError {
    char *code;    /* an AWS error code such as "ThrottlingException", or one of the AWS_CODE_ ones
                      below; NULL: no error */
    char *message; /* one sentence; text from outside, so it may hold any character but NUL */
    unsigned http_status; /* 0: no answer arrived */
    char *request_id;     /* NULL: none came */
} AwsError;

/* OutOfResources, for where not even the message of an error can be made. */
extern const AwsError aws_error_no_memory;

/* Codes of our own, for failures that no AWS code came with. */
#define AWS_CODE_CONNECTION "ConnectionFailed"
#define AWS_CODE_TIMEOUT "TimedOut"
#define AWS_CODE_TLS "TLSFailed"
#define AWS_CODE_UNREADABLE "UnreadableAnswer" /* not HTTP, too large, not the right JSON */
#define AWS_CODE_HTTP "UnexpectedStatus"       /* an HTTP status without an AWS error code */
#define AWS_CODE_RESOURCES "OutOfResources"    /* memory or file descriptors of this host */
#define AWS_CODE_CREDENTIALS "CredentialsUnavailable"
#define AWS_CODE_TARGET_REMOVED "TargetRemoved"

/* Copies the strings, with U+FFFD for what in them is no UTF-8: nothing else may go to clients and
 * into the journal's JSON. 0 or -ENOMEM (error is then empty). What was there before is freed. */
int aws_error_set(AwsError *error, const char *code, const char *message, unsigned http_status,
                  const char *request_id);
int aws_error_copy(AwsError *error, const AwsError *from);
void aws_error_clear(AwsError *error); /* frees what is inside; takes an empty one */

/* Makes the secret, and any signature, unreadable in the message: there are services and proxies
 * that quote the request they did not like. secret may be NULL. */
void aws_error_mask(AwsError *error, const char *secret);

/* As CallError: {code, message, httpStatus, requestId}. NULL: no memory. */
json_object *aws_error_to_json(const AwsError *error);
