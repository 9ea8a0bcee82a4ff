/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/survey.h and inspection.h, and whatever memory they lack: a survey ends once, and
 * says so where it has not looked at everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/inspection.h"
#include "daemon/jobs/survey.h"
#include "tests/unit/config-world.h"
#include "tests/unit/every-call.h"
#include "tests/unit/virtual-clock.h"

#define REQUESTS_MAX 8U
#define TURNS_MAX 1000U
#define FIRST "11111111-0000-4000-8000-000000000000"
#define SECOND "22222222-0000-4000-8000-000000000000"

/* What waits for its answer; callback NULL: a place that is free. */
typedef struct Request {
    HttpCallback callback;
    void *userdata;
    char body[512];
} Request;

typedef struct World {
    HttpClient http; /* the first member */
    VirtualClock time;
    Clock clock;
    Random random;
    Timers *timers;
    Quotas *quotas;
    Config *config;
    AwsContext context;
    Request requests[REQUESTS_MAX];
    bool refuses, is_gone; /* lists are refused; nobody waits for an inspection */
    unsigned n_looked, n_failed, n_done;
    bool complete, listed; /* as done() said */
    char code[64];
} World;

static int on_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                    void *userdata, HttpTransfer **ret)
{
    World *world = (World *)http;

    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        Request *place = &world->requests[i];

        if (place->callback)
            continue;
        *place = (Request){.callback = callback, .userdata = userdata};
        memcpy(place->body, request->body, request->body_size);
        *ret = (HttpTransfer *)place;
        return 0;
    }
    fail_msg("more requests at a time than an inspection has looks");
    return -1;
}

static void on_cancel(HttpClient *http, HttpTransfer *transfer)
{
    (void)http;
    ((Request *)transfer)->callback = NULL;
}

/* As CloudTrail has two imports under way, and one whose id nobody can use. */
static const char *answer_to(const char *request, char buffer[static 512])
{
    const char *id = strstr(request, FIRST) ? FIRST : strstr(request, SECOND) ? SECOND : NULL;

    if (id) {
        snprintf(buffer, 512, "{\"ImportId\":\"%s\",\"ImportStatus\":\"IN_PROGRESS\"}", id);
        return buffer;
    }
    return strstr(request, "IN_PROGRESS")
               ? "{\"Imports\":[{\"ImportId\":\"" FIRST "\"},{\"ImportId\":\"" SECOND
                 "\"},{\"ImportId\":\"" FIRST "\"},{\"ImportId\":\"none\"}]}"
               : "{\"Imports\":[]}";
}

static bool answer_one(World *world)
{
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        Request request = world->requests[i];
        char buffer[512];
        const char *body = answer_to(request.body, buffer);
        bool refused = world->refuses && body != buffer;

        if (!request.callback)
            continue;
        if (refused)
            body = "{\"__type\":\"AccessDeniedException\"}";
        world->requests[i].callback = NULL;
        request.callback(
            &(HttpResponse){.status = refused ? 400 : 200, .body = body, .body_size = strlen(body)},
            request.userdata);
        return true;
    }
    return false;
}

/* Until it is done; time goes on as far as something waits for it. */
static void run(World *world)
{
    for (unsigned i = 0; i < TURNS_MAX && world->n_done == 0; i++)
        if (!answer_one(world)) {
            assert_true(timers_next_usec(world->timers) != TIMER_NEVER);
            virtual_advance(&world->time, world->timers, timers_next_usec(world->timers));
        }
    assert_int_equal(world->n_done, 1);
}

static void on_looked(const char *import_id, json_object *import, const CallError *error,
                      void *userdata)
{
    World *world = userdata;
    const char *id = NULL;

    world->n_looked++;
    if (error) {
        world->n_failed++;
        return;
    }
    assert_int_equal(json_get_string(import, "ImportId", &id), 1);
    assert_string_equal(id, import_id);
}

static void note_done(World *world, const CallError *error)
{
    world->n_done++;
    world->complete = !error;
    snprintf(world->code, sizeof(world->code), "%s", error ? error->code : "");
}

static void on_surveyed(const CallError *error, bool listed, void *userdata)
{
    World *world = userdata;

    note_done(world, error);
    world->listed = listed;
}

static void on_inspected(const CallError *error, void *userdata)
{
    note_done(userdata, error);
}

static bool is_wanted(void *userdata)
{
    const World *world = userdata;

    return !world->is_gone;
}

