/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/call-answer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/aws/answer.h"

static int read_error(AwsCall *call, const HttpResponse *response, const AwsErrorText *inside,
                      bool *ret_named)
{
    const AwsProtocol *protocol = call->operation->protocol;
    const char *host = call->client->route.host;

    if (inside)
        return aws_answer_make_error(response, host, inside, &call->error, ret_named);
    return protocol ? protocol->read_error(response, host, call->userdata, &call->error, ret_named)
                    : aws_answer_read_error(response, host, &call->error, ret_named);
}

/* inside: the error that an answer with a status of success holds; NULL: the answer is one. */
static int read_failure(AwsCall *call, const HttpResponse *response, const AwsErrorText *inside,
                        CallReading *ret)
{
    AwsClient *client = call->client;
    uint64_t date_usec = 0;
    uint64_t now_usec = timers_realtime_usec(client->config->timers) + (uint64_t)call->skew_usec;
    bool named, dated = aws_answer_read_date(response, &date_usec);
    bool skewed = dated && (date_usec > now_usec ? date_usec - now_usec : now_usec - date_usec) >
                               AWS_SKEW_TOLERATED_USEC;
    unsigned status = inside ? inside->http_status : response->status;
    AwsRetryClass retry_class;
    int r;

    r = read_error(call, response, inside, &named);
    if (r < 0)
        return r;
    if (response->failure != HTTP_OK) {
        *ret = (CallReading){.retry_class = response->failure == HTTP_NO_RESOURCES
                                                ? AWS_RETRY_NONE
                                                : AWS_RETRY_TRANSIENT};
        return 0;
    }
    retry_class = aws_retry_classify(status, named ? call->error.code : NULL, skewed);
    if (dated && (retry_class == AWS_RETRY_SKEW || client->skew_usec != 0))
        aws_client_track_skew(client, date_usec);
    *ret = (CallReading){
        /* A "no" about a clock says nothing about the import, and clocks are put right. */
        .refusal = named && status >= 400 && status <= 499 &&
                   (retry_class == AWS_RETRY_NONE || retry_class == AWS_RETRY_EXPIRED),
        .retry_class = retry_class == AWS_RETRY_SKEW && !dated ? AWS_RETRY_NONE : retry_class,
    };
    return 0;
}

static int read_body(AwsCall *call, const HttpResponse *response, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = NULL;
    int r;

    if (call->operation->protocol)
        return call->operation->protocol->read_success(response, call->userdata);
    if (call->operation->may_be_empty && response->body_size == 0) {
        answer = json_object_new_object();
        r = answer ? 0 : -ENOMEM;
    } else {
        r = aws_answer_read_object(response, &answer);
    }
    if (r < 0)
        return r;
    return call->operation->decode(answer, ret);
}

/* The subject that the answer names, where that is another than was asked about; else NULL. */
static const char *find_other_subject(const AwsCall *call, json_object *body)
{
    const char *named;

    if (!call->subject || json_get_string(body, call->operation->subject, &named) <= 0)
        return NULL;
    return (call->operation->subject_folds_case ? strcasecmp(named, call->subject)
                                                : strcmp(named, call->subject)) == 0
               ? NULL
               : named;
}

/* The item of a list that the caller gets: about the subject, or where none is the first, which is
 * not believed. */
static void pick_subject(const AwsCall *call, json_object **body)
{
    CLEANUP(json_object_putp) json_object *whole = *body;
    json_object *list = NULL;
    size_t i = 0, n;

    (void)json_get_array(whole, call->operation->subject_list, &list);
    n = json_object_array_length(list);
    assert(n > 0);
    while (i < n && find_other_subject(call, json_object_array_get_idx(list, i)))
        i++;
    *body = json_object_get(json_object_array_get_idx(list, i < n ? i : 0));
}

static int read_success(AwsCall *call, const HttpResponse *response, CallReading *ret)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    const char *host = call->client->route.host, *other = NULL;
    AwsErrorText inside = {0};
    uint64_t date_usec;
    int r;

    if (call->client->skew_usec != 0 && aws_answer_read_date(response, &date_usec))
        aws_client_track_skew(call->client, date_usec);
    r = read_body(call, response, &body);
    if (r == -ENOENT) {
        *ret = (CallReading){.refusal = true, .retry_class = AWS_RETRY_NONE};
        return aws_answer_describe_missing(response, host, call->subject, &call->error);
    }
    if (r < 0 && r != -EBADMSG)
        return r;
    if (r == 0 && call->operation->find_error && call->operation->find_error(body, &inside))
        return read_failure(call, response, &inside, ret);
    if (r == 0 && call->operation->subject_list)
        pick_subject(call, &body);
    if (r == 0)
        other = find_other_subject(call, body);
    if (r == 0 && !other) {
        *ret = (CallReading){.success = true, .body = TAKE(body)};
        return 0;
    }
    *ret = (CallReading){.retry_class = AWS_RETRY_TRANSIENT};
    return other ? aws_answer_describe_other(response, host, other, &call->error)
                 : aws_answer_describe_unreadable(response, host, &call->error);
}

static void mask_error(AwsCall *call, const AwsCredentials *credentials)
{
    if (!credentials)
        return;
    call_error_mask(&call->error, credentials->secret_access_key);
    call_error_mask(&call->error, credentials->session_token);
}

int call_read_answer(AwsCall *call, const HttpResponse *response, CallReading *ret)
{
    int r;

    r = aws_answer_is_success(response) ? read_success(call, response, ret)
                                        : read_failure(call, response, NULL, ret);
    if (r >= 0 && !ret->success) {
        mask_error(call, call->credentials);
        mask_error(call, call->rejected_credentials);
    }
    return r;
}
