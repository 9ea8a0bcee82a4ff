/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/outage-state.h"

#include "common/json.h"
#include "common/time.h"

int outage_add_time(json_object *object, const char *key, uint64_t realtime_usec)
{
    char text[RFC3339_SIZE];

    return realtime_usec == 0
               ? 0
               : json_add_string(object, key, time_format_rfc3339(realtime_usec, text));
}

int outage_add_state(const Outage *outage, const AwsMeter *meter, json_object *object)
{
    const Timers *timers = meter->meters->timers;
    uint64_t probe_usec = outage_probe_usec(outage);
    int r;

    if (probe_usec > 0)
        probe_usec += timers_realtime_usec(timers) - timers_boottime_usec(timers);
    if ((r = json_add_string(object, "state", target_state_name(meter->state))) < 0 ||
        (r = outage_add_time(object, "since", meter->since_usec)) < 0 ||
        (r = outage_add_time(object, "nextTryAt", probe_usec)) < 0)
        return r;
    return meter->error.code ? json_add(object, "lastError", call_error_to_json(&meter->error)) : 0;
}
