/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/import-filter.h"
#include "daemon/jobs/survey.h"

#define FIRST_USEC (500 * USEC_PER_MSEC) /* and up to as much as SPREAD_USEC later */
#define SPREAD_USEC USEC_PER_SEC
#define SURVEYS_MAX 4U /* at a time, of one guard */
#define KNOWN_MAX 10000

typedef struct Guard Guard;

/* A survey of one target, as a guard sees it. */
typedef struct Patrol {
    Guard *guard;
    char *target;
    Survey *survey; /* NULL: this place is free */
    bool over;
    bool listed;     /* its imports; else none of them is stopped */
    bool failed;     /* not everything was looked at or stopped: */
    CallError error; /* why first; empty: no memory, even for that */
} Patrol;

struct Guard {
    Guards *guards;
    const GuardConfig *config;
    ImportFilter filter;
    Timer timer;         /* the next look, or the next step of this one */
    bool looking;        /* a look is under way: */
    uint64_t began_usec; /* CLOCK_BOOTTIME */
    size_t next_target;
    Patrol patrols[SURVEYS_MAX];
    json_object *matched; /* import id → true: targets of one account find the same ones */
    /* Of all looks: */
    json_object *known;   /* import id → target; those that are logged and still match */
    json_object *failing; /* target → true; those that are logged and still fail */
};

struct Guards {
    GuardContext context;
    const Config *config;
    size_t n;
    Guard guards[];
};

static ImportService guard_service(const Guard *guard)
{
    return guard->config->service;
}

/* ---- what is logged ---- */

static void log_match(const Guard *guard, const char *target, const char *import_id,
                      json_object *import, const char *why)
{
    const char *status = import_status_name(import_operations(guard_service(guard)), import);
    JournalEntry entry;

    journal_begin(&entry, EVENT_GUARD_MATCHED);
    journal_add(&entry, "TRAILSTOP_GUARD", "%s", guard->config->section.name);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", target);
    journal_add(&entry, "TRAILSTOP_SERVICE", "%s", import_service_name(guard_service(guard)));
    journal_add(&entry, "TRAILSTOP_IMPORT_ID", "%s", import_id);
    if (status)
        journal_add(&entry, "TRAILSTOP_IMPORT_STATUS", "%s", status);
    journal_send(&entry, "Guard %s: import %s of target %s matches%s: %s",
                 guard->config->section.name, import_id, target,
                 guard->config->action == GUARD_STOP ? " and is to be stopped" : "", why);
}

static void log_failure(const Patrol *patrol)
{
    const char *name = patrol->guard->config->section.name;
    const CallError *error = patrol->error.code ? &patrol->error : &call_error_no_memory;
    JournalEntry entry;

    journal_begin(&entry, EVENT_GUARD_FAILED);
    journal_add(&entry, "TRAILSTOP_GUARD", "%s", name);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", patrol->target);
    journal_add(&entry, "TRAILSTOP_SERVICE", "%s",
                import_service_name(guard_service(patrol->guard)));
    journal_add_error(&entry, error);
    journal_send(&entry, "Guard %s %s of target %s%s: %s: %s", name,
                 patrol->listed ? "could not deal with all imports" : "cannot list the imports",
                 patrol->target, patrol->listed ? "" : ", and stops none of them", error->code,
                 error->message ? error->message : "no reason is known");
}

/* ---- an import ---- */

static void patrol_note(Patrol *patrol, const CallError *error)
{
    if (!patrol->failed)
        (void)call_error_copy(&patrol->error, error);
    patrol->failed = true;
}

static void patrol_stop(Patrol *patrol, const char *import_id, const char *why)
{
    static char code[] = "QueueFull", message[] = "max-jobs jobs are under way";
    static const CallError queue_full = {.code = code, .message = message};
    const Guard *guard = patrol->guard;
    const Guards *guards = guard->guards;
    JobRequest request = {
        .target = target_set_find(guards->context.targets, patrol->target),
        .key = {.kind = JOB_STOP, .service = guard_service(guard), .import_id = import_id},
        .reason = why,
        .guard = guard->config->section.name,
        .requester = {getuid(), getgid(), getpid()},
        .timeout_usec = guards->config->polling_timeout_usec,
    };
    char id[JOB_ID_SIZE];
    int r;

    if (!request.target || registry_find_key(guards->context.registry, NULL, &request.key))
        return;
    r = registry_request(guards->context.registry, &request, id);
    if (r < 0)
        patrol_note(patrol, r == -EDQUOT ? &queue_full : &call_error_no_memory);
}

