/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/query.h: how a long list reaches those that take it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "daemon/jobs/query.h"
#include "tests/unit/call-world.h"

#define N_IMPORTS 1000U
#define IN_A_TURN_MAX 100U

typedef struct Taker {
    Query *query;
    unsigned n_taken, n_done;
    unsigned full; /* with so many, there is no memory for another */
    bool quota;    /* of whoever asks */
    char code[64]; /* of the error that ended it */
} Taker;

static int take(json_object *item, void *userdata)
{
    Taker *taker = userdata;
    const char *id;
    char expected[32];

    if (taker->n_taken == taker->full)
        return taker->quota ? -EDQUOT : -ENOMEM;
    snprintf(expected, sizeof(expected), "import-%u", taker->n_taken++);
    assert_int_equal(json_get_string(item, "ImportId", &id), 1);
    assert_string_equal(id, expected);
    return 0;
}

static void on_done(json_object *result, const CallError *error, void *userdata)
{
    Taker *taker = userdata;

    assert_null(result);
    taker->n_done++;
    snprintf(taker->code, sizeof(taker->code), "%s", error ? error->code : "");
}

/* A list of all imports in this page, about to be taken. token: of a page behind it, or NULL. */
static void begin_page(World *world, Taker *taker, const char *token)
{
    CLEANUP(json_object_putp) json_object *page = json_object_new_object();
    json_object *imports = json_object_new_array();
    Outage *outage;
    Target target = {.clients[SERVICE_CLOUDTRAIL] = world->client};

    for (unsigned i = 0; i < N_IMPORTS; i++) {
        json_object *import = json_object_new_object();
        char id[32];

        snprintf(id, sizeof(id), "import-%u", i);
        assert_int_equal(json_add_string(import, "ImportId", id), 0);
        assert_int_equal(json_append(imports, import), 0);
    }
    assert_int_equal(json_add(page, "Imports", imports), 0);
    assert_int_equal(json_add_string(page, "NextToken", token), 0);
    assert_int_equal(outage_new(world->timers, &world->random, AWS_OWNER_TARGET, "t", &outage), 0);
    target.outage = outage;
    assert_int_equal(
        query_new(&(QueryRequest){.kind = QUERY_IMPORTS, .target = &target, .take = take}, on_done,
                  taker, &taker->query),
        0);
    outage_unref(outage); /* the query has a reference of its own */
    world->hooked = 1;
    assert_true(world_advance(world));
    world_answer(world, &(Reply){.status = 200, .body = json_text(page, NULL)});
}

static void begin(World *world, Taker *taker)
{
    begin_page(world, taker, NULL);
}

/* Lets go of it, and of what the call leaves behind for a while. */
static void end(World *world, Taker *taker)
{
    query_free(taker->query);
    assert_false(world_advance(world));
}

static void test_some_in_each_turn_and_all_in_the_end(void **state)
{
    World *world = *state;
    Taker taker = {.full = N_IMPORTS};
    unsigned before = 0;

    begin(world, &taker);
    for (unsigned turn = 0; turn < N_IMPORTS; turn++) {
        assert_in_range(taker.n_taken - before, 0, IN_A_TURN_MAX);
        before = taker.n_taken;
        if (taker.n_done > 0)
            break;
        (void)world_step(world);
    }
    assert_int_equal(taker.n_done, 1);
    assert_int_equal(taker.n_taken, N_IMPORTS);
    assert_string_equal(taker.code, "");
    end(world, &taker);
}

/* So that no more than a page of JSON objects is in memory. */
static void test_a_page_is_taken_before_the_next_is_asked_for(void **state)
{
    World *world = *state;
    Taker taker = {.full = 2 * N_IMPORTS};

    begin_page(world, &taker, "next");
    world->hooked = 2;
    assert_true(world_advance(world));
    assert_int_equal(taker.n_taken, N_IMPORTS);
    assert_int_equal(taker.n_done, 0);
    assert_non_null(strstr(world->seen[world->n_seen - 1].body, "\"NextToken\":\"next\""));
    world_answer(world, &(Reply){.status = 200, .body = "{}"});
    (void)world_step(world);
    assert_int_equal(taker.n_taken, N_IMPORTS);
    assert_int_equal(taker.n_done, 1);
    end(world, &taker);
}

static void test_what_takes_too_much_memory_is_given_up(void **state)
{
    World *world = *state;
    Taker taker = {.full = N_IMPORTS / 2, .quota = true};

    begin(world, &taker);
    for (unsigned turn = 0; turn < N_IMPORTS && taker.n_done == 0; turn++)
        (void)world_step(world);
    assert_int_equal(taker.n_done, 1);
    assert_string_equal(taker.code, CALL_ERROR_RESOURCES);
    end(world, &taker);
}

static void test_none_after_it_was_given_up(void **state)
{
    World *world = *state;
    Taker taker = {.full = N_IMPORTS};
    unsigned before;

    begin(world, &taker);
    before = taker.n_taken;
    end(world, &taker);
    assert_int_equal(taker.n_taken, before);
    assert_int_equal(taker.n_done, 0);
}

static void test_a_lack_of_memory_ends_it(void **state)
{
    World *world = *state;
    Taker taker = {.full = N_IMPORTS / 2};

    begin(world, &taker);
    for (unsigned turn = 0; turn < N_IMPORTS && taker.n_done == 0; turn++)
        (void)world_step(world);
    assert_int_equal(taker.n_taken, N_IMPORTS / 2);
    assert_string_equal(taker.code, CALL_ERROR_RESOURCES);
    end(world, &taker);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_some_in_each_turn_and_all_in_the_end),
        TEST(test_a_page_is_taken_before_the_next_is_asked_for),
        TEST(test_what_takes_too_much_memory_is_given_up),
        TEST(test_none_after_it_was_given_up),
        TEST(test_a_lack_of_memory_ends_it),
    };

    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
