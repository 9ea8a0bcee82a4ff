/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/guard.h: what a guard remembers has a bound, and what is beyond it is stopped all the
 * same. The surveys are the test's own; all else of guards is in tests/model. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/jobs/guard.h"
#include "daemon/jobs/survey.h"
#include "tests/model/journal-events.h"
#include "tests/unit/every-call.h"
#include "tests/unit/virtual-clock.h"

#define KNOWN_MAX 10000U

typedef struct Fixture {
    VirtualClock clock;
    Random random;
    Timers *timers;
    Config *config;
    Guards *guards;
    unsigned first, end; /* imports that run, by their numbers */
    bool fails;          /* the next survey, after its looks */
    unsigned n_logged, n_requests;
    unsigned logged_first, logged_last;
} Fixture;

static Fixture *fixture_now;

/* ---- in the place of surveys, targets and the registry ---- */

struct Survey {
    SurveyRequest request;
};

int survey_new(const SurveyRequest *request, Survey **ret)
{
    *ret = malloc(sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    (*ret)->request = *request;
    return 0;
}

void survey_start(Survey *survey)
{
    const SurveyRequest *request = &survey->request;
    static char code[] = "ServiceUnavailable";
    static const CallError error = {.code = code};

    for (unsigned i = fixture_now->first; i < fixture_now->end; i++) {
        json_object *import = json_object_new_object();
        char id[IMPORT_ID_SIZE];

        snprintf(id, sizeof(id), "task-%u", i);
        request->looked(id, import, NULL, request->userdata);
        json_object_put(import);
    }
    request->done(fixture_now->fails ? &error : NULL, true, request->userdata);
}

void survey_free(Survey *survey)
{
    free(survey);
}

Target *target_set_find(const TargetSet *set, const char *name)
{
    static Target target;

    (void)set, (void)name;
    return &target;
}

size_t target_set_size(const TargetSet *set)
{
    (void)set;
    return 0;
}

Target *target_set_get(const TargetSet *set, size_t i)
{
    (void)set, (void)i;
    return NULL;
}

Job *registry_find_key(const Registry *registry, const Target *target, const JobKey *key)
{
    (void)registry, (void)target, (void)key;
    return NULL;
}

int registry_request(Registry *registry, const JobRequest *request, char ret_id[static JOB_ID_SIZE])
{
    (void)registry, (void)request;
    strcpy(ret_id, "id");
    fixture_now->n_requests++;
    return 0;
}

/* ---- a guard of one target that stops whatever runs ---- */

static void on_journal(const JournalNews *news, void *userdata)
{
    Fixture *fixture = userdata;
    unsigned number;

    if (news->event != EVENT_GUARD_MATCHED)
        return;
    assert_int_equal(sscanf(news->import_id, "task-%u", &number), 1);
    if (fixture->n_logged++ == 0)
        fixture->logged_first = number;
    fixture->logged_last = number;
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));
    GuardConfig *guard;
    Clock clock;

    assert_non_null(fixture);
    fixture_now = fixture;
    fixture->clock = (VirtualClock){.boottime_usec = USEC_PER_HOUR, .realtime_usec = 1};
    clock = virtual_clock(&fixture->clock);
    fixture->random = virtual_random(&fixture->clock);
    assert_int_equal(timers_new(&clock, &fixture->timers), 0);
    assert_int_equal(config_new(&fixture->config), 0);
    assert_int_equal(config_add_guard(fixture->config, "g", NULL, 0, &guard), 0);
    free(guard->targets[0]); /* the default: all */
    guard->targets[0] = strdup("t");
    assert_non_null(guard->targets[0]);
    guard->service = SERVICE_LOGS;
    guard->action = GUARD_STOP;
    assert_int_equal(
        guards_new(&(GuardContext){.timers = fixture->timers, .random = &fixture->random},
                   fixture->config, &fixture->guards),
        0);
    journal_events_to(on_journal, fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    journal_events_to(NULL, NULL);
    guards_free(fixture->guards);
    config_free(fixture->config);
    timers_free(fixture->timers);
    free(fixture);
    return 0;
}

