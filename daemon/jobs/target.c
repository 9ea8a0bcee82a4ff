/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/string.h"
#include "daemon/jobs/outage-state.h"

static int target_connect_services(Target *target, AwsClientConfig *config)
{
    AwsClient **first = &target->clients[0];
    int r;

    config->service = import_operations(0)->signing_name;
    config->endpoint = target->settings->endpoints[0];
    r = aws_client_new(config, first);
    for (ImportService service = 1; r >= 0 && service < N_IMPORT_SERVICES; service++)
        r = aws_client_new_beside(*first, import_operations(service)->signing_name,
                                  target->settings->endpoints[service], &target->clients[service]);
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
        r = target_connect_services(target, &client);
    aws_connection_clear(&client);
    return r;
}

int target_new(const AwsContext *context, const Config *config, const TargetConfig *target_config,
               Target **ret)
{
    CLEANUP(target_freep) Target *target = calloc(1, sizeof(*target));
    int r;

    if (!target)
        return -ENOMEM;
    target->name = strdup(target_config->account.section.name);
    target->settings = aws_settings_ref(target_config->account.settings);
    if (!target->name)
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
    outage_unref(successor->outage); /* with the meter that it shares with the clients */
    former.outage = NULL;
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        aws_client_follow(target->clients[service], former.clients[service]);
    *successor = former;
    outage_restart_waits(target->outage);
}

void target_free(Target *target)
{
    if (!target)
        return;
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        aws_client_unref(target->clients[service]);
    outage_unref(target->outage);
    aws_settings_unref(target->settings);
    free(target->name);
    free(target);
}

json_object *target_to_json(const Target *target)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const AwsSettings *settings = target->settings;

    if (!object || json_add_string(object, "name", target->name) < 0 ||
        json_add_string(object, "region", settings->region) < 0 ||
        json_add_string(object, "endpoint", settings->endpoints[SERVICE_CLOUDTRAIL]) < 0 ||
        json_add_string(object, "credentials", target_credentials(target)->source) < 0 ||
        json_add_string(object, "roleArn", settings->role.arn) < 0 ||
        outage_add_state(target->outage, target_meter(target), object) < 0 ||
        outage_add_time(object, "credentialsExpireAt", target_credentials(target)->expires_usec) <
            0)
        return NULL;
    return TAKE(object);
}
