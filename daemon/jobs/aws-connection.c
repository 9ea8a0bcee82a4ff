/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/aws-connection.h"

#include <string.h>

#include "daemon/credentials/provider.h"

static AwsOwner find_owner(const ConfigSection *section)
{
    if (strcmp(section->kind, OPTION_QUEUE_SECTION) == 0)
        return AWS_OWNER_QUEUE;
    if (strcmp(section->kind, OPTION_NOTIFY_SECTION) == 0)
        return AWS_OWNER_DESTINATION;
    return AWS_OWNER_TARGET;
}

/* Known before anything is asked. */
static void note_no_credentials(AwsMeter *meter, const char *sentence)
{
    CLEANUP(call_error_clear) CallError error = {0};

    if (!sentence)
        sentence = "no source has credentials";
    if (call_error_set(&error, CALL_ERROR_CREDENTIALS, sentence, 0, NULL) == 0)
        aws_meter_note_trouble(meter, &error);
}

int aws_connection_prepare(const AwsContext *context, const Config *config,
                           const ConfigAccount *account, AwsClientConfig *ret)
{
    AwsSettings *settings = account->settings;
    AwsClientConfig client = {
        .timers = context->timers,
        .random = context->random,
        .http = context->http,
        .owner = find_owner(&account->section),
        .target = account->section.name,
        .region = settings->region,
        .ca_bundle = settings->ca_bundle,
        .connect_timeout_usec = config->connect_timeout_usec,
        .timeout_usec = config->call_timeout_usec,
        .max_attempts = account->max_attempts,
        .quotas = context->quotas,
    };
    const AwsCredentialsContext credentials = {
        .timers = context->timers,
        .random = context->random,
        .http = context->http,
        .base = context->base,
        .profiles = context->profiles,
        .owner = client.owner,
        .connect_timeout_usec = client.connect_timeout_usec,
        .timeout_usec = client.timeout_usec,
        .max_attempts = client.max_attempts,
    };
    int r = aws_meter_new(context->meters, &client.meter);

    if (r >= 0 && !settings->credentials)
        note_no_credentials(client.meter, settings->trouble.sentence);
    if (r >= 0)
        r = aws_credentials_provider_new(&credentials, account->section.name, settings,
                                         &client.credentials);
    *ret = client;
    return r;
}

void aws_connection_clear(AwsClientConfig *client)
{
    aws_credentials_provider_unref(client->credentials);
    aws_meter_unref(client->meter);
    *client = (AwsClientConfig){0};
}

int aws_connection_new(const AwsContext *context, const Config *config,
                       const ConfigAccount *account, const char *service, const char *endpoint,
                       const char *region, AwsClient **ret)
{
    AwsClientConfig client;
    int r = aws_connection_prepare(context, config, account, &client);

    client.quotas = NULL;
    client.service = service;
    client.endpoint = endpoint;
    if (region)
        client.region = region;
    if (r >= 0)
        r = aws_client_new(&client, ret);
    aws_connection_clear(&client);
    return r;
}
