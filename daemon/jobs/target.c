/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/string.h"
#include "daemon/jobs/outage-state.h"

/* The clients of all services share the credentials and the meter. */
static int target_connect_services(Target *target, const AwsSettings *settings,
                                   AwsClientConfig *config)
{
    int r = 0;

    for (ImportService service = 0; r >= 0 && service < N_IMPORT_SERVICES; service++) {
        config->service = import_operations(service)->signing_name;
        config->endpoint = settings->endpoints[service];
        r = aws_client_new(config, &target->clients[service]);
    }
    return r;
}

static int target_connect(Target *target, const AwsContext *context, const Config *config,
                          const TargetConfig *target_config)
{
    AwsClientConfig client;
    int r = aws_connection_prepare(context, config, &target_config->account, &client);

    client.rates[QUOTA_STOP] = target_config->stop_rate;
    client.rates[QUOTA_READ] = target_config->read_rate;
    if (r >= 0)
        r = target_connect_services(target, target_config->account.settings, &client);
    aws_connection_clear(&client);
    return r;
}

int target_new(const AwsContext *context, const Config *config, const TargetConfig *target_config,
               Target **ret)
{
    const AwsSettings *settings = target_config->account.settings;
    CLEANUP(target_freep) Target *target = calloc(1, sizeof(*target));
    int r;

    if (!target)
        return -ENOMEM;
    target->name = strdup(target_config->account.section.name);
    target->region = strdup(settings->region);
    target->endpoint = strdup(settings->endpoints[SERVICE_CLOUDTRAIL]);
    target->sts_endpoint = strdup(settings->sts_endpoint);
    if (!target->name || !target->region || !target->endpoint || !target->sts_endpoint ||
        string_copy(target_config->account.aws.role.arn, &target->role_arn) < 0)
        return -ENOMEM;
    if ((r = outage_new(context->timers, context->random, AWS_OWNER_TARGET, target->name,
                        &target->outage)) < 0 ||
        (r = target_connect(target, context, config, target_config)) < 0)
        return r;
    outage_set_meter(target->outage, target_meter(target));
    *ret = TAKE(target);
    return 0;
}

AwsMeter *target_meter(const Target *target)
{
    return aws_client_meter(target->clients[SERVICE_CLOUDTRAIL]);
}

AwsCredentialsProvider *target_credentials(const Target *target)
{
    return aws_client_credentials(target->clients[SERVICE_CLOUDTRAIL]);
}

void target_succeed(Target *target, Target *successor)
{
    Target former = *target;

    assert(strcmp(target->name, successor->name) == 0);
    *target = *successor;
    target->outage = former.outage;
    target->counts = former.counts;
    former.outage = successor->outage;
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        aws_client_follow(target->clients[service], former.clients[service]);
    *successor = former;
    target_free(successor);
    outage_restart_waits(target->outage);
}

void target_free(Target *target)
{
    if (!target)
        return;
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        aws_client_unref(target->clients[service]);
    outage_unref(target->outage);
    free(target->name);
    free(target->region);
    free(target->endpoint);
    free(target->sts_endpoint);
    free(target->role_arn);
    free(target);
}

json_object *target_to_json(const Target *target)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_string(object, "name", target->name) < 0 ||
        json_add_string(object, "region", target->region) < 0 ||
        json_add_string(object, "endpoint", target->endpoint) < 0 ||
        json_add_string(object, "credentials", target_credentials(target)->source) < 0 ||
        json_add_string(object, "roleArn", target->role_arn) < 0 ||
        outage_add_state(target->outage, target_meter(target), object) < 0 ||
        outage_add_time(object, "credentialsExpireAt", target_credentials(target)->expires_usec) <
            0)
        return NULL;
    return TAKE(object);
}
