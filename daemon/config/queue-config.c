/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/queue-config.h"

#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/queue-url.h"
#include "daemon/config/config-account.h"

const QueueConfig *queue_config_find_url(const Config *config, const char *url)
{
    for (size_t i = 0; i < config->n_queues; i++)
        if (config->queues[i]->url && strcmp(config->queues[i]->url, url) == 0)
            return config->queues[i];
    return NULL;
}

int queue_config_choose_endpoint(const ConfigAccount *account, const char *url, char **ret)
{
    return account->aws.endpoint_url ? string_copy(account->aws.endpoint_url, ret)
                                     : queue_url_get_endpoint(url, ret);
}

int queue_config_check_outcome(const Config *config, const ConfigAccount *account, const char *key,
                               const char *url, char **ret_error)
{
    const QueueConfig *queue = queue_config_find_url(config, url);
    CLEANUP(freep) char *cause = NULL;

    if (!queue)
        return 0;
    if (explain(&cause, -EINVAL,
                "%s is the url of queue %s, which would take outcomes for requests", key,
                queue->account.section.name) == -ENOMEM)
        return -ENOMEM;
    return config_section_blame(&account->section, key, cause, ret_error);
}

/* Each message would be taken by either. */
static int check_url(const Config *config, const QueueConfig *queue, char **ret_error)
{
    const QueueConfig *first;
    CLEANUP(freep) char *cause = NULL;

    if (!queue->url)
        return config_section_blame(&queue->account.section, NULL, "url has to be set", ret_error);
    first = queue_config_find_url(config, queue->url);
    if (first == queue)
        return 0;
    if (explain(&cause, -EINVAL, "queue %s has the same url", first->account.section.name) ==
        -ENOMEM)
        return -ENOMEM;
    return config_section_blame(&queue->account.section, "url", cause, ret_error);
}

static int resolve_account(const Config *config, QueueConfig *queue, char **ret_error)
{
    CLEANUP(freep) char *region = NULL;
    AwsPurpose purpose = {.noun = OPTION_QUEUE_SECTION, .use = AWS_USE_QUEUES};
    int r = queue_url_get_region(queue->url, &region);

    if (r < 0)
        return r;
    /* The section has no options for these; they matter for STS alone. */
    queue->account.aws.use_fips_endpoint = queue->account.aws.use_dualstack_endpoint = -1;
    purpose.region = region;
    r = config_account_resolve(&queue->account, &purpose, config, ret_error);
    return r < 0 ? r : queue_config_choose_endpoint(&queue->account, queue->url, &queue->endpoint);
}

/* It may be a queue of another region. */
static int resolve_outcome(const Config *config, QueueConfig *queue, char **ret_error)
{
    int r;

    if (!queue->outcome_url)
        return 0;
    r = queue_config_check_outcome(config, &queue->account, "outcome-url", queue->outcome_url,
                                   ret_error);
    if (r >= 0 && !queue->account.aws.region)
        r = queue_url_get_region(queue->outcome_url, &queue->outcome_region);
    if (r >= 0 && !queue->outcome_region)
        r = string_copy(queue->account.settings->region, &queue->outcome_region);
    return r < 0 ? r
                 : queue_config_choose_endpoint(&queue->account, queue->outcome_url,
                                                &queue->outcome_endpoint);
}

/* SQS counts in seconds. */
static uint64_t round_up(uint64_t usec)
{
    return (usec + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC;
}

int queue_configs_resolve(Config *config, char **ret_error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < config->n_queues; i++) {
        QueueConfig *queue = config->queues[i];

        queue->visibility_usec = round_up(queue->visibility_usec);
        queue->wait_usec = round_up(queue->wait_usec);
        if ((r = check_url(config, queue, ret_error)) >= 0 &&
            (r = config_section_check_targets(&queue->account.section, config, queue->targets,
                                              ret_error)) >= 0 &&
            (r = resolve_account(config, queue, ret_error)) >= 0)
            r = resolve_outcome(config, queue, ret_error);
    }
    return r;
}