/* What it has of what the guard asks for; NULL: no memory. */
static char *explain_match(const Guard *guard, json_object *import)
{
    const char *destination = guard->config->destination;
    char text[FILTER_TEXT_SIZE];
    char *why;

    import_filter_explain(&guard->filter, guard_service(guard), import, time_now_realtime(), text);
    return string_format(&why, "%s%s%s%s", text, *text && destination ? ", " : "",
                         destination ? "destination " : "", destination ? destination : "") < 0
               ? NULL
               : why;
}

static void patrol_take_match(Patrol *patrol, const char *import_id, json_object *import)
{
    Guard *guard = patrol->guard;
    CLEANUP(freep) char *why = explain_match(guard, import);

    if (!why || json_add_bool(guard->matched, import_id, true) < 0) {
        patrol_note(patrol, &call_error_no_memory);
        return;
    }
    if (!json_object_object_get(guard->known, import_id) &&
        json_object_object_length(guard->known) < KNOWN_MAX &&
        json_add_string(guard->known, import_id, patrol->target) >= 0)
        log_match(guard, patrol->target, import_id, import, why);
    if (guard->config->action == GUARD_STOP)
        patrol_stop(patrol, import_id, why);
}

static void on_looked(const char *import_id, json_object *import, const CallError *error,
                      void *userdata)
{
    Patrol *patrol = userdata;
    const Guard *guard = patrol->guard;
    ImportService service = guard_service(guard);

    if (error)
        patrol_note(patrol, error);
    else if (!json_object_object_get(guard->matched, import_id) &&
             !import_is_over(import_operations(service), import) &&
             import_filter_matches(&guard->filter, service, import, time_now_realtime()))
        patrol_take_match(patrol, import_id, import);
}

/* ---- a look ---- */

static void guard_step_soon(Guard *guard)
{
    timer_set(&guard->timer, timers_boottime_usec(guard->guards->context.timers));
}

/* The survey is not freed here, as it may still be at it, but in the next step. */
static void on_surveyed(const CallError *error, bool listed, void *userdata)
{
    Patrol *patrol = userdata;

    assert(patrol->survey && !patrol->over);
    if (error)
        patrol_note(patrol, error);
    patrol->listed = listed;
    patrol->over = true;
    guard_step_soon(patrol->guard);
}

/* Forgets those of the target that match no longer. */
static void guard_forget(Guard *guard, const char *target)
{
    json_object_object_foreach (guard->known, import_id, known_target)
        if (strcmp(json_object_get_string(known_target), target) == 0 &&
            !json_object_object_get(guard->matched, import_id))
            json_object_object_del(guard->known, import_id);
}

static void patrol_clear(Patrol *patrol)
{
    survey_free(TAKE(patrol->survey));
    free(TAKE(patrol->target));
    call_error_clear(&patrol->error);
    patrol->over = patrol->listed = patrol->failed = false;
}

static void patrol_end(Patrol *patrol)
{
    Guard *guard = patrol->guard;

    if (!patrol->failed) {
        guard_forget(guard, patrol->target);
        json_object_object_del(guard->failing, patrol->target);
    } else if (!json_object_object_get(guard->failing, patrol->target)) {
        log_failure(patrol);
        (void)json_add_bool(guard->failing, patrol->target, true);
    }
    patrol_clear(patrol);
}

static bool guard_names_all(const GuardConfig *config)
{
    for (char *const *name = config->targets; *name; name++)
        if (strcmp(*name, CONFIG_ALL_TARGETS) == 0)
            return true;
    return false;
}

/* The target that is to be surveyed next; NULL: all have been. */
static const char *guard_next_target(Guard *guard)
{
    const TargetSet *targets = guard->guards->context.targets;

    if (guard_names_all(guard->config))
        return guard->next_target < target_set_size(targets)
                   ? target_set_get(targets, guard->next_target++)->name
                   : NULL;
    return guard->config->targets[guard->next_target] ? guard->config->targets[guard->next_target++]
                                                      : NULL;
}

static int patrol_begin(Patrol *patrol, const char *target)
{
    const Guard *guard = patrol->guard;
    int r;

    patrol->target = strdup(target);
    if (!patrol->target)
        return -ENOMEM;
    r = survey_new(&(SurveyRequest){.targets = guard->guards->context.targets,
                                    .target = target,
                                    .service = guard_service(guard),
                                    .destination = guard->config->destination,
                                    .looked = on_looked,
                                    .done = on_surveyed,
                                    .userdata = patrol},
                   &patrol->survey);
    if (r >= 0)
        survey_start(patrol->survey);
    else
        patrol_clear(patrol);
    return r;
}

/* What is over makes room for the next targets. Returns how many are being surveyed. */
static unsigned guard_go_on(Guard *guard)
{
    unsigned n = 0;

    for (size_t i = 0; i < SURVEYS_MAX; i++) {
        Patrol *patrol = &guard->patrols[i];
        const char *target;

        if (patrol->over)
            patrol_end(patrol);
        if (!patrol->survey && (target = guard_next_target(guard)))
            (void)patrol_begin(patrol, target); /* without memory, the next look has it again */
        n += patrol->survey != NULL;
    }
    return n;
}

