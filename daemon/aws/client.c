/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/client-state.h"

DEFINE_CLEANUP(AwsClient, aws_client_unref)

int aws_client_new(const AwsClientConfig *config, AwsClient **ret)
{
    CLEANUP(aws_client_unrefp) AwsClient *client = malloc(sizeof(*client));
    int r;

    if (!client)
        return -ENOMEM;
    *client = (AwsClient){
        .references = 1,
        .quotas = {.quotas = config->quotas},
        .config = *config,
        .target = strdup(config->target),
        .ca_bundle = config->ca_bundle ? strdup(config->ca_bundle) : NULL,
    };
    client->config.target = client->config.endpoint = client->config.region = NULL;
    client->config.service = client->config.ca_bundle = NULL;
    if (config->credentials)
        aws_credentials_provider_ref(config->credentials);
    if (config->fixed_credentials)
        aws_credentials_ref(config->fixed_credentials);
    if (config->meter)
        aws_meter_ref(config->meter);
    memcpy(client->quotas.rates, config->rates, sizeof(client->quotas.rates));
    aws_retry_quota_init(&client->quota);
    if (!client->target || (config->ca_bundle && !client->ca_bundle))
        return -ENOMEM;
    r = aws_route_init(&client->route, config->endpoint, config->region, config->service);
    if (r < 0)
        return r;
    *ret = TAKE(client);
    return 0;
}

AwsClient *aws_client_ref(AwsClient *client)
{
    client->references++;
    return client;
}

void aws_client_follow(AwsClient *client, AwsClient *predecessor)
{
    if (predecessor->config.meter) {
        aws_meter_unref(client->config.meter);
        client->config.meter = aws_meter_ref(predecessor->config.meter);
    }
    if (strcmp(predecessor->route.url, client->route.url) == 0)
        quotas_follow(&client->quotas, &predecessor->quotas);
}

void aws_client_unref(AwsClient *client)
{
    assert(!client || client->references > 0);
    if (!client || --client->references > 0)
        return;
    quotas_leave(&client->quotas);
    aws_credentials_provider_unref(client->config.credentials);
    aws_credentials_unref(client->config.fixed_credentials);
    aws_meter_unref(client->config.meter);
    aws_route_clear(&client->route);
    free(client->target);
    free(client->ca_bundle);
    free(client);
}

AwsCredentialsProvider *aws_client_credentials(const AwsClient *client)
{
    return client->config.credentials;
}

Timers *aws_client_timers(const AwsClient *client)
{
    return client->config.timers;
}

AwsMeter *aws_client_meter(const AwsClient *client)
{
    return client->config.meter;
}

int aws_client_new_aside(const AwsClient *client, const char *service, const char *endpoint,
                         AwsCredentials *credentials, AwsClient **ret)
{
    AwsClientConfig config = client->config;

    config.target = client->target;
    config.region = client->route.region;
    config.ca_bundle = client->ca_bundle;
    config.service = service;
    config.endpoint = endpoint;
    config.credentials = NULL;
    config.fixed_credentials = credentials;
    config.quotas = NULL;
    config.meter = NULL;
    return aws_client_new(&config, ret);
}

uint64_t aws_client_server_time_usec(const AwsClient *client)
{
    return timers_realtime_usec(client->config.timers) + (uint64_t)client->skew_usec;
}

void aws_client_track_skew(AwsClient *client, uint64_t date_usec)
{
    client->skew_usec = (int64_t)(date_usec - timers_realtime_usec(client->config.timers));
    /* A second is what the Date header resolves, and what an answer takes on its way. */
    if (llabs(client->skew_usec) < (int64_t)(2 * USEC_PER_SEC))
        client->skew_usec = 0;
}
