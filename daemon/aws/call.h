/* SPDX-License-Identifier: Apache-2.0 */
/* One call of an AWS operation: credentials → pacer → sign → send → classify → retry, and one
 * result.
 *
 * The rules of retries are those of the SDKs' standard mode ("Retry behavior", AWS SDKs and
 * Tools Reference Guide). Each retry is a debug event in the journal; outcomes are the caller's to
 * log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/answer.h"
#include "daemon/aws/client.h"
#include "daemon/base/call-error.h"
#include "daemon/base/journal.h"

typedef struct AwsCall AwsCall;

typedef enum AwsOutcome {
    AWS_OK,          /* body is there */
    AWS_REFUSED,     /* AWS's clear "no": a 4xx with an error code that no retry can change */
    AWS_UNAVAILABLE, /* may be different later: no answer, 5xx, throttled, a page of a proxy, no
                        credentials */
} AwsOutcome;

typedef struct AwsResult {
    AwsOutcome outcome;
    json_object *body;      /* borrowed, on AWS_OK: what decode made of the answer; NULL with
                               another protocol */
    const CallError *error; /* borrowed, else */
} AwsResult;

/* How a service writes and reads what is not JSON. */
typedef struct AwsProtocol {
    const char *content_type; /* of requests */
    /* userdata is that of the caller. A success is read into what it points to; -EBADMSG: it is not
       the answer it should be, which is a transient failure; -ENOMEM. */
    int (*read_success)(const HttpResponse *response, void *userdata);
    /* As aws_answer_read_error(); no secret of the request may be left in the message. */
    int (*read_error)(const HttpResponse *response, const char *host, void *userdata,
                      CallError *error, bool *ret_named);
} AwsProtocol;

/* They differ in the content type of requests alone. */
typedef enum AwsJsonVersion { AWS_JSON_1_1, AWS_JSON_1_0 } AwsJsonVersion;

typedef struct AwsOperation {
    const char *name;            /* for the journal, e.g. "StopImport" */
    const AwsProtocol *protocol; /* NULL: JSON, for which there is: */
    AwsJsonVersion json_version;
    const char *target; /* value of X-Amz-Target */
    /* Turns an answer into what the caller gets. -EBADMSG: not the JSON it should be, which is a
       transient failure like a truncated answer; -ENOENT: what was asked about is not there, a
       refusal; -ENOMEM. */
    int (*decode)(json_object *answer, json_object **ret);
    /* Whether what was decoded holds an error although the answer is one of success; its texts are
       borrowed, its status says whether it is a refusal (400) or may pass (500). The call fails
       with it as with any other. NULL: there is nothing such. */
    bool (*find_error)(json_object *decoded, AwsErrorText *ret);
    const char *subject_list; /* member of what was decoded: an array, not empty, of which the item
                                 about the subject is the answer; NULL: it is the answer itself */
    const char *subject; /* member of the answer, and of a request that has no other, that names
                            the subject; NULL: none does */
    bool subject_folds_case;
    bool may_be_empty; /* it has nothing to say in a success, which may come without a body */
    QuotaKind limit;
    bool once;      /* an attempt whose answer was lost may have had its effect and is not
                       repeated: the caller asks what came of it */
    bool of_target; /* about no single import: whatever is wrong with it is wrong with the target */
    bool refusal_is_trouble; /* it is tried again without end: a "no" is no better than no answer */
} AwsOperation;

/* What the caller hears of a call; the same table for all its calls of a kind. */
typedef struct AwsCallHooks {
    /* The attempt with this number (1 for the first) goes out next; may be NULL. What the hook
       marks for the disk is there before the attempt is on the wire. It must not cancel the call.
     */
    void (*attempt)(unsigned number, void *userdata);
    /* It waits for the quota of its account, as aws_call_place() has it; may be NULL. It must not
       cancel the call. */
    void (*waits)(void *userdata);
    /* Adds to an event of this call what it is about; NULL: the client's owner alone. */
    void (*describe)(JournalEntry *entry, void *userdata);
    /* Asked by a client, not by a job: it waits for its turn after those of jobs. */
    bool of_client;
    /* Once, at the end; the call is freed when it returns. Not after aws_call_cancel(). */
    void (*done)(const AwsResult *result, void *userdata);
} AwsCallHooks;

typedef struct AwsCaller {
    const AwsCallHooks *hooks; /* outlive the call */
    void *userdata;
    uint8_t held_sec; /* how long the service may hold an answer back, on top of what an attempt
                         may take */
} AwsCaller;

/* operation outlives the call, and so does subject: what is asked about. An answer that names
 * another one is not an answer; NULL: it may name any. body: as the protocol has it, copied; NULL:
 * JSON that has the subject and nothing else. Hooks never run from within aws_call_start(). 0 or
 * -ENOMEM. */
int aws_call_start(AwsClient *client, const AwsOperation *operation, const char *body,
                   const char *subject, const AwsCaller *caller, AwsCall **ret);
void aws_call_cancel(AwsCall *call); /* takes NULL */

/* For a shutdown. True: an attempt is in flight; its result ends the call, without retries. False:
 * nothing is in flight, and the caller may cancel. */
bool aws_call_finish(AwsCall *call);

/* False: it does not wait for the quota of its account. */
bool aws_call_place(const AwsCall *call, PacerPlace *ret);

/* When this call's next attempt is due, CLOCK_BOOTTIME; 0 while one is in flight. */
uint64_t aws_call_next_usec(const AwsCall *call);
