/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/outage.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/loop.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/schedule.h"

struct Outage {
    unsigned references;
    Timers *timers;
    const Random *random;
    AwsMeter *meter; /* NULL: none */
    AwsOwner owner;
    char *name;            /* of the owner, for the journal */
    Timer probe_timer;     /* set while a job waits and none probes */
    Timer step_timer;      /* set while some are still to be held, or resumed */
    OutageWait *held_next; /* of those that are calling */
    unsigned failures;     /* probes in a row that failed; 0: the target is reachable */
    bool of_answers;     /* the last failure was an answer of the kind that one import may cause */
    uint64_t began_usec; /* CLOCK_BOOTTIME */
    CallError error;     /* of the last failure */
    OutageWait *probe;   /* which is probing; NULL: none */
    unsigned n_jobs;     /* that take part */
    unsigned n_troubled; /* of them, by their own answers */
    uint64_t answered_usec; /* when a job was answered last, CLOCK_BOOTTIME */
    TAILQ_HEAD(OutageList, OutageWait) calling, waiting;
};

static const struct {
    const char *waiting;
    JournalEvent began;
} owners[] = {
    [AWS_OWNER_TARGET] = {"its jobs wait", EVENT_OUTAGE_BEGAN},
    [AWS_OWNER_QUEUE] = {"its messages wait", EVENT_OUTAGE_BEGAN},
    [AWS_OWNER_DESTINATION] = {"its outcomes wait", EVENT_NOTIFY_FAILED},
};
_Static_assert(sizeof(owners) / sizeof(owners[0]) == N_AWS_OWNERS, "words for each");

static void outage_probe(void *userdata);
static void outage_step(void *userdata);

