/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/outage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/schedule.h"

struct Outage {
    unsigned references;
    Timers *timers;
    const Random *random;
    AwsMeter *meter;      /* NULL: none */
    char *target;         /* its name, for the journal */
    Timer probe_timer;    /* set while somebody waits and nobody probes */
    unsigned failures;    /* probes in a row that failed; 0: the target is not out */
    uint64_t began_usec;  /* CLOCK_BOOTTIME */
    CallError error;      /* of the last failure */
    OutageWait *beginner; /* whose call began it; NULL: gone */
    OutageWait *probe;    /* who is probing; NULL: nobody */
    TAILQ_HEAD(OutageList, OutageWait) calling, waiting;
};

static void outage_probe(void *userdata);

int outage_new(Timers *timers, const Random *random, const char *target, Outage **ret)
{
    Outage *outage = malloc(sizeof(*outage));

    if (!outage)
        return -ENOMEM;
    *outage =
        (Outage){.references = 1, .timers = timers, .random = random, .target = strdup(target)};
    TAILQ_INIT(&outage->calling);
    TAILQ_INIT(&outage->waiting);
    timer_init(&outage->probe_timer, timers, outage_probe, outage);
    if (!outage->target) {
        outage_unref(outage);
        return -ENOMEM;
    }
    *ret = outage;
    return 0;
}

Outage *outage_ref(Outage *outage)
{
    outage->references++;
    return outage;
}

void outage_unref(Outage *outage)
{
    if (!outage || --outage->references > 0)
        return;
    timer_clear(&outage->probe_timer);
    call_error_clear(&outage->error);
    aws_meter_unref(outage->meter);
    free(outage->target);
    free(outage);
}

void outage_set_meter(Outage *outage, AwsMeter *meter)
{
    aws_meter_unref(outage->meter);
    outage->meter = aws_meter_ref(meter);
}

const CallError *outage_error(const Outage *outage)
{
    return &outage->error;
}

uint64_t outage_next_usec(const Outage *outage)
{
    return outage->probe_timer.set ? outage->probe_timer.at_usec
                                   : timers_boottime_usec(outage->timers);
}

uint64_t outage_probe_usec(const Outage *outage)
{
    return outage->probe_timer.set ? outage->probe_timer.at_usec : 0;
}

static uint64_t outage_delay(const Outage *outage, unsigned failures)
{
    return schedule_outage_delay_usec(failures, outage->random->uniform(outage->random->userdata));
}

/* Somebody waits, nobody probes: the next probe is due after a wait. */
static void outage_arm(Outage *outage)
{
    if (outage->failures == 0 || outage->probe || outage->probe_timer.set ||
        TAILQ_EMPTY(&outage->waiting))
        return;
    timer_set(&outage->probe_timer,
              timers_boottime_usec(outage->timers) + outage_delay(outage, outage->failures));
}

static void outage_place_calling(Outage *outage, OutageWait *wait)
{
    wait->outage = outage;
    wait->place = OUTAGE_CALLING;
    TAILQ_INSERT_TAIL(&outage->calling, wait, entry);
}

static void outage_place_waiting(Outage *outage, OutageWait *wait)
{
    wait->outage = outage;
    wait->place = OUTAGE_WAITING;
    TAILQ_INSERT_TAIL(&outage->waiting, wait, entry);
}

/* Takes it off its list; who it is to the outage stays. */
static void outage_displace(OutageWait *wait)
{
    Outage *outage = wait->outage;

    if (wait->place == OUTAGE_CALLING)
        TAILQ_REMOVE(&outage->calling, wait, entry);
    else if (wait->place == OUTAGE_WAITING)
        TAILQ_REMOVE(&outage->waiting, wait, entry);
    wait->place = OUTAGE_APART;
}

void outage_restart_waits(Outage *outage)
{
    if (outage->failures == 0)
        return;
    outage->failures = 1;
    timer_clear(&outage->probe_timer);
    outage_arm(outage);
}

static void outage_probe(void *userdata)
{
    Outage *outage = userdata;
    OutageWait *wait = TAILQ_FIRST(&outage->waiting);

    outage_displace(wait);
    outage->probe = wait;
    wait->resume(0, wait->userdata);
}

bool outage_enter(Outage *outage, OutageWait *wait)
{
    if (outage->failures > 0 && !outage->probe && TAILQ_EMPTY(&outage->waiting))
        outage->probe = wait;
    if (outage->failures > 0 && outage->probe != wait) {
        outage_place_waiting(outage, wait);
        outage_arm(outage);
        return false;
    }
    outage_place_calling(outage, wait);
    return true;
}

static void outage_begin(Outage *outage, OutageWait *beginner, const CallError *error)
{
    JournalEntry entry;
    OutageWait *wait, *next;

    outage->began_usec = timers_boottime_usec(outage->timers);
    outage->beginner = beginner;
    beginner->begun++;
    stats_add(STAT_OUTAGES, 1);
    journal_begin(&entry, EVENT_OUTAGE_BEGAN);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", outage->target);
    journal_add_error(&entry, error);
    journal_send(&entry, "Target %s is out, its jobs wait: %s", outage->target,
                 error->message ? error->message : error->code);

    for (wait = TAILQ_FIRST(&outage->calling); wait; wait = next) {
        next = TAILQ_NEXT(wait, entry);
        if (wait->hold(wait->userdata)) {
            outage_displace(wait);
            outage_place_waiting(outage, wait);
        }
    }
}

void outage_failed(OutageWait *wait, const CallError *error)
{
    Outage *outage = wait->outage;

    outage_displace(wait);
    outage_place_waiting(outage, wait);
    (void)call_error_copy(&outage->error, error); /* without memory, it is only told less of */
    aws_meter_note_trouble(outage->meter, error);
    if (outage->failures == 0) {
        outage_begin(outage, wait, error);
        outage->failures = 1;
    } else if (outage->probe == wait) {
        outage->probe = NULL;
        outage->failures++;
    }
    outage_arm(outage);
}

void outage_end(Outage *outage)
{
    OutageWait *beginner = outage->beginner, *wait;
    uint64_t lasted_usec = timers_boottime_usec(outage->timers) - outage->began_usec;
    char lasted[TIMESPAN_SIZE];
    JournalEntry entry;

    if (outage->failures == 0)
        return;
    outage->failures = 0;
    outage->beginner = outage->probe = NULL;
    aws_meter_note_answer(outage->meter);
    timer_clear(&outage->probe_timer);
    call_error_clear(&outage->error);
    journal_begin(&entry, EVENT_OUTAGE_ENDED);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", outage->target);
    journal_add(&entry, "TRAILSTOP_ELAPSED_USEC", "%llu", (unsigned long long)lasted_usec);
    journal_send(&entry, "Target %s answers again after %s", outage->target,
                 timespan_format(lasted_usec, lasted));

    while ((wait = TAILQ_FIRST(&outage->waiting))) {
        outage_displace(wait);
        wait->resume(wait == beginner ? outage_delay(outage, wait->begun) : 0, wait->userdata);
    }
}

void outage_answered(OutageWait *wait)
{
    wait->begun = 0;
    outage_displace(wait);
    outage_end(wait->outage);
}

void outage_leave(OutageWait *wait)
{
    Outage *outage = wait->outage;

    if (!outage)
        return;
    outage_displace(wait);
    if (outage->beginner == wait)
        outage->beginner = NULL;
    if (outage->probe == wait)
        outage->probe = NULL;
    wait->outage = NULL;
    if (TAILQ_EMPTY(&outage->waiting))
        timer_clear(&outage->probe_timer);
    outage_arm(outage);
}
