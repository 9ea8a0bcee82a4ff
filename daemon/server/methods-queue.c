/* SPDX-License-Identifier: Apache-2.0 */
/* The method about the queues that requests come through. */
#include "daemon/server/methods.h"

static int list_queues_start(Call *call)
{
    return methods_list_start(call, "queues");
}

static size_t count_queues(const Service *service)
{
    return service->queues ? queue_set_size(service->queues) : 0;
}

static const char *name_queue(const Service *service, size_t i)
{
    return queue_set_get(service->queues, i)->source.name;
}

static json_object *show_queue(const Service *service, size_t i)
{
    return queue_to_json(queue_set_get(service->queues, i));
}

static int list_queues_pump(Call *call, CallProgress *ret)
{
    static const ListedKind queues = {count_queues, name_queue, show_queue};

    return methods_list_pump(call, &queues, ret);
}

static const ParameterSpec no_parameters[] = {{0}};

const Method methods_queue[] = {
    {TRAILSTOP_INTERFACE ".ListQueues", no_parameters, list_queues_start, list_queues_pump}, {0}};
