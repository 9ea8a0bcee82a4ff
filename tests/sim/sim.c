/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim.h"

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/explain.h"
#include "common/memory.h"
#include "tests/sim/long-poll.h"
#include "tests/sim/service.h"

static int add_account(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return accounts_add(sim->accounts, declaration, ret_error);
}

static int add_role(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return roles_add(sim->roles, declaration, ret_error);
}

static int set_instance(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return instance_set(&sim->instance, declaration, ret_error);
}

static int add_container(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return containers_add(sim->containers, declaration, ret_error);
}

static int add_import(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    return imports_add(sim->imports, declaration, ids, ret_error);
}

static int add_fault(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return faults_add(sim->faults, declaration, ret_error);
}

static int add_queue(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return queues_add(sim->queues, declaration, ret_error);
}

static int add_message(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    return queues_add_message(sim->queues, declaration, ids, ret_error);
}

static int end_visibility(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return queues_end_visibility(sim->queues, declaration, ret_error);
}

static int move_clock(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return queues_move_clock(sim->queues, declaration, ret_error);
}

static int change_settings(Sim *sim, json_object *declaration, json_object *ids, char **ret_error)
{
    (void)ids;
    return settings_change(&sim->settings, declaration, ret_error);
}

static const struct {
    const char *name;
    int (*apply)(Sim *sim, json_object *declaration, json_object *ids, char **ret_error);
} parts[] = {
    {"settings", change_settings},  {"accounts", add_account},     {"roles", add_role},
    {"instance", set_instance},     {"containers", add_container}, {"imports", add_import},
    {"faults", add_fault},          {"queues", add_queue},         {"messages", add_message},
    {"visibility", end_visibility}, {"clock", move_clock},
};
#define N_PARTS (sizeof(parts) / sizeof(*parts))

int sim_apply_part(Sim *sim, const char *name, json_object *part, json_object *ids,
                   char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;
    size_t at = 0, n = 1;
    int r = 0;
    bool is_array;

    while (at < N_PARTS && strcmp(parts[at].name, name) != 0)
        at++;
    if (at == N_PARTS)
        return explain(ret_error, -EINVAL, "there is no part '%s' of a scenario", name);
    is_array = json_object_is_type(part, json_type_array);
    if (is_array)
        n = json_object_array_length(part);
    for (size_t i = 0; i < n; i++) {
        json_object *entry = is_array ? json_object_array_get_idx(part, i) : part;
        r = parts[at].apply(sim, entry, ids, &sentence);
        if (r == -EINVAL && is_array)
            return explain(ret_error, r, "%s[%zu]: %s", name, i, sentence);
        if (r < 0)
            break;
    }
    if (r == -EINVAL)
        *ret_error = TAKE(sentence);
    return r;
}

int sim_apply(Sim *sim, json_object *scenario, json_object *ids, char **ret_error)
{
    struct json_object_iter part;

    if (!json_object_is_type(scenario, json_type_object))
        return explain(ret_error, -EINVAL, "a scenario is an object");
    json_object_object_foreachC (scenario, part) {
        int r = sim_apply_part(sim, part.key, part.val, ids, ret_error);
        if (r < 0)
            return r;
    }
    return 0;
}

int sim_reset(Sim *sim, char **ret_error)
{
    int r = settings_set_defaults(&sim->settings);

    accounts_clear(sim->accounts);
    roles_clear(sim->roles);
    instance_clear(&sim->instance);
    containers_clear(sim->containers);
    imports_clear(sim->imports);
    faults_clear(sim->faults);
    quotas_clear(sim->quotas);
    queues_clear(sim->queues);
    json_object_array_del_idx(sim->events, 0, json_object_array_length(sim->events));
    record_clear(sim->record);
    for (size_t i = 0; r == 0 && i < json_object_array_length(sim->start); i++)
        r = sim_apply(sim, json_object_array_get_idx(sim->start, i), NULL, ret_error);
    return r;
}

void sim_free(Sim *sim)
{
    if (!sim)
        return;
    if (sim->canonical)
        evbuffer_free(sim->canonical);
    long_polls_free(sim->long_polls);
    deliveries_free(sim->deliveries);
    record_free(sim->record);
    json_object_put(sim->events);
    queues_free(sim->queues);
    quotas_free(sim->quotas);
    faults_free(sim->faults);
    imports_free(sim->imports);
    containers_free(sim->containers);
    instance_clear(&sim->instance);
    roles_free(sim->roles);
    accounts_free(sim->accounts);
    settings_clear(&sim->settings);
    json_object_put(sim->start);
    free(sim);
}
DEFINE_CLEANUP(Sim, sim_free)

int sim_new(struct event_base *base, json_object *start, size_t log_size, bool log_to_stderr,
            Sim **ret, char **ret_error)
{
    CLEANUP(sim_freep) Sim *sim = calloc(1, sizeof(*sim));
    int r;

    if (!sim)
        return -ENOMEM;
    sim->start = json_object_get(start);
    sim->canonical = evbuffer_new();
    sim->events = json_object_new_array();
    if (!sim->canonical || !sim->events || accounts_new(&sim->accounts) < 0 ||
        roles_new(&sim->roles) < 0 || containers_new(&sim->containers) < 0 ||
        imports_new(&sim->imports) < 0 || faults_new(&sim->faults) < 0 ||
        quotas_new(&sim->quotas) < 0 || queues_new(&sim->queues) < 0 ||
        record_new(log_size, log_to_stderr, &sim->record) < 0 ||
        deliveries_new(base, sim->record, &sim->deliveries) < 0 ||
        long_polls_new(base, service_decide, &sim->long_polls) < 0)
        return -ENOMEM;
    r = sim_reset(sim, ret_error);
    if (r < 0)
        return r;
    *ret = TAKE(sim);
    return 0;
}