static int set_up(void **state)
{
    World *world = calloc(1, sizeof(*world));
    int r = enter_directory(state);

    assert_non_null(world);
    world->http = (HttpClient){.start = on_start, .cancel = on_cancel};
    world->time = (VirtualClock){.boottime_usec = 1000 * USEC_PER_SEC,
                                 .realtime_usec = UINT64_C(1795350225) * USEC_PER_SEC};
    world->clock = virtual_clock(&world->time);
    world->random = virtual_random(&world->time);
    write_file(CONF, "[target default]\nread-rate = 1000\n");
    world->config = expect_loaded();
    assert_int_equal(timers_new(&world->clock, &world->timers), 0);
    assert_int_equal(quotas_new(world->timers, &world->quotas), 0);
    world->context = (AwsContext){.timers = world->timers,
                                  .random = &world->random,
                                  .http = &world->http,
                                  .quotas = world->quotas};
    *state = world;
    return r;
}

static int tear_down(void **state)
{
    World *world = *state;

    quotas_free(world->quotas);
    timers_free(world->timers);
    config_free(world->config);
    free(world);
    return leave_directory(state);
}

static void forget(World *world)
{
    world->n_looked = world->n_failed = world->n_done = 0;
    world->complete = world->listed = false;
    world->code[0] = '\0';
}

/* Everything from a configuration to the end of a survey. */
static bool survey(void *data)
{
    CLEANUP(target_set_freep) TargetSet *targets = NULL;
    CLEANUP(survey_freep) Survey *survey = NULL;
    World *world = data;

    forget(world);
    if (target_set_new(&world->context, world->config, &targets) < 0 ||
        survey_new(&(SurveyRequest){.targets = targets,
                                    .target = "default",
                                    .service = SERVICE_CLOUDTRAIL,
                                    .looked = on_looked,
                                    .done = on_surveyed,
                                    .userdata = world},
                   &survey) < 0)
        return false;
    survey_start(survey);
    run(world);
    if (world->complete)
        assert_int_equal(world->n_looked, 3); /* each once, and the one without an id */
    return world->complete && world->listed && world->n_failed == 1;
}

static void test_without_memory_anywhere(void **state)
{
    every_allocation(survey, *state);
}

static void test_a_list_that_is_refused(void **state)
{
    World *world = *state;

    world->refuses = true;
    assert_false(survey(world));
    assert_string_equal(world->code, "AccessDeniedException");
    assert_false(world->listed);
    assert_int_equal(world->n_looked, 0);
}

static bool inspect(World *world, const char *target, const char *const ids[])
{
    CLEANUP(target_set_freep) TargetSet *targets = NULL;
    CLEANUP(inspection_freep) Inspection *inspection = NULL;
    CLEANUP(text_set_freep) TextSet *set = NULL;

    forget(world);
    if (text_set_new(&set) < 0)
        return false;
    for (size_t i = 0; ids[i]; i++)
        if (text_set_add(set, ids[i]) < 0)
            return false;
    if (target_set_new(&world->context, world->config, &targets) < 0 ||
        inspection_new(&(InspectionRequest){.targets = targets,
                                            .target = target,
                                            .service = SERVICE_CLOUDTRAIL,
                                            .ids = set,
                                            .is_wanted = is_wanted,
                                            .looked = on_looked,
                                            .done = on_inspected,
                                            .userdata = world},
                       &inspection) < 0)
        return false;
    inspection_start(inspection);
    run(world);
    return world->complete;
}

static const char *const two[] = {FIRST, SECOND, NULL}, *const none[] = {NULL};

static void test_nothing_to_look_at(void **state)
{
    World *world = *state;

    assert_true(inspect(world, "default", none));
    assert_int_equal(world->n_looked, 0);
}

static void test_nobody_waits_for_it(void **state)
{
    World *world = *state;

    world->is_gone = true;
    assert_false(inspect(world, "default", two));
    assert_string_equal(world->code, CALL_ERROR_ENDLESS_LIST);
    assert_int_equal(world->n_looked, 0);
}

static bool inspect_a_removed_target(void *data)
{
    World *world = data;
    bool complete = inspect(world, "gone", two);

    assert_false(complete); /* whatever failed, nothing was looked at */
    return strcmp(world->code, CALL_ERROR_TARGET_REMOVED) == 0;
}

static void test_a_target_that_was_removed(void **state)
{
    every_allocation(inspect_a_removed_target, *state);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_without_memory_anywhere),   TEST(test_a_list_that_is_refused),
        TEST(test_nothing_to_look_at),        TEST(test_nobody_waits_for_it),
        TEST(test_a_target_that_was_removed),
    };

    journal_open(JOURNAL_TEXT, LOG_EMERG);
    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