/* One look, while imports first to end - 1 run. */
static void look(Fixture *fixture, unsigned first, unsigned end)
{
    const GuardConfig *guard = fixture->config->guards[0];

    fixture->first = first;
    fixture->end = end;
    fixture->n_logged = fixture->n_requests = 0;
    virtual_advance(&fixture->clock, fixture->timers,
                    fixture->clock.boottime_usec + guard->every_usec);
    assert_int_equal(fixture->n_requests, end - first);
}

static void look_once(Fixture *fixture, bool fails, unsigned first, unsigned end)
{
    fixture->fails = fails;
    fixture->first = first;
    fixture->end = end;
    fixture->n_logged = fixture->n_requests = 0;
    virtual_advance(&fixture->clock, fixture->timers,
                    fixture->clock.boottime_usec + fixture->config->guards[0]->every_usec);
}

static void assert_logged(const Fixture *fixture, unsigned first, unsigned end)
{
    assert_int_equal(fixture->n_logged, end - first);
    if (end > first) {
        assert_int_equal(fixture->logged_first, first);
        assert_int_equal(fixture->logged_last, end - 1);
    }
}

static void test_at_the_limit_every_import_is_logged_once(void **state)
{
    Fixture *fixture = *state;

    look(fixture, 0, KNOWN_MAX);
    assert_logged(fixture, 0, KNOWN_MAX);
    look(fixture, 0, KNOWN_MAX);
    assert_logged(fixture, 0, 0);
}

/* They are all stopped: look() counts the requests. */
static void test_beyond_the_limit_imports_are_stopped_and_not_logged(void **state)
{
    Fixture *fixture = *state;

    look(fixture, 0, KNOWN_MAX + 5);
    assert_logged(fixture, 0, KNOWN_MAX);
    look(fixture, 0, KNOWN_MAX + 5);
    assert_logged(fixture, 0, 0);
}

static void test_what_no_longer_matches_makes_room(void **state)
{
    Fixture *fixture = *state;

    look(fixture, 0, KNOWN_MAX + 5);
    look(fixture, 3, KNOWN_MAX + 5); /* which are forgotten when the look is over */
    assert_logged(fixture, 0, 0);
    look(fixture, 3, KNOWN_MAX + 5);
    assert_logged(fixture, KNOWN_MAX, KNOWN_MAX + 3);
    look(fixture, 3, KNOWN_MAX + 5);
    assert_logged(fixture, 0, 0);
}

static void test_a_look_that_failed_makes_no_room(void **state)
{
    Fixture *fixture = *state;

    look(fixture, 0, KNOWN_MAX);
    fixture->fails = true;
    look(fixture, 3, KNOWN_MAX + 3);
    fixture->fails = false;
    look(fixture, 3, KNOWN_MAX + 3);
    assert_logged(fixture, 0, 0);
    look(fixture, 3, KNOWN_MAX + 3);
    assert_logged(fixture, KNOWN_MAX, KNOWN_MAX + 3);
}

/* What a look that failed did not see is known still in the next. */
static bool fail_and_look_again(void *data)
{
    Fixture *fixture = data;

    look_once(fixture, true, 1, 3);
    look_once(fixture, false, 0, 3);
    assert_int_equal(fixture->n_logged, 0);
    return fixture->n_requests == 3;
}

static void test_without_memory_a_look_that_failed_makes_no_room(void **state)
{
    look(*state, 0, 3);
    every_allocation(fail_and_look_again, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_the_limit_every_import_is_logged_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_beyond_the_limit_imports_are_stopped_and_not_logged,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_no_longer_matches_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_look_that_failed_makes_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory_a_look_that_failed_makes_no_room,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
