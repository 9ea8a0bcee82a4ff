/* SPDX-License-Identifier: Apache-2.0 */
/* The method about the queues that requests come through. */
#include "daemon/server/methods.h"

static int list_queues_start(Call *call)
{
    return methods_list_start(call, "queues");
}

static json_object *show_queue(const Service *service, size_t i)
{
    return queue_to_json(queue_set_get(service->queues, i));
}

static int list_queues_pump(Call *call, CallProgress *ret)
{
    const QueueSet *queues = call->service->queues;

    return methods_list_pump(call, queues ? queue_set_size(queues) : 0, show_queue, ret);
}

static const ParameterSpec no_parameters[] = {{0}};

const Method methods_queue[] = {
    {TRAILSTOP_INTERFACE ".ListQueues", no_parameters, list_queues_start, list_queues_pump}, {0}};
