/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer of AWS says, pure: the error in any of the forms of the JSON protocols, the JSON
 * of a success, the server's time.
 *
 * Source: Smithy, "AWS JSON 1.1 protocol", operation error serialization; RFC 9110, section 5.6.7
 * (dates). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "daemon/aws/retry.h"
#include "daemon/base/call-error.h"
#include "daemon/http/client.h"

/* Answers nest a few levels; this is far beyond. */
#define AWS_ANSWER_DEPTH_MAX 32U

/* True for an answer that arrived whole and has a status of success. */
bool aws_answer_is_success(const HttpResponse *response);

/* The object that a successful answer holds. 0; -EBADMSG: it is not the JSON it should be; -ENOMEM.
 */
int aws_answer_read_object(const HttpResponse *response, json_object **ret);

/* Why it is not a success: the error that AWS named, or one of our own codes with a sentence that
 * names the host. *ret_named: the code is AWS's. 0 or -ENOMEM. */
int aws_answer_read_error(const HttpResponse *response, const char *host, CallError *error,
                          bool *ret_named);

/* What an answer has of an error elsewhere than where the JSON protocols put it; NULL: nothing. */
typedef struct AwsErrorText {
    const char *code, *message, *request_id;
    unsigned http_status; /* of one inside a success: what it would have come with by itself */
} AwsErrorText;

/* The same from these. */
int aws_answer_make_error(const HttpResponse *response, const char *host, const AwsErrorText *text,
                          CallError *error, bool *ret_named);

/* For an answer that has a status of success and yet is unusable. 0 or -ENOMEM. */
int aws_answer_describe_unreadable(const HttpResponse *response, const char *host,
                                   CallError *error);

/* For one that is about something else than was asked. 0 or -ENOMEM. */
int aws_answer_describe_other(const HttpResponse *response, const char *host, const char *named,
                              CallError *error);

/* For a list that does not have what was asked about. 0 or -ENOMEM. */
int aws_answer_describe_missing(const HttpResponse *response, const char *host, const char *missing,
                                CallError *error);

/* The Date header. False: none came, or it is not a date. */
bool aws_answer_read_date(const HttpResponse *response, uint64_t *ret_realtime_usec);

/* When the answer wants to be asked again; borrows from it. now_usec: the server's time, as far as
 * is known, for an answer without a Date. */
AwsRetryAfter aws_answer_read_retry_after(const HttpResponse *response, uint64_t now_usec);
