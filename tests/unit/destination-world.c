/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/destination-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/outcome-count.h"

const Reply taken = {.status = 200, .body = "{\"MessageId\":\"m-1\"}"};
const Reply refused = {
    .status = 400,
    .body = "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"message\":\"no\"}"};
const Reply unavailable = {.failure = HTTP_CONNECT_FAILED};

static uint64_t kept_since(void *userdata)
{
    return ((Outside *)userdata)->kept_since_usec;
}

static void on_sent(const Destination *destination, const char *job, void *userdata)
{
    Outside *outside = userdata;

    assert_ptr_equal(destination, outside->destination);
    strcat(strcat(outside->sent, job), " ");
}

static void on_emptied(Destination *destination, void *userdata)
{
    Outside *outside = userdata;

    assert_ptr_equal(destination, outside->destination);
    destination_free(destination);
    outside->destination = NULL;
    outside->n_emptied++;
}

void open_destination(Outside *outside, const char *event_bus, const char *queue_url)
{
    DestinationAddress address = {
        .kind = DESTINATION_NOTIFY,
        .section = "ops",
        .event_bus = event_bus,
        .queue_url = queue_url,
        .client = outside->world->client,
    };

    assert_int_equal(destination_new(&outside->context, &address, &outside->destination), 0);
}

int set_up_outside(void **state)
{
    Outside *outside = calloc(1, sizeof(*outside));

    assert_non_null(outside);
    assert_int_equal(world_setup((void **)&outside->world), 0);
    outside->meters.timers = outside->world->timers;
    assert_int_equal(aws_meter_new(&outside->meters, &outside->world->config.meter), 0);
    world_connect(outside->world);
    aws_meter_unref(outside->world->config.meter); /* the client has a reference of its own */
    assert_int_equal(set_up_store((void **)&outside->files), 0);
    capture_begin(&outside->journal, JOURNAL_JSON);
    outside->context = (DestinationContext){
        .timers = outside->world->timers,
        .random = &outside->world->random,
        .store = outside->files->store,
        .kept_since_usec = kept_since,
        .sent = on_sent,
        .emptied = on_emptied,
        .userdata = outside,
    };
    open_destination(outside, NULL, QUEUE_URL);
    *state = outside;
    return 0;
}

int tear_down_outside(void **state)
{
    Outside *outside = *state;

    destination_free(outside->destination);
    capture_end_events(&outside->journal);
    tear_down_store((void **)&outside->files);
    world_teardown((void **)&outside->world);
    free(outside);
    return 0;
}

void put_at_time(Outside *outside, const char *jobs, uint64_t made_usec)
{
    assert_int_equal(store_begin(outside->files->store), 0);
    for (const char *job = jobs; *job; job++) {
        char id[2] = {*job}, detail[64];

        snprintf(detail, sizeof(detail), "{\"job\":{\"id\":\"%s\",\"importId\":\"import-%s\"}}", id,
                 id);
        assert_int_equal(destination_put(outside->destination, id, made_usec, detail), 0);
    }
    assert_int_equal(store_commit(outside->files->store), 0);
    destination_saved(outside->destination, 0);
}

void put_outcomes(Outside *outside, const char *jobs)
{
    put_at_time(outside, jobs, WORLD_REALTIME);
}

void commit_turn(Outside *outside)
{
    if (!outside->destination || !destination_has_changes(outside->destination))
        return;
    assert_int_equal(store_begin(outside->files->store), 0);
    assert_int_equal(destination_save(outside->destination), 0);
    assert_int_equal(store_commit(outside->files->store), 0);
    destination_saved(outside->destination, 0);
}

bool go_on_to_request(Outside *outside)
{
    World *world = outside->world;

    while (commit_turn(outside), !world->callback) {
        if (world->n_seen == WORLD_ATTEMPTS_MAX)
            world->n_seen = 0;
        world->hooked = world->n_seen + 1; /* destinations have no use for that hook */
        if (!world_step(world))
            return false;
    }
    return true;
}

const char *last_body(const Outside *outside)
{
    return outside->world->seen[outside->world->n_seen - 1].body;
}

void expect_request(Outside *outside, char job)
{
    char text[16];

    assert_true(go_on_to_request(outside));
    snprintf(text, sizeof(text), "import-%c", job);
    assert_non_null(strstr(last_body(outside), text));
}

void expect_and_answer(Outside *outside, char job, const Reply *reply)
{
    expect_request(outside, job);
    world_answer(outside->world, reply);
}

unsigned count_rows(const Outside *outside, const char *name)
{
    return count_outcomes(outside->files->store, name);
}

void expect_counts(const Outside *outside, unsigned sent, unsigned failed, unsigned dropped)
{
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_SENT), sent);
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_FAILED), failed);
    assert_int_equal(destination_count(outside->destination, NOTIFICATION_DROPPED), dropped);
}
