/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/aws/client-state.h"

DEFINE_CLEANUP(AwsClient, aws_client_unref)

/* What the clients of one owner share, each of which has a reference. */
typedef struct SharedConfig {
    AwsClientConfig config; /* the first member; its strings are those below */
    unsigned references;
    char *target, *region, *ca_bundle, *user_agent;
} SharedConfig;

static SharedConfig *shared_of(const AwsClient *client)
{
    return (SharedConfig *)client->config;
}

static void shared_config_unref(SharedConfig *shared)
{
    if (!shared || --shared->references > 0)
        return;
    aws_credentials_provider_unref(shared->config.credentials);
    aws_credentials_unref(shared->config.fixed_credentials);
    aws_meter_unref(shared->config.meter);
    free(shared->target);
    free(shared->region);
    free(shared->ca_bundle);
    free(shared->user_agent);
    free(shared);
}
DEFINE_CLEANUP(SharedConfig, shared_config_unref)

static int shared_config_new(const AwsClientConfig *config, SharedConfig **ret)
{
    CLEANUP(shared_config_unrefp) SharedConfig *shared = calloc(1, sizeof(*shared));

    if (!shared)
        return -ENOMEM;
    shared->references = 1;
    shared->config = *config;
    shared->config.service = shared->config.endpoint = NULL; /* of one client alone */
    if (config->credentials)
        aws_credentials_provider_ref(config->credentials);
    if (config->fixed_credentials)
        aws_credentials_ref(config->fixed_credentials);
    if (config->meter)
        aws_meter_ref(config->meter);
    if (string_copy(config->target, &shared->target) < 0 ||
        string_copy(config->region, &shared->region) < 0 ||
        string_copy(config->ca_bundle, &shared->ca_bundle) < 0 ||
        aws_request_make_user_agent(&shared->user_agent) < 0)
        return -ENOMEM;
    shared->config.target = shared->target;
    shared->config.region = shared->region;
    shared->config.ca_bundle = shared->ca_bundle;
    *ret = TAKE(shared);
    return 0;
}

static int client_new(SharedConfig *shared, const char *service, const char *endpoint,
                      AwsClient **ret)
{
    CLEANUP(aws_client_unrefp) AwsClient *client = calloc(1, sizeof(*client));
    int r;

    if (!client)
        return -ENOMEM;
    shared->references++;
    client->references = 1;
    client->config = &shared->config;
    client->quotas.quotas = shared->config.quotas;
    memcpy(client->quotas.rates, shared->config.rates, sizeof(client->quotas.rates));
    aws_retry_quota_init(&client->quota);
    r = aws_route_init(&client->route, endpoint, shared->region, service, shared->user_agent);
    if (r < 0)
        return r;
    *ret = TAKE(client);
    return 0;
}

int aws_client_new(const AwsClientConfig *config, AwsClient **ret)
{
    CLEANUP(shared_config_unrefp) SharedConfig *shared = NULL;
    int r = shared_config_new(config, &shared);

    return r < 0 ? r : client_new(shared, config->service, config->endpoint, ret);
}

int aws_client_new_beside(const AwsClient *client, const char *service, const char *endpoint,
                          AwsClient **ret)
{
    return client_new(shared_of(client), service, endpoint, ret);
}

AwsClient *aws_client_ref(AwsClient *client)
{
    client->references++;
    return client;
}

void aws_client_follow(AwsClient *client, AwsClient *predecessor)
{
    if (predecessor->config->meter) {
        aws_meter_ref(predecessor->config->meter);
        aws_meter_unref(client->config->meter);
        client->config->meter = predecessor->config->meter;
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
    aws_route_clear(&client->route);
    shared_config_unref(shared_of(client));
    free(client);
}

AwsCredentialsProvider *aws_client_credentials(const AwsClient *client)
{
    return client->config->credentials;
}

Timers *aws_client_timers(const AwsClient *client)
{
    return client->config->timers;
}

AwsMeter *aws_client_meter(const AwsClient *client)
{
    return client->config->meter;
}

int aws_client_new_aside(const AwsClient *client, const char *service, const char *endpoint,
                         AwsCredentials *credentials, AwsClient **ret)
{
    AwsClientConfig config = *client->config;

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
    return timers_realtime_usec(client->config->timers) + (uint64_t)client->skew_usec;
}

void aws_client_track_skew(AwsClient *client, uint64_t date_usec)
{
    client->skew_usec = (int64_t)(date_usec - timers_realtime_usec(client->config->timers));
    /* A second is what the Date header resolves, and what an answer takes on its way. */
    if (llabs(client->skew_usec) < (int64_t)(2 * USEC_PER_SEC))
        client->skew_usec = 0;
}
