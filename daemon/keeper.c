/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keeper.h"

#include <errno.h>
#include <string.h>

#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/loop.h"

#define RETRY_USEC USEC_PER_SEC

static void wake(void *userdata)
{
    (void)userdata; /* the timer is there to make the loop turn */
}

static void set_in(Timer *timer, uint64_t delay_usec)
{
    timer_set(timer, timers_boottime_usec(timer->timers) + delay_usec);
}

/* Logged once per outage of the store, which lasts until something was written. */
static void keeper_failed(Keeper *keeper, int error)
{
    const char *directory = keeper->service->config->state_directory;
    JournalEntry entry;

    if (keeper->error < 0 || (keeper->service->store_failing && error != -EIO))
        return;
    keeper->service->store_failing = true;
    if (error == -EIO)
        keeper->error = error;
    journal_begin(&entry, EVENT_STORE_FAILED);
    journal_add(&entry, "TRAILSTOP_STATE_DIRECTORY", "%s", directory);
    if (error == -EIO)
        journal_send(
            &entry,
            "Cannot write the store in %s (%s); ending, because nothing more can be promised",
            directory, store_error(keeper->service->store));
    else
        journal_send(&entry,
                     "Cannot write the store in %s (%s); until it can, no request is accepted "
                     "and no job that ended is removed",
                     directory, strerror(-error));
}

int keeper_commit(Keeper *keeper)
{
    bool changed;
    int r = registry_commit(keeper->service->registry, &changed);

    if (r < 0)
        keeper_failed(keeper, r);
    else if (changed)
        keeper->service->store_failing = false;
    if (keeper->error < 0)
        return keeper->error;
    if (r < 0)
        set_in(&keeper->retry_timer, RETRY_USEC);
    return r < 0 || changed;
}

void keeper_purge(Keeper *keeper)
{
    Service *service = keeper->service;
    uint64_t delay_usec;
    int r = retention_purge(&keeper->retention, service->store, &loop_clock,
                            service->config->keep_finished_usec, &delay_usec);

    if (r < 0)
        keeper_failed(keeper, r);
    if (r > 0)
        service->store_failing = false;
    set_in(&keeper->purge_timer, delay_usec);
}

static void purge_again(void *userdata)
{
    keeper_purge(userdata);
}

void keeper_init(Keeper *keeper, Service *service, Timers *timers)
{
    *keeper = (Keeper){.service = service};
    timer_init(&keeper->retry_timer, timers, wake, NULL);
    timer_init(&keeper->purge_timer, timers, purge_again, keeper);
}

void keeper_clear(Keeper *keeper)
{
    timer_clear(&keeper->retry_timer);
    timer_clear(&keeper->purge_timer);
}
