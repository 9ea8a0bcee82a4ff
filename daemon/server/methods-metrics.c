/* SPDX-License-Identifier: Apache-2.0 */
/* io.systemd.Metrics, as systemd 260 has it of its own services. */
#include <errno.h>
#include <stdlib.h>

#include "common/memory.h"
#include "daemon/server/metrics.h"

/* A List or Describe under way. The last reply is the one without `continues`, so each is held back
 * until there is another. */
typedef struct Stream {
    Call *call;
    MetricsCursor cursor;
    unsigned described;
    json_object *held; /* NULL: none so far */
} Stream;

static void stream_free(void *state)
{
    Stream *stream = state;

    json_object_put(stream->held);
    free(stream);
}

static int stream_start(Call *call)
{
    Stream *stream = malloc(sizeof(*stream));

    if (!stream)
        return -ENOMEM;
    *stream = (Stream){.call = call};
    call->state = stream;
    call->free_state = stream_free;
    return 0;
}

/* Takes the reply. */
static int stream_take(json_object *reply, void *userdata)
{
    Stream *stream = userdata;
    json_object *held = stream->held;

    if (!reply)
        return -ENOMEM;
    stream->held = reply;
    caller_spend(stream->call->caller, 1);
    return held ? call_reply_continues(stream->call, held) : 0;
}

static int stream_pump(Call *call, int (*step)(Stream *stream), CallProgress *ret)
{
    Stream *stream = call->state;

    *ret = CALL_GOES_ON;
    while (call_may_go_on(call)) {
        int r = step(stream);

        if (r < 0)
            return r;
        if (r == 0) {
            *ret = CALL_DONE;
            return call_reply(call, TAKE(stream->held));
        }
    }
    return 0;
}

static int list_step(Stream *stream)
{
    return metrics_step(stream->call->service, &stream->cursor, stream_take, stream);
}

static int list_pump(Call *call, CallProgress *ret)
{
    return stream_pump(call, list_step, ret);
}

static int describe_step(Stream *stream)
{
    int r = stream_take(metrics_describe(stream->described), stream);

    if (r < 0)
        return r;
    stream->described++;
    return stream->described < N_METRICS;
}

static int describe_pump(Call *call, CallProgress *ret)
{
    return stream_pump(call, describe_step, ret);
}

static const ParameterSpec no_parameters[] = {{0}};

const Method methods_metrics[] = {{SYSTEMD_METRICS_INTERFACE ".List", no_parameters, stream_start,
                                   list_pump, .streams = true, .more_only = true},
                                  {SYSTEMD_METRICS_INTERFACE ".Describe", no_parameters,
                                   stream_start, describe_pump, .streams = true, .more_only = true},
                                  {0}};
