/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/source-sts.h"

#include <errno.h>
#include <stdlib.h>

#include "common/explain.h"
#include "daemon/credentials/sts.h"

int aws_sts_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                       const char *name, const AwsRole *role, AwsSource **ret)
{
    CLEANUP(aws_source_freep) AwsSource *source = NULL;

    int r = aws_source_new(size, type, context, name, NULL, &source);
    if (r >= 0)
        r = aws_role_copy(role, &((AwsStsSource *)source)->role);
    if (r < 0)
        return r;
    *ret = TAKE(source);
    return 0;
}

void aws_sts_source_free(AwsSource *source)
{
    AwsStsSource *sts = (AwsStsSource *)source;

    aws_call_cancel(sts->call);
    aws_credentials_unref(sts->credentials);
    aws_role_clear(&sts->role);
    secret_free(sts->token);
    free(sts);
}

static int read_success(const HttpResponse *response, void *userdata)
{
    AwsStsSource *sts = userdata;

    return sts_decode(response, &sts->credentials);
}

/* STS quotes parameters that it finds wrong. */
static int read_error(const HttpResponse *response, const char *host, void *userdata,
                      CallError *error, bool *ret_named)
{
    const AwsStsSource *sts = userdata;

    int r = sts_read_error(response, host, error, ret_named);
    if (r == 0)
        call_error_mask(error, sts->token);
    return r;
}

/* The error as STS gave it, its message behind the source that asked, where, and the code. */
static void fail(AwsStsSource *sts, const CallError *error)
{
    CLEANUP(freep) char *message = NULL;
    CLEANUP(call_error_clear) CallError explained = {0};

    if (string_format(&message, "%s: %s at %s: %s", sts->source.name, error->code,
                      sts->source.context->sts_endpoint, error->message) < 0 ||
        call_error_set(&explained, error->code, message, error->http_status, error->request_id) < 0)
        aws_source_fail_sentence(&sts->source, NULL);
    else
        aws_source_fail(&sts->source, &explained);
}

static void on_done(const AwsResult *result, void *userdata)
{
    AwsStsSource *sts = userdata;

    sts->call = NULL;
    if (result->outcome == AWS_OK)
        aws_source_succeed(&sts->source, TAKE(sts->credentials));
    else
        fail(sts, result->error);
}

static int start_call(AwsStsSource *sts, AwsCredentials *credentials)
{
    static const AwsProtocol query = {
        .content_type = "application/x-www-form-urlencoded",
        .read_success = read_success,
        .read_error = read_error,
    };
    static const AwsOperation assume_role = {.name = "AssumeRole", .protocol = &query};
    static const AwsOperation assume_role_with_web_identity = {
        .name = "AssumeRoleWithWebIdentity",
        .protocol = &query,
    };
    const AwsSourceContext *context = sts->source.context;
    const AwsClientConfig config = {
        .timers = context->shared->timers,
        .random = context->shared->random,
        .http = context->shared->http,
        .fixed_credentials = credentials,
        .owner = context->shared->owner,
        .target = context->target,
        .endpoint = context->sts_endpoint,
        .region = context->region,
        .service = "sts",
        .ca_bundle = context->ca_bundle,
        .connect_timeout_usec = context->shared->connect_timeout_usec,
        .timeout_usec = context->shared->timeout_usec,
        .max_attempts = context->shared->max_attempts,
    };
    static const AwsCallHooks hooks = {.done = on_done};
    const AwsCaller caller = {.hooks = &hooks, .userdata = sts};
    CLEANUP(secret_freep) char *body = NULL;
    AwsClient *client = NULL;

    int r = sts_encode(&sts->role, sts->token, &body);
    if (r == 0)
        r = aws_client_new(&config, &client);
    if (r == 0)
        r = aws_call_start(client, sts->token ? &assume_role_with_web_identity : &assume_role, body,
                           NULL, &caller, &sts->call);
    aws_client_unref(client); /* the call has a reference of its own */
    return r;
}

void aws_sts_source_ask(AwsStsSource *sts, AwsCredentials *credentials, char *token)
{
    char *sentence = NULL;
    int r;

    sts->token = token;
    r = start_call(sts, credentials);
    if (r == -EINVAL)
        r = explain(&sentence, r, "STS cannot be asked at %s, which is not an http or https URL",
                    sts->source.context->sts_endpoint);
    if (r < 0)
        aws_source_fail_sentence(&sts->source, sentence);
}
