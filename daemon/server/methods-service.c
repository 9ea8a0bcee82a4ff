/* SPDX-License-Identifier: Apache-2.0 */
/* What the service says about itself: org.varlink.service, statistics. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <config.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/base/stats.h"
#include "daemon/server/methods.h"

static const struct {
    const char *name, *description;
} descriptions[] = {
#define INTERFACE(name, description) {name, description},
#include "common/interfaces.inc"
#undef INTERFACE
};

#define N_DESCRIPTIONS (sizeof(descriptions) / sizeof(descriptions[0]))

static const ParameterSpec no_parameters[] = {{0}};

static json_object *info_to_json(void)
{
    CLEANUP(json_object_putp) json_object *info = json_object_new_object();
    CLEANUP(json_object_putp) json_object *names = json_object_new_array();

    if (!info || !names)
        return NULL;
    for (size_t i = 0; i < N_DESCRIPTIONS; i++)
        if (json_append(names, json_object_new_string(descriptions[i].name)) < 0)
            return NULL;
    if (json_add(info, "interfaces", TAKE(names)) < 0 ||
        json_add_string(info, "vendor", PACKAGE_NAME) < 0 ||
        json_add_string(info, "product", PACKAGE_NAME "d") < 0 ||
        json_add_string(info, "version", PACKAGE_VERSION) < 0 ||
        json_add_string(info, "url", PACKAGE_URL) < 0)
        return NULL;
    return TAKE(info);
}

static int get_info(Call *call)
{
    return call_reply(call, info_to_json());
}

static const ParameterSpec interface_parameter[] = {
    {"interface", parameter_read_interface, .required = true}, {0}};

static int get_interface_description(Call *call)
{
    const char *name = call->parameters.interface;

    for (size_t i = 0; i < N_DESCRIPTIONS; i++)
        if (strcmp(descriptions[i].name, name) == 0)
            return call_reply(
                call,
                methods_object("description", json_object_new_string(descriptions[i].description)));
    return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".InterfaceNotFound",
                            methods_object("interface", json_object_new_string(name)));
}

/* As far as can be known without writing, which would cost a sync for whoever asks. */
static bool store_can_be_written(const Service *service)
{
    const char *directory = service->config->state_directory;
    struct statvfs room;

    return !service->store_failing && access(directory, W_OK) == 0 &&
           statvfs(directory, &room) == 0 && room.f_bavail > 0;
}

static json_object *statistics_to_json(const Service *service)
{
    static const char *const members[] = {
#define JOB_STATE_ACTIVE(symbol, name, statistic) statistic,
#include "common/job-states.def"
    };
    _Static_assert(sizeof(members) / sizeof(members[0]) == N_ACTIVE_JOB_STATES, "a member each");
    CLEANUP(json_object_putp) json_object *statistics = json_object_new_object();
    unsigned counts[N_JOB_STATES];

    registry_count_states(service->registry, counts);
    for (JobState state = 0; statistics && state < N_ACTIVE_JOB_STATES; state++)
        if (json_add_int64(statistics, members[state], counts[state]) < 0)
            return NULL;
    if (!statistics || stats_to_json(statistics) < 0 ||
        json_add_int64(statistics, "clients", service->n_clients) < 0 ||
        json_add_int64(statistics, "storeWritable", store_can_be_written(service)) < 0 ||
        json_add_int64(statistics, "targets", (int64_t)target_set_size(service->targets)) < 0 ||
        json_add_int64(statistics, "connectionsOpened",
                       (int64_t)http_client_connections(service->http)) < 0)
        return NULL;
    return TAKE(statistics);
}

static int get_statistics(Call *call)
{
    return call_reply(call, methods_object("statistics", statistics_to_json(call->service)));
}

const Method methods_service[] = {
    {VARLINK_SERVICE_INTERFACE ".GetInfo", no_parameters, .answer = get_info},
    {VARLINK_SERVICE_INTERFACE ".GetInterfaceDescription", interface_parameter,
     .answer = get_interface_description},
    {TRAILSTOP_INTERFACE ".GetStatistics", no_parameters, .answer = get_statistics},
    {0}};
