/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/expected-guard.h"

#include <string.h>

#include "common/time.h"

#define FIRST_LOOK_USEC (500 * USEC_PER_MSEC)

/* Of imports that run, in the order in which they are listed. */
static const char *const statuses[N_IMPORT_SERVICES][2] = {
    [SERVICE_CLOUDTRAIL] = {"INITIALIZING", "IN_PROGRESS"},
    [SERVICE_LOGS] = {"IN_PROGRESS", NULL},
};

static bool lists_are_whole(const ExpectedGuard *guard, const ExpectedPatrol *patrol)
{
    return patrol->n_lists == 2 || !statuses[guard->rules.service][patrol->n_lists];
}

void expected_guard_begin(ExpectedGuard *guard, Model *model, unsigned number,
                          const GuardRules *rules, bool keep)
{
    guard->model = model;
    guard->rules = *rules;
    core_guard_name(number, guard->name);
    for (unsigned i = 0; i < N_TARGETS_MAX; i++) {
        ExpectedPatrol former = guard->patrols[i];

        guard->patrols[i] = (ExpectedPatrol){.earliest_usec = model->now_usec + FIRST_LOOK_USEC};
        if (!keep)
            continue;
        guard->patrols[i].known = former.known;
        guard->patrols[i].failing = former.failing;
        guard->patrols[i].n_looks = former.n_looks;
    }
}

bool expected_guard_watches(const ExpectedGuard *guard, unsigned target, ImportService service)
{
    return guard->rules.service == service &&
           (guard->rules.target == target || guard->rules.target == N_TARGETS_MAX);
}

static void begin_look(ExpectedGuard *guard, ExpectedPatrol *patrol)
{
    model_hold(guard->model, guard->model->now_usec >= patrol->earliest_usec,
               "guard %s looks too early", guard->name);
    patrol->earliest_usec += guard->rules.every_usec;
    patrol->looking = true;
    patrol->refused = false;
    patrol->n_lists = patrol->page = patrol->listed = patrol->asked = patrol->seen =
        patrol->matched = 0;
}

void expected_guard_attempt(ExpectedGuard *guard, unsigned target, const Request *request,
                            unsigned number)
{
    ExpectedPatrol *patrol = &guard->patrols[target];
    const char *first = statuses[guard->rules.service][0];
    unsigned bit = 1U << request->import;
    Model *model = guard->model;

    if (request->operation == OPERATION_LIST) {
        if (number == 1 && request->page == 0 && strcmp(request->status, first) == 0)
            begin_look(guard, patrol);
        model_hold(model, patrol->looking && !lists_are_whole(guard, patrol),
                   "guard %s lists once more", guard->name);
        model_hold(model,
                   strcmp(request->status, statuses[guard->rules.service][patrol->n_lists]) == 0 &&
                       request->page == patrol->page,
                   "guard %s leaves out a page", guard->name);
        return;
    }
    model_hold(model, request->operation == OPERATION_GET, "guard %s does more than look",
               guard->name);
    model_hold(model, patrol->looking && lists_are_whole(guard, patrol),
               "guard %s looks at import %u before the lists are whole", guard->name,
               request->import);
    model_hold(model, patrol->listed & bit, "guard %s looks at import %u, which is not listed",
               guard->name, request->import);
    model_hold(model, number > 1 || !(patrol->asked & bit), "guard %s looks at import %u twice",
               guard->name, request->import);
    patrol->asked |= bit;
}

static bool matches(const ExpectedGuard *guard, const Answer *answer)
{
    const char *status = answer->import_status ? answer->import_status : "";

    return answer->amount >= guard->rules.at_least && strcmp(status, "STOPPED") != 0 &&
           strcmp(status, "COMPLETED") != 0 && strcmp(status, "FAILED") != 0;
}

static void see_page(ExpectedPatrol *patrol, const Answer *answer)
{
    patrol->listed |= answer->listed;
    patrol->page++;
    if (!answer->last_page)
        return;
    patrol->n_lists++;
    patrol->page = 0;
}

bool expected_guard_answer(ExpectedGuard *guard, unsigned target, const Request *request,
                           const Answer *answer, bool room)
{
    ExpectedPatrol *patrol = &guard->patrols[target];
    unsigned bit = 1U << request->import;
    bool matched = false;

    if (answer->meaning != MEANS_OBSERVED)
        return false;
    if (request->operation == OPERATION_LIST) {
        see_page(patrol, answer);
    } else {
        matched = matches(guard, answer);
        patrol->seen |= bit;
        patrol->matched |= matched ? bit : 0;
        patrol->due = matched ? bit & ~patrol->known : 0;
        patrol->known |= patrol->due;
        patrol->refused |= matched && guard->rules.stops && !room;
    }
    patrol->whole =
        lists_are_whole(guard, patrol) && patrol->seen == patrol->listed && !patrol->refused;
    return matched && guard->rules.stops && room;
}

void expected_guard_handled(const ExpectedGuard *guard, unsigned target)
{
    model_hold(guard->model, guard->patrols[target].due == 0,
               "guard %s: an import matches, and nothing is logged", guard->name);
}

void expected_guard_timers_ran(ExpectedGuard *guard)
{
    for (unsigned i = 0; i < N_TARGETS_MAX; i++) {
        ExpectedPatrol *patrol = &guard->patrols[i];

        if (!patrol->whole)
            continue;
        patrol->whole = patrol->looking = patrol->failing = false;
        patrol->known &= patrol->matched;
        patrol->n_looks++;
    }
}

void expected_guard_matched(ExpectedGuard *guard, unsigned target, unsigned import)
{
    ExpectedPatrol *patrol = &guard->patrols[target];

    model_hold(guard->model, patrol->due == 1U << import,
               "guard %s logs import %u, which does not match or is known", guard->name, import);
    patrol->due = 0;
}

void expected_guard_failed(ExpectedGuard *guard, unsigned target)
{
    ExpectedPatrol *patrol = &guard->patrols[target];

    model_hold(guard->model, !patrol->whole, "guard %s: a whole look counts as failed",
               guard->name);
    model_hold(guard->model, !patrol->failing, "guard %s: the same failure is logged twice",
               guard->name);
    patrol->failing = true;
}
