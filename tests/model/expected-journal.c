/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal says, held against what has to be. */
#include <string.h>

#include "tests/model/expected-private.h"

/* Trouble that may be one import's own is the target's only where no import is known to be well. */
static void check_trouble(const Expected *expected, unsigned target)
{
    const ExpectedJob *beginner = expected->targets[target].trouble;

    for (size_t i = 0; beginner && i < expected->n_jobs; i++) {
        const ExpectedJob *job = &expected->jobs[i];

        model_hold(expected->model,
                   job->target != target || expected_job_is_over(job) || !job->answered,
                   "target %u goes out, and job %s is well", target, job->id);
    }
}

static void on_outage(Expected *expected, JournalEvent event, unsigned number)
{
    ExpectedTarget *target = &expected->targets[number];

    if (event == EVENT_OUTAGE_BEGAN) {
        model_note(expected->model, "%s goes out", target->name);
        check_trouble(expected, number);
        expected_forget_waits(expected, number);
        expected_target_began(target);
    } else {
        model_note(expected->model, "%s comes back", target->name);
        expected_target_ended(target);
    }
}

static void on_guard(Expected *expected, const JournalNews *news, unsigned target)
{
    const ScriptedAccount *account = &expected->accounts[target];
    unsigned import = 0;

    if (news->event == EVENT_GUARD_FAILED)
        model_note(expected->model, "guard %s fails for t%u", news->guard, target);
    for (unsigned i = 0; i < expected->rules.n_guards; i++) {
        if (strcmp(expected->guards[i].name, news->guard) != 0)
            continue;
        if (news->event == EVENT_GUARD_FAILED) {
            expected_guard_failed(&expected->guards[i], target);
            continue;
        }
        while (import < N_IMPORTS && strcmp(account->imports[import].id, news->import_id) != 0)
            import++;
        model_note(expected->model, "guard %s: t%u i%u matches", news->guard, target, import);
        expected_guard_matched(&expected->guards[i], target, import);
    }
}

static void on_restarted(Expected *expected, const JournalNews *news, unsigned target)
{
    for (unsigned i = 0; i < N_IMPORTS; i++)
        if (strcmp(expected->accounts[target].imports[i].id, news->import_id) == 0)
            expected_restart_logged(&expected->restarts[target][i], expected->model);
}

void expected_on_journal(const JournalNews *news, void *userdata)
{
    Expected *expected = userdata;

    for (unsigned i = 0; i < expected->rules.n_targets; i++) {
        if (!news->target || strcmp(news->target, expected->names[i]) != 0)
            continue;
        if (news->event == EVENT_OUTAGE_BEGAN || news->event == EVENT_OUTAGE_ENDED)
            on_outage(expected, news->event, i);
        else if (news->event == EVENT_GUARD_MATCHED || news->event == EVENT_GUARD_FAILED)
            on_guard(expected, news, i);
        else if (news->event == EVENT_IMPORT_RESTARTED)
            on_restarted(expected, news, i);
    }
}
