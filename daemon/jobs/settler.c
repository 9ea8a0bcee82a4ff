/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/settler.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/time.h"
#include "daemon/base/stats.h"

struct Settler {
    Timers *timers;
    Registry *registry;
    Store *store;
    Target *(*find)(const char *name, void *userdata);
    void *userdata;
    uint64_t settle_usec;
    Timer timer;
    AwsCall *call;     /* under way, about: */
    JobRecord record;  /* owned */
    AwsClient *client; /* that makes the call; its target may be gone before the answer */
};

static void settler_come_again(Settler *settler, uint64_t delay_usec)
{
    timer_set(&settler->timer, timers_boottime_usec(settler->timers) + delay_usec);
}

/* The record goes to disk with what else changed in this turn. */
static void settler_finish(Settler *settler, uint64_t again_usec, bool observed)
{
    JobRecord record = settler->record;

    settler->record = (JobRecord){0};
    record.settle_usec = again_usec;
    record.updated_usec = timers_realtime_usec(settler->timers);
    registry_settle(settler->registry, &record, observed);
}

static bool settler_observe(Settler *settler, json_object *import)
{
    const ImportOperations *operations = import_operations(settler->record.service);
    char *text;

    if (import_status(operations, import) != IMPORT_STATUS_STOPPED) /* it goes on again */
        return false;
    text = import_to_text(operations, import, settler->record.import_id);
    if (!text)
        return false;
    free(settler->record.import);
    settler->record.import = text;
    return true;
}

static void on_attempt(unsigned number, void *userdata)
{
    Settler *settler = userdata;

    (void)number;
    settler->record.polls++;
    stats_add(STAT_GET_ATTEMPTS, 1);
}

static void on_done(const AwsResult *result, void *userdata)
{
    Settler *settler = userdata;
    uint64_t now_usec = timers_realtime_usec(settler->timers), again_usec = 0;
    bool observed = false;

    settler->call = NULL;
    aws_client_unref(TAKE(settler->client));
    if (result->outcome == AWS_UNAVAILABLE && settler->settle_usec > 0)
        again_usec = now_usec + settler->settle_usec;
    else if (result->outcome == AWS_OK)
        observed = settler_observe(settler, result->body);
    settler_finish(settler, again_usec, observed);
}

static void settler_look_at(Settler *settler, const Target *target)
{
    const JobRecord *record = &settler->record;
    static const AwsCallHooks hooks = {.attempt = on_attempt, .of_client = true, .done = on_done};
    const AwsCaller caller = {.hooks = &hooks, .userdata = settler};
    int r;

    settler->client = aws_client_ref(target->clients[record->service]);
    r = import_call_get(settler->client, import_operations(record->service), record->import_id,
                        &caller, &settler->call);
    if (r >= 0)
        return;
    aws_client_unref(TAKE(settler->client));
    job_record_clear(&settler->record);
    settler_come_again(settler, STORE_AGAIN_USEC);
}

/* The wall clock may have jumped: nothing is further away than it was when it ended. */
static uint64_t time_left_usec(const Settler *settler, uint64_t due_usec)
{
    uint64_t left_usec = time_since(timers_realtime_usec(settler->timers), due_usec);

    return left_usec < settler->settle_usec ? left_usec : settler->settle_usec;
}

static void settler_look(void *userdata)
{
    Settler *settler = userdata;
    const Target *target;
    uint64_t left_usec;
    int r;

    if (settler->call || settler->settle_usec == 0 || registry_is_settling(settler->registry))
        return;
    r = store_next_to_settle(settler->store, &settler->record);
    if (r < 0) {
        if (r != -ENOENT)
            settler_come_again(settler, STORE_AGAIN_USEC);
        return;
    }
    left_usec = time_left_usec(settler, settler->record.settle_usec);
    target = settler->find(settler->record.target, settler->userdata);
    if (left_usec > 0) {
        job_record_clear(&settler->record);
        settler_come_again(settler, left_usec);
    } else if (target) {
        settler_look_at(settler, target);
    } else {
        settler_finish(settler, 0, false);
    }
}

int settler_new(Timers *timers, Registry *registry, Store *store,
                Target *(*find)(const char *name, void *userdata), void *userdata, Settler **ret)
{
    Settler *settler = malloc(sizeof(*settler));

    if (!settler)
        return -ENOMEM;
    *settler = (Settler){
        .timers = timers,
        .registry = registry,
        .store = store,
        .find = find,
        .userdata = userdata,
    };
    timer_init(&settler->timer, timers, settler_look, settler);
    *ret = settler;
    return 0;
}

void settler_free(Settler *settler)
{
    if (!settler)
        return;
    aws_call_cancel(settler->call);
    aws_client_unref(settler->client);
    job_record_clear(&settler->record);
    timer_clear(&settler->timer);
    free(settler);
}

void settler_configure(Settler *settler, uint64_t settle_usec)
{
    settler->settle_usec = settle_usec;
    settler_come_again(settler, 0);
}

void settler_wake(Settler *settler)
{
    if (!settler->call && !settler->timer.set && settler->settle_usec > 0)
        settler_come_again(settler, 0);
}
