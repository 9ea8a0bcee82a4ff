/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/source-sts.h"

#include <errno.h>
#include <stdlib.h>

#include "common/explain.h"

int aws_sts_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                       const char *name, const AwsRole *role, AwsSource **ret)
{
    CLEANUP(aws_source_freep) AwsSource *source = NULL;

    int r = aws_source_new(size, type, context, name, NULL, &source);
    if (r < 0)
        return r;
    AwsStsSource *sts = (AwsStsSource *)source;
    sts->duration_seconds = role->duration_seconds;
    if (string_copy(role->arn, &sts->arn) < 0 ||
        string_copy(role->session_name, &sts->session_name) < 0 ||
        string_copy(role->external_id, &sts->external_id) < 0 ||
        string_copy(role->token_file, &sts->token_file) < 0)
        return -ENOMEM;
    *ret = TAKE(source);
    return 0;
}

void aws_sts_source_free(AwsSource *source)
{
    AwsStsSource *sts = (AwsStsSource *)source;

    sts_call_cancel(sts->call);
    free(sts->arn);
    free(sts->session_name);
    free(sts->external_id);
    free(sts->token_file);
    free(sts);
}

/* The error as STS gave it, its message behind who asked, where, and the code. */
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

static void on_answer(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    AwsStsSource *sts = userdata;

    sts->call = NULL;
    if (credentials)
        aws_source_succeed(&sts->source, aws_credentials_ref(credentials));
    else
        fail(sts, error);
}

void aws_sts_source_ask(AwsStsSource *sts, AwsCredentials *credentials, const char *token)
{
    const AwsSourceContext *context = sts->source.context;
    const AwsClientConfig client = {
        .timers = context->shared->timers,
        .random = context->shared->random,
        .http = context->shared->http,
        .fixed_credentials = credentials,
        .target = context->target,
        .endpoint = context->sts_endpoint,
        .region = context->region,
        .ca_bundle = context->ca_bundle,
        .connect_timeout_usec = context->shared->connect_timeout_usec,
        .timeout_usec = context->shared->timeout_usec,
        .max_attempts = context->shared->max_attempts,
    };
    char made_up[STS_SESSION_NAME_SIZE], *sentence = NULL;
    const StsRole role = {
        .role_arn = sts->arn,
        .session_name = sts->session_name ? sts->session_name : sts_make_session_name(made_up),
        .external_id = sts->external_id,
        .web_identity_token = token,
        .duration_seconds = sts->duration_seconds,
    };

    int r = sts_assume_role(&client, &role, on_answer, sts, &sts->call);
    if (r == -EINVAL)
        r = explain(&sentence, r, "STS cannot be asked at %s, which is no http or https URL",
                    context->sts_endpoint);
    if (r < 0)
        aws_source_fail_sentence(&sts->source, sentence);
}
