/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/status.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/time.h"
#include "daemon/base/notify.h"

#define INTERVAL_USEC USEC_PER_SEC

/* "; 1 of 3 targets unreachable, 1 throttled", or nothing. */
static void describe_states(const unsigned counts[static N_TARGET_STATES], size_t n,
                            const char *noun, FILE *file)
{
    static const char *const phrases[] = {
#define TARGET_STATE(symbol, name, word, phrase) [TARGET_##symbol] = phrase,
#include "common/target-states.def"
    };
    bool first = true;

    for (TargetState state = 0; state < N_TARGET_STATES; state++) {
        if (counts[state] == 0 || !*phrases[state])
            continue;
        if (first)
            fprintf(file, "; %u of %zu %s %s", counts[state], n, noun, phrases[state]);
        else
            fprintf(file, ", %u %s", counts[state], phrases[state]);
        first = false;
    }
}

static void status_send(const Status *status)
{
    const StatusCounts *counts = &status->shown;
    char text[512];
    FILE *file = fmemopen(text, sizeof(text), "w");

    if (!file)
        return;
    fprintf(file, "STATUS=Jobs: %u queued, %u stopping, %u polling", counts->jobs[JOB_QUEUED],
            counts->jobs[JOB_STOPPING], counts->jobs[JOB_POLLING]);
    describe_states(counts->targets, target_set_size(status->service->targets), "targets", file);
    describe_states(counts->queues, queue_set_size(status->service->queues), "queues", file);
    if (fclose(file) == 0)
        notify_send("%s", text);
}

static void status_look(void *userdata)
{
    Status *status = userdata;
    const Service *service = status->service;
    StatusCounts counts;

    registry_count_states(service->registry, counts.jobs);
    for (TargetState state = 0; state < N_TARGET_STATES; state++) {
        counts.targets[state] = target_set_count(service->targets, state);
        counts.queues[state] = queue_set_count(service->queues, state);
    }
    if (memcmp(&counts, &status->shown, sizeof(counts)) == 0)
        return;
    status->shown = counts;
    timer_set(&status->timer, timers_boottime_usec(status->timer.timers) + INTERVAL_USEC);
    status_send(status);
}

void status_init(Status *status, const Service *service, Timers *timers)
{
    *status = (Status){.service = service, .shown.jobs = {UINT_MAX}};
    timer_init(&status->timer, timers, status_look, status);
}

void status_clear(Status *status)
{
    timer_clear(&status->timer);
}

void status_update(Status *status)
{
    if (!status->timer.set)
        status_look(status);
}
