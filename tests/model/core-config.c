/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/model/core-config.h"
#include "tests/model/wire.h"

static AwsSettings *make_settings(unsigned target)
{
    AwsSettings *settings = calloc(1, sizeof(*settings));
    char url[WIRE_URL_SIZE];

    assert_non_null(settings);
    settings->references = 1;
    settings->profile = strdup("default");
    settings->region = strdup("eu-west-1");
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
        settings->endpoints[service] = strdup(wire_url(target, url));
        assert_non_null(settings->endpoints[service]);
    }
    settings->sts_endpoint = strdup(wire_url(target, url));
    assert_true(settings->profile && settings->region && settings->sts_endpoint);
    return settings;
}

static void add_guard(Config *config, unsigned number, const GuardRules *rules)
{
    char name[CORE_TARGET_NAME_SIZE];
    GuardConfig *guard;

    assert_int_equal(config_add_guard(config, core_guard_name(number, name), NULL, 0, &guard), 0);
    free(guard->targets[0]); /* the default */
    guard->targets[0] = strdup(rules->target < N_TARGETS_MAX ? core_target_name(rules->target, name)
                                                             : CONFIG_ALL_TARGETS);
    assert_non_null(guard->targets[0]);
    guard->service = rules->service;
    guard->every_usec = rules->every_usec;
    if (rules->service == SERVICE_LOGS)
        guard->min_bytes = rules->at_least;
    else
        guard->min_events = rules->at_least;
    guard->action = rules->stops ? GUARD_STOP : GUARD_REPORT;
}

static AwsSettings *make_queue_settings(void)
{
    AwsSettings *settings = make_settings(0);

    free(settings->sts_endpoint);
    settings->sts_endpoint = strdup(SCRIPTED_QUEUE_ENDPOINT);
    assert_non_null(settings->sts_endpoint);
    return settings;
}

static void add_queue(Config *config, const CoreRules *rules)
{
    QueueConfig *queue;

    assert_int_equal(config_add_queue(config, "q", NULL, 0, &queue), 0);
    queue->account.max_attempts = rules->max_attempts;
    queue->account.settings = make_queue_settings();
    queue->url = strdup(SCRIPTED_QUEUE_URL);
    queue->endpoint = strdup(SCRIPTED_QUEUE_ENDPOINT);
    queue->visibility_usec = rules->queue.visibility_usec;
    queue->wait_usec = rules->queue.wait_usec;
    queue->max_jobs = rules->queue.max_jobs;
    assert_true(queue->url && queue->endpoint);
    if (!rules->queue.outcome)
        return;
    queue->outcome_url = strdup(SCRIPTED_OUTCOME_URL);
    queue->outcome_endpoint = strdup(SCRIPTED_QUEUE_ENDPOINT);
    queue->outcome_region = strdup("eu-west-1");
    assert_true(queue->outcome_url && queue->outcome_endpoint && queue->outcome_region);
}

static void add_notify(Config *config, const CoreRules *rules)
{
    NotifyConfig *notify;

    assert_int_equal(config_add_notify(config, "n", NULL, 0, &notify), 0);
    notify->account.max_attempts = rules->max_attempts;
    notify->account.settings = make_queue_settings();
    notify->event_bus = strdup("bus");
    notify->endpoint = strdup(SCRIPTED_EVENTS_ENDPOINT);
    assert_true(notify->event_bus && notify->endpoint);
}

Config *core_make_config(const CoreRules *rules)
{
    Config *config;

    assert_int_equal(config_new(&config), 0);
    assert_int_equal(aws_shared_files_new(&config->shared_files), 0);
    config->call_timeout_usec = rules->call_timeout_usec;
    config->max_jobs = rules->max_jobs;
    for (unsigned i = 0; i < rules->n_targets; i++) {
        char name[CORE_TARGET_NAME_SIZE];
        TargetConfig *target;

        assert_int_equal(config_add_target(config, core_target_name(i, name), NULL, 0, &target), 0);
        target->stop_rate = rules->stop_rates[i];
        target->read_rate = rules->read_rates[i];
        target->account.max_attempts = rules->max_attempts;
        target->account.settings = make_settings(i);
    }
    config->polling_timeout_usec = rules->guard_timeout_usec;
    for (unsigned i = 0; i < rules->n_guards; i++)
        add_guard(config, i, &rules->guards[i]);
    if (rules->queue.there)
        add_queue(config, rules);
    if (rules->queue.notify)
        add_notify(config, rules);
    return config;
}