/* A look that takes longer than the time between two leaves out those that it overlaps. */
static void guard_rest(Guard *guard)
{
    uint64_t every_usec = guard->config->every_usec;
    uint64_t took_usec =
        time_since(guard->began_usec, timers_boottime_usec(guard->guards->context.timers));

    timer_set(&guard->timer, guard->began_usec + (took_usec / every_usec + 1) * every_usec);
}

static void guard_step(void *userdata)
{
    Guard *guard = userdata;

    if (!guard->looking) {
        guard->looking = true;
        guard->began_usec = timers_boottime_usec(guard->guards->context.timers);
        guard->next_target = 0;
        guard->matched = json_object_new_object();
    }
    if (guard->matched && guard_go_on(guard) > 0)
        return;
    guard->looking = false;
    json_object_put(TAKE(guard->matched));
    guard_rest(guard);
}

/* ---- all of them ---- */

static ImportFilter make_filter(const GuardConfig *config)
{
    ImportFilter filter = {.source = config->source};
    const uint64_t at_least[N_FILTER_NUMBERS] = {
        [FILTER_OLDER_THAN] = config->older_than_usec / USEC_PER_SEC,
        [FILTER_MIN_FAILED_ENTRIES] = config->min_failed_entries,
        [FILTER_MIN_EVENTS] = config->min_events,
        [FILTER_MIN_BYTES] = config->min_bytes,
    };

    for (FilterNumber i = 0; i < N_FILTER_NUMBERS; i++) {
        filter.given[i] = at_least[i] > 0;
        filter.at_least[i] = (int64_t)at_least[i];
    }
    return filter;
}

static int guard_begin(Guard *guard, Guards *guards, const GuardConfig *config)
{
    const Random *random = guards->context.random;
    uint64_t delay_usec =
        FIRST_USEC + (uint64_t)(random->uniform(random->userdata) * (double)SPREAD_USEC);

    *guard = (Guard){
        .guards = guards,
        .config = config,
        .filter = make_filter(config),
        .known = json_object_new_object(),
        .failing = json_object_new_object(),
    };
    for (size_t i = 0; i < SURVEYS_MAX; i++)
        guard->patrols[i].guard = guard;
    timer_init(&guard->timer, guards->context.timers, guard_step, guard);
    timer_set(&guard->timer, timers_boottime_usec(guards->context.timers) + delay_usec);
    return guard->known && guard->failing ? 0 : -ENOMEM;
}

static void guard_clear(Guard *guard)
{
    timer_clear(&guard->timer);
    for (size_t i = 0; i < SURVEYS_MAX; i++)
        patrol_clear(&guard->patrols[i]);
    json_object_put(guard->matched);
    json_object_put(guard->known);
    json_object_put(guard->failing);
}

int guards_new(const GuardContext *context, const Config *config, Guards **ret)
{
    CLEANUP(guards_freep)
    Guards *guards = calloc(1, sizeof(*guards) + config->n_guards * sizeof(guards->guards[0]));

    if (!guards)
        return -ENOMEM;
    guards->context = *context;
    guards->config = config;
    while (guards->n < config->n_guards) {
        Guard *guard = &guards->guards[guards->n++];

        if (guard_begin(guard, guards, config->guards[guards->n - 1]) < 0)
            return -ENOMEM;
    }
    *ret = TAKE(guards);
    return 0;
}

void guards_free(Guards *guards)
{
    if (!guards)
        return;
    for (size_t i = 0; i < guards->n; i++)
        guard_clear(&guards->guards[i]);
    free(guards);
}

/* Targets that are gone are not asked any more, so nothing would be forgotten of them. */
static void drop_imports(json_object *known, const Config *config)
{
    json_object_object_foreach (known, import_id, target)
        if (!config_find_target(config, json_object_get_string(target)))
            json_object_object_del(known, import_id);
}

static void guard_inherit(Guard *guard, const Guard *former)
{
    json_object_put(guard->known);
    json_object_put(guard->failing);
    guard->known = json_object_get(former->known);
    guard->failing = json_object_get(former->failing);
    drop_imports(guard->known, guard->guards->config);
}

void guards_succeed(Guards *guards, Guards *former)
{
    for (size_t i = 0; former && i < guards->n; i++)
        for (size_t j = 0; j < former->n; j++) {
            Guard *guard = &guards->guards[i], *before = &former->guards[j];

            if (strcmp(guard->config->section.name, before->config->section.name) == 0 &&
                guard->config->service == before->config->service)
                guard_inherit(guard, before);
        }
    guards_free(former);
}
