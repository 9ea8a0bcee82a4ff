/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/metadata.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/retry.h"

static bool may_be_gone(const HttpResponse *response)
{
    switch (response->failure) {
    case HTTP_OK:
        return response->status == 429 || response->status >= 500;
    case HTTP_CONNECT_FAILED:
    case HTTP_TIMED_OUT:
    case HTTP_TLS_FAILED:
    case HTTP_UNREADABLE:
        return true;
    case HTTP_NO_RESOURCES:
        break;
    }
    return false;
}

static void on_response(const HttpResponse *response, void *userdata)
{
    AwsMetadataCall *call = userdata;
    const AwsCredentialsContext *context = call->context;

    call->transfer = NULL;
    if (!may_be_gone(response) || call->attempt >= call->max_attempts) {
        call->done(response, call->userdata);
        return;
    }
    timer_set(&call->timer,
              timers_boottime_usec(context->timers) +
                  aws_retry_delay_usec(AWS_RETRY_TRANSIENT, call->attempt,
                                       context->random->uniform(context->random->userdata),
                                       (AwsRetryAfter){0}));
}

static void send_attempt(void *userdata)
{
    static const HttpResponse no_memory = {.failure = HTTP_NO_RESOURCES,
                                           .message = "out of memory"};
    AwsMetadataCall *call = userdata;
    HttpClient *http = call->context->http;

    call->attempt++;
    if (http->start(http, &call->request, on_response, call, &call->transfer) < 0)
        call->done(&no_memory, call->userdata);
}

void aws_metadata_start(AwsMetadataCall *call)
{
    aws_metadata_stop(call);
    timer_init(&call->timer, call->context->timers, send_attempt, call);
    call->request.headers = call->headers;
    call->attempt = 0;
    send_attempt(call);
}

void aws_metadata_stop(AwsMetadataCall *call)
{
    timer_clear(&call->timer);
    if (call->transfer)
        call->context->http->cancel(call->context->http, TAKE(call->transfer));
}

/* Host and path of a URL, for messages. NULL: no memory. */
static char *copy_where(const char *url)
{
    const char *start = strstr(url, "://");

    start = start ? start + strlen("://") : url;
    return strndup(start, strcspn(start, "?#"));
}

char *aws_metadata_explain(const AwsMetadataCall *call, const HttpResponse *response)
{
    CLEANUP(freep) char *where = copy_where(call->request.url);
    CLEANUP(freep) char *cause = NULL;
    char *sentence = NULL;

    if (!where)
        return NULL;
    if (response->failure != HTTP_OK)
        (void)string_format(&sentence, "%s: %s", where, response->message);
    else if (aws_json_describe_error(response->body, response->body_size, &cause) >= 0)
        (void)string_format(&sentence, "%s answered with HTTP status %u%s", where, response->status,
                            cause);
    return sentence;
}

void aws_metadata_end_source(const AwsMetadataCall *call, const HttpResponse *response,
                             AwsJsonForm form, AwsSource *source)
{
    CLEANUP(freep) char *where = NULL;

    if (response->failure != HTTP_OK || response->status != 200)
        aws_source_fail_sentence(source, aws_metadata_explain(call, response));
    else if (!(where = copy_where(call->request.url)))
        aws_source_fail_sentence(source, NULL);
    else
        aws_source_end_with_json(source, form, where, response->body, response->body_size);
}

int aws_metadata_check_url(const char *url, char **ret_error)
{
    CLEANUP(freep) char *without_query = strndup(url, strcspn(url, "?"));
    CLEANUP(freep) char *as_https = NULL;
    const char *rest = without_query;

    if (!without_query)
        return -ENOMEM;
    if (!string_is_visible(url, strlen(url)))
        return explain(ret_error, -EINVAL, "the URL has white space or control characters");
    /* Which hosts http:// may name is not the endpoints' rule here; all else is. */
    if (strncasecmp(rest, "http://", strlen("http://")) == 0)
        rest += strlen("http://");
    else if (strncasecmp(rest, "https://", strlen("https://")) == 0)
        rest += strlen("https://");
    else
        return explain(ret_error, -EINVAL, "this is not an http:// or https:// URL");
    if (string_format(&as_https, "https://%s", rest) < 0)
        return -ENOMEM;
    return aws_endpoint_validate(as_https, ret_error);
}
