/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration, for `trailstopd --check`. */
#include "daemon/config/config.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/config/option-value.h"
#include "daemon/credentials/chain.h"

/* Each option of a section that is set and not there yet. */
static int add_options(json_object *json, const char *section, const void *object)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        json_object *value = NULL;
        int r;

        if (strcmp(options[i].section, section) != 0 ||
            json_object_object_get_ex(json, options[i].key, NULL))
            continue;
        r = option_to_json(&options[i], object, &value);
        if (r > 0)
            r = json_add(json, options[i].key, value);
        if (r < 0)
            return r;
    }
    return 0;
}

typedef struct Explanation {
    json_object *sources;
    int error; /* the first one met */
} Explanation;

static void add_source(const char *source, bool taken, const char *why, void *userdata)
{
    Explanation *explanation = userdata;
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    if (explanation->error < 0 || !json || json_add_string(json, "source", source) < 0 ||
        json_add_bool(json, "taken", taken) < 0 || json_add_string(json, "why", why) < 0 ||
        json_append(explanation->sources, TAKE(json)) < 0)
        explanation->error = -ENOMEM;
}

/* The sources of credentials that were looked at, in order, and why each was passed over. */
static int add_sources(json_object *json, const Config *config, const AwsSettings *settings)
{
    Explanation explanation = {.sources = json_object_new_array()};
    AwsChainQuery query = settings->query;
    int r = json_add(json, "sources", explanation.sources);

    query.profiles = config->profiles;
    if (r >= 0)
        r = aws_chain_explain(&query, add_source, &explanation);
    return r < 0 ? r : explanation.error;
}

/* -1: set nowhere, so it is left out; as it is where the section has no such option. */
static int add_flag(json_object *json, const char *kind, const char *key, int flag)
{
    return flag < 0 || !option_find(kind, key) ? 0 : json_add_bool(json, key, flag > 0);
}

/* Credentials and what holds for every service, then the options that are set. */
static int add_account(json_object *json, const Config *config, const ConfigAccount *account,
                       bool explain_sources)
{
    const AwsSettings *settings = account->settings;
    const char *kind = account->section.kind;
    int r;

    r = json_add_string(json, "profile", settings->profile);
    if (r >= 0 && settings->credentials)
        r = json_add_string(json, "credentials", settings->credentials);
    else if (r >= 0) /* no source has any: shown, not left out */
        r = json_object_object_add(json, "credentials", NULL) < 0 ? -ENOMEM : 0;
    if (r >= 0 && explain_sources)
        r = add_sources(json, config, settings);
    if (r < 0 || (r = json_add_string(json, "ca-bundle", settings->ca_bundle)) < 0 ||
        (r = add_flag(json, kind, "use-fips-endpoint", settings->use_fips_endpoint)) < 0 ||
        (r = add_flag(json, kind, "use-dualstack-endpoint", settings->use_dualstack_endpoint)) < 0)
        return r;
    if (account->max_attempts != config->max_attempts &&
        (r = json_add_int64(json, "max-attempts", account->max_attempts)) < 0)
        return r;
    return add_options(json, kind, account);
}

/* First what the section resolves to, under its own name or the option's, then what was set. */
static int add_target(json_object *json, const Config *config, size_t i, bool explain_sources)
{
    const ConfigAccount *account = &config->targets[i]->account;
    const AwsSettings *settings = account->settings;
    int r;

    if ((r = json_add_string(json, "name", account->section.name)) < 0 ||
        (r = json_add_string(json, "region", settings->region)) < 0 ||
        (r = json_add_string(json, "endpoint", settings->endpoints[SERVICE_CLOUDTRAIL])) < 0 ||
        (r = json_add_string(json, "stsEndpoint", settings->sts_endpoint)) < 0 ||
        (r = json_add_string(json, "logsEndpoint", settings->endpoints[SERVICE_LOGS])) < 0)
        return r;
    return add_account(json, config, account, explain_sources);
}

static int add_guard(json_object *json, const Config *config, size_t i, bool explain_sources)
{
    const GuardConfig *guard = config->guards[i];
    int r = json_add_string(json, "name", guard->section.name);

    (void)explain_sources; /* it has none of its own */
    return r < 0 ? r : add_options(json, OPTION_GUARD_SECTION, guard);
}

static int add_queue(json_object *json, const Config *config, size_t i, bool explain_sources)
{
    const QueueConfig *queue = config->queues[i];
    const AwsSettings *settings = queue->account.settings;
    int r;

    if ((r = json_add_string(json, "name", queue->account.section.name)) < 0 ||
        (r = json_add_string(json, "url", queue->url)) < 0 ||
        (r = json_add_string(json, "region", settings->region)) < 0 ||
        (r = json_add_string(json, "endpoint", queue->endpoint)) < 0 ||
        (r = json_add_string(json, "stsEndpoint", settings->sts_endpoint)) < 0 ||
        (r = json_add_string(json, "outcomeRegion", queue->outcome_region)) < 0 ||
        (r = json_add_string(json, "outcomeEndpoint", queue->outcome_endpoint)) < 0)
        return r;
    return add_account(json, config, &queue->account, explain_sources);
}

static int add_notify(json_object *json, const Config *config, size_t i, bool explain_sources)
{
    const NotifyConfig *notify = config->notifies[i];
    const AwsSettings *settings = notify->account.settings;
    int r;

    if ((r = json_add_string(json, "name", notify->account.section.name)) < 0 ||
        (r = json_add_string(json, "region", settings->region)) < 0 ||
        (r = json_add_string(json, "endpoint", notify->endpoint)) < 0 ||
        (r = json_add_string(json, "stsEndpoint", settings->sts_endpoint)) < 0)
        return r;
    return add_account(json, config, &notify->account, explain_sources);
}

typedef struct SectionList {
    const char *key;
    size_t n;
    int (*add)(json_object *json, const Config *config, size_t i, bool explain_sources);
} SectionList;

static int add_list(json_object *json, const Config *config, const SectionList *list,
                    bool explain_sources)
{
    json_object *array;
    int r;

    if (list->n == 0)
        return 0;
    array = json_object_new_array();
    r = json_add(json, list->key, array);
    for (size_t i = 0; r >= 0 && i < list->n; i++) {
        json_object *section = json_object_new_object();

        r = json_append(array, section);
        if (r >= 0)
            r = list->add(section, config, i, explain_sources);
    }
    return r;
}

json_object *config_to_json(const Config *config, bool explain_sources)
{
    const SectionList lists[] = {
        {"targets", config->n_targets, add_target},
        {"guards", config->n_guards, add_guard},
        {"queues", config->n_queues, add_queue},
        {"notify", config->n_notifies, add_notify},
    };
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    if (!json)
        return NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char *section = options[i].section;
        json_object *object;

        if (option_is_of_named_section(&options[i]) ||
            json_object_object_get_ex(json, section, NULL))
            continue;
        object = json_object_new_object();
        if (json_add(json, section, object) < 0 || add_options(object, section, config) < 0)
            return NULL;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (add_list(json, config, &lists[i], explain_sources) < 0)
            return NULL;
    return TAKE(json);
}
