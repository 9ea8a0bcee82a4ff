/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/registry-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/time.h"

const Requester canceller = {4, 5, 6};

void open_registry(Fixture *fixture)
{
    JobContext context = {.timers = fixture->timers, .random = &fixture->random};
    PollingRules polling = {USEC_PER_SEC, USEC_PER_MINUTE, 2};
    char *error = NULL;

    if (store_open(fixture->directory, &fixture->clock, &fixture->store, &error) < 0)
        fail_msg("%s", error);
    assert_int_equal(registry_new(&context, fixture->store, &fixture->registry), 0);
    registry_configure(fixture->registry, &polling, 3);
}

void close_registry(Fixture *fixture)
{
    registry_free(fixture->registry);
    store_close(fixture->store);
}

int set_up_registry(void **state)
{
    static char names[2][8] = {"default", "other"};
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->virtual = (VirtualClock){1000 * USEC_PER_SEC, 2000 * USEC_PER_SEC, 0.5};
    fixture->clock = virtual_clock(&fixture->virtual);
    fixture->random = virtual_random(&fixture->virtual);
    assert_int_equal(timers_new(&fixture->clock, &fixture->timers), 0);
    for (size_t i = 0; i < 2; i++)
        fixture->targets[i].name = names[i];
    strcpy(fixture->directory, "/tmp/trailstop-registry-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    open_registry(fixture);
    *state = fixture;
    return 0;
}

int tear_down_registry(void **state)
{
    Fixture *fixture = *state;
    char path[96];

    close_registry(fixture);
    timers_free(fixture->timers);
    if (fixture->mounted)
        assert_int_equal(umount(fixture->directory), 0);
    snprintf(path, sizeof(path), "%s/jobs.sqlite3", fixture->directory);
    unlink(path);
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

int request_import(Fixture *fixture, size_t target, const char *import_id, const char *reason,
                   char id[static JOB_ID_SIZE])
{
    JobRequest wanted = {
        .target = &fixture->targets[target],
        .key = {.import_id = import_id},
        .reason = reason,
        .requester = {1, 2, 3},
        .timeout_usec = USEC_PER_HOUR,
    };

    return registry_request(fixture->registry, &wanted, id);
}

void commit_registry(Fixture *fixture)
{
    bool changed;

    assert_int_equal(registry_commit(fixture->registry, &changed), 0);
}

void count_news(Follower *follower)
{
    ((Following *)follower)->n_news++;
}

Target *find_target(const char *name, void *userdata)
{
    Fixture *fixture = userdata;

    return strcmp(name, "default") == 0 ? &fixture->targets[0] : NULL;
}

int request_by_message(Fixture *fixture, const char *import_id, unsigned receives,
                       char id[static JOB_ID_SIZE])
{
    static char queue[] = "requests", message_id[] = "m-1";
    const JobMessage message = {.queue = queue, .id = message_id, .receives = receives};
    const JobRequest wanted = {
        .target = &fixture->targets[0],
        .key = {.import_id = import_id},
        .message = &message,
    };

    return registry_request(fixture->registry, &wanted, id);
}