int outage_new(Timers *timers, const Random *random, AwsOwner owner, const char *name, Outage **ret)
{
    Outage *outage = malloc(sizeof(*outage));

    if (!outage)
        return -ENOMEM;
    *outage = (Outage){
        .references = 1,
        .timers = timers,
        .random = random,
        .owner = owner,
        .name = strdup(name),
    };
    TAILQ_INIT(&outage->calling);
    TAILQ_INIT(&outage->waiting);
    timer_init(&outage->probe_timer, timers, outage_probe, outage);
    timer_init(&outage->step_timer, timers, outage_step, outage);
    if (!outage->name) {
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
    timer_clear(&outage->step_timer);
    call_error_clear(&outage->error);
    aws_meter_unref(outage->meter);
    free(outage->name);
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

/* A job waits and none probes: the next probe is due after a wait. */
static void outage_arm(Outage *outage)
{
    if (outage->failures == 0 || outage->probe || outage->probe_timer.set ||
        TAILQ_EMPTY(&outage->waiting))
        return;
    timer_set(&outage->probe_timer,
              timers_boottime_usec(outage->timers) + outage_delay(outage, outage->failures));
}

/* Its answers may tell what those of the jobs in trouble cannot: that the target is well. */
static bool outage_may_tell(const Outage *outage, const OutageWait *wait)
{
    return outage->of_answers && wait->troubled_usec == 0;
}

/* A job that may tell waits no longer than after a first failure, however many there were. */
static void outage_hurry(Outage *outage)
{
    uint64_t now_usec = timers_boottime_usec(outage->timers);

    if (outage->probe_timer.set && outage->probe_timer.at_usec > now_usec + USEC_PER_SEC)
        timer_set(&outage->probe_timer, now_usec + outage_delay(outage, 1));
}

static void outage_place_calling(Outage *outage, OutageWait *wait)
{
    assert(wait->place == OUTAGE_APART);
    wait->place = OUTAGE_CALLING;
    TAILQ_INSERT_TAIL(&outage->calling, wait, entry);
}

static void outage_place_waiting(Outage *outage, OutageWait *wait)
{
    assert(wait->place == OUTAGE_APART);
    wait->place = OUTAGE_WAITING;
    if (outage_may_tell(outage, wait))
        TAILQ_INSERT_HEAD(&outage->waiting, wait, entry);
    else
        TAILQ_INSERT_TAIL(&outage->waiting, wait, entry);
}

/* Takes it off its list; whether it probes stays. */
static void outage_displace(OutageWait *wait)
{
    Outage *outage = wait->outage;

    if (outage->held_next == wait)
        outage->held_next = TAILQ_NEXT(wait, entry);
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

    assert(wait && !outage->probe && outage->failures > 0);
    outage_displace(wait);
    outage->probe = wait;
    wait->hooks->resume(0, wait->userdata);
}

bool outage_enter(Outage *outage, OutageWait *wait)
{
    assert(!wait->outage || wait->outage == outage);
    if (!wait->outage)
        outage->n_jobs++;
    wait->outage = outage;
    if (outage->failures > 0 && !outage->probe && TAILQ_EMPTY(&outage->waiting))
        outage->probe = wait;
    if (outage->failures > 0 && outage->probe != wait) {
        outage_place_waiting(outage, wait);
        if (outage_may_tell(outage, wait))
            outage_hurry(outage);
        outage_arm(outage);
        return false;
    }
    outage_place_calling(outage, wait);
    return true;
}

/* A target's jobs end with a clear "no"; at a queue and a destination it is waited out as well. */
static const char *outage_verb(const Outage *outage, const CallError *error)
{
    static const char *const verbs[] = {
        [TARGET_OK] = "is unreachable",
        [TARGET_THROTTLED] = "is throttled",
        [TARGET_UNREACHABLE] = "is unreachable",
        [TARGET_NO_CREDENTIALS] = "has no credentials",
    };
    TargetState state = target_state_of_error(error);

    _Static_assert(sizeof(verbs) / sizeof(verbs[0]) == N_TARGET_STATES, "a verb each");
    if (outage->owner != AWS_OWNER_TARGET && state == TARGET_UNREACHABLE &&
        error->http_status >= 400 && error->http_status < 500)
        return "refuses calls";
    return verbs[state];
}

static bool outage_resume_next(Outage *outage)
{
    OutageWait *wait = TAILQ_FIRST(&outage->waiting);

    if (!wait)
        return false;
    outage_displace(wait);
    wait->hooks->resume(wait->failures > 0 ? outage_delay(outage, wait->failures) : 0,
                        wait->userdata);
    return true;
}

static bool outage_hold_next(Outage *outage)
{
    OutageWait *wait = outage->held_next;

    if (!wait)
        return false;
    outage->held_next = TAILQ_NEXT(wait, entry);
    /* A probe may have come to call by then: nobody else would end the outage. */
    if (wait != outage->probe && wait->hooks->hold(wait->userdata)) {
        outage_displace(wait);
        outage_place_waiting(outage, wait);
    }
    return true;
}

/* Those that wait when the target answers again are resumed, and those that call when it does not
 * are held: so many in a turn of the loop. */
static void outage_step(void *userdata)
{
    Outage *outage = userdata;

    for (unsigned n = 0; n < LOOP_SHARE_MAX; n++)
        if (!(outage->failures > 0 ? outage_hold_next(outage) : outage_resume_next(outage)))
            return;
    timer_set(&outage->step_timer, timers_boottime_usec(outage->timers));
}

static void outage_begin(Outage *outage, const CallError *error)
{
    JournalEntry entry;

    outage->began_usec = timers_boottime_usec(outage->timers);
    stats_add(STAT_OUTAGES, 1);
    journal_begin(&entry, owners[outage->owner].began);
    journal_add(&entry, aws_owner_field(outage->owner), "%s", outage->name);
    journal_add_error(&entry, error);
    journal_send(&entry, "%s %s %s, %s: %s%s%s", aws_owner_noun(outage->owner), outage->name,
                 outage_verb(outage, error), owners[outage->owner].waiting,
                 error->code ? error->code : "no memory", error->message ? ": " : "",
                 error->message ? error->message : "");

    outage->failures = 1;
    outage->held_next = TAILQ_FIRST(&outage->calling);
    outage_step(outage);
}

static void outage_fail(OutageWait *wait, const CallError *error, bool of_answers)
{
    Outage *outage = wait->outage;

    assert(wait->place == OUTAGE_CALLING);
    outage_displace(wait);
    outage_place_waiting(outage, wait);
    (void)call_error_copy(&outage->error, error); /* without memory, less can be said of it */
    aws_meter_note_trouble(outage->meter, error);
    if (outage->failures == 0) {
        outage_begin(outage, error);
        outage->of_answers = of_answers;
        wait->failures++;
    } else if (outage->probe == wait) {
        outage->probe = NULL;
        outage->failures++;
        outage->of_answers = of_answers;
        wait->failures += of_answers;
    }
    outage_arm(outage);
}

void outage_failed(OutageWait *wait, const CallError *error)
{
    outage_fail(wait, error, false);
}

static void outage_set_troubled(OutageWait *wait, uint64_t since_usec)
{
    wait->outage->n_troubled += (since_usec > 0) - (wait->troubled_usec > 0);
    wait->troubled_usec = since_usec;
    assert(wait->outage->n_troubled <= wait->outage->n_jobs);
}

void outage_troubled(OutageWait *wait, const CallError *error)
{
    Outage *outage = wait->outage;

    assert(wait->place == OUTAGE_CALLING);
    if (wait->troubled_usec == 0)
        outage_set_troubled(wait, timers_boottime_usec(outage->timers));
    if (outage->failures > 0 ||
        (outage->n_troubled == outage->n_jobs && outage->answered_usec < wait->troubled_usec)) {
        outage_fail(wait, error, true);
        return;
    }
    wait->failures++;
    outage_displace(wait);
    wait->hooks->resume(outage_delay(outage, wait->failures), wait->userdata);
}

void outage_end(Outage *outage)
{
    uint64_t lasted_usec = timers_boottime_usec(outage->timers) - outage->began_usec;
    char lasted[TIMESPAN_SIZE];
    JournalEntry entry;

    if (outage->failures == 0)
        return;
    outage->failures = 0;
    outage->of_answers = false;
    outage->probe = NULL;
    aws_meter_note_answer(outage->meter);
    timer_clear(&outage->probe_timer);
    call_error_clear(&outage->error);
    journal_begin(&entry, EVENT_OUTAGE_ENDED);
    journal_add(&entry, aws_owner_field(outage->owner), "%s", outage->name);
    journal_add(&entry, "TRAILSTOP_ELAPSED_USEC", "%llu", (unsigned long long)lasted_usec);
    journal_send(&entry, "%s %s answers again after %s", aws_owner_noun(outage->owner),
                 outage->name, timespan_format(lasted_usec, lasted));

    outage->held_next = NULL;
    outage_step(outage);
}

void outage_answered(OutageWait *wait)
{
    assert(wait->place == OUTAGE_CALLING);
    wait->failures = 0;
    outage_set_troubled(wait, 0);
    wait->outage->answered_usec = timers_boottime_usec(wait->outage->timers);
    outage_displace(wait);
    outage_end(wait->outage);
}

void outage_step_back(OutageWait *wait)
{
    Outage *outage = wait->outage;

    if (!outage)
        return;
    outage_displace(wait);
    if (outage->probe == wait)
        outage->probe = NULL;
    if (TAILQ_EMPTY(&outage->waiting))
        timer_clear(&outage->probe_timer);
    outage_arm(outage);
}

void outage_leave(OutageWait *wait)
{
    Outage *outage = wait->outage;

    if (!outage)
        return;
    outage_step_back(wait);
    outage_set_troubled(wait, 0);
    wait->failures = 0;
    wait->outage = NULL;
    assert(outage->n_jobs > 0);
    outage->n_jobs--;
}
