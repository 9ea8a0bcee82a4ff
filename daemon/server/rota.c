/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/rota.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/time.h"

/* The promise to the outside is that all clients of a user cost at most 64 MiB. Up to the first
 * figure there is room for each of them; beyond, for those that have less than an equal part of the
 * second. The rest is for what a slice takes before it is counted. */
#define USER_SIZE_HIGH ((size_t)16 * 1024 * 1024)
#define USER_SIZE_SHARED ((size_t)8 * 1024 * 1024)
/* Up to the first, lists of AWS lie here until they are whole and sent; up to the second, which
 * such lists and all shares leave room for, clients that have read all their replies are given one
 * more. */
#define USER_SIZE_HELD ((size_t)40 * 1024 * 1024)
#define USER_SIZE_FOR_ONE ((size_t)56 * 1024 * 1024)

struct RotaUser {
    TAILQ_ENTRY(RotaUser) entry;       /* of all users */
    TAILQ_ENTRY(RotaUser) queue_entry; /* of those that have work */
    Rota *rota;
    uid_t uid;
    unsigned n_places;
    size_t size; /* of all its places */
    RotaQueue fresh, used;
    RotaQueue waiting; /* for room */
    bool queued;
    bool used_next; /* the queue that is served next, where both have something */
};

TAILQ_HEAD(RotaUsers, RotaUser);

struct Rota {
    struct RotaUsers users, queue;
};

int rota_new(Rota **ret)
{
    Rota *rota = malloc(sizeof(*rota));

    if (!rota)
        return -ENOMEM;
    TAILQ_INIT(&rota->users);
    TAILQ_INIT(&rota->queue);
    *ret = rota;
    return 0;
}

void rota_free(Rota *rota)
{
    assert(!rota || TAILQ_EMPTY(&rota->users));
    free(rota);
}

static RotaUser *find_user(const Rota *rota, uid_t uid)
{
    RotaUser *user;

    TAILQ_FOREACH (user, &rota->users, entry)
        if (user->uid == uid)
            return user;
    return NULL;
}

unsigned rota_count(const Rota *rota, uid_t uid)
{
    const RotaUser *user = find_user(rota, uid);

    return user ? user->n_places : 0;
}

int rota_join(Rota *rota, uid_t uid, RotaPlace *place)
{
    RotaUser *user = find_user(rota, uid);

    assert(!place->user);
    if (!user) {
        user = malloc(sizeof(*user));
        if (!user)
            return -ENOMEM;
        *user = (RotaUser){.rota = rota, .uid = uid};
        TAILQ_INIT(&user->fresh);
        TAILQ_INIT(&user->used);
        TAILQ_INIT(&user->waiting);
        TAILQ_INSERT_TAIL(&rota->users, user, entry);
    }
    user->n_places++;
    place->user = user;
    return 0;
}

static bool user_has_work(const RotaUser *user)
{
    return !TAILQ_EMPTY(&user->fresh) || !TAILQ_EMPTY(&user->used);
}

/* Whether it stands in the queue follows from whether it has work. */
static void user_update(RotaUser *user)
{
    bool wanted = user_has_work(user);

    if (wanted && !user->queued)
        TAILQ_INSERT_TAIL(&user->rota->queue, user, queue_entry);
    else if (!wanted && user->queued)
        TAILQ_REMOVE(&user->rota->queue, user, queue_entry);
    user->queued = wanted;
}

static void place_move(RotaPlace *place, RotaQueue *queue)
{
    if (place->queue)
        TAILQ_REMOVE(place->queue, place, entry);
    if (queue)
        TAILQ_INSERT_TAIL(queue, place, entry);
    place->queue = queue;
    user_update(place->user);
}

void rota_leave(RotaPlace *place)
{
    RotaUser *user = place->user;

    if (!user)
        return;
    rota_set_size(place, 0);
    place_move(place, NULL);
    place->user = NULL;
    assert(user->n_places > 0);
    if (--user->n_places > 0)
        return;
    assert(user->size == 0 && !user->queued);
    TAILQ_REMOVE(&user->rota->users, user, entry);
    free(user);
}

void rota_queue(RotaPlace *place)
{
    RotaUser *user = place->user;

    if (place->queue != &user->fresh && place->queue != &user->used)
        place_move(place, &user->fresh);
}

void rota_queue_again(RotaPlace *place)
{
    place_move(place, &place->user->used);
}

void rota_wait(RotaPlace *place)
{
    assert(!rota_has_room(place));
    place_move(place, &place->user->waiting);
}

bool rota_has_room(const RotaPlace *place)
{
    const RotaUser *user = place->user;

    return user->size < USER_SIZE_HIGH || place->size < USER_SIZE_SHARED / user->n_places;
}

bool rota_has_room_for_one(const RotaPlace *place)
{
    return place->user->size < USER_SIZE_FOR_ONE;
}

bool rota_may_hold(const RotaPlace *place, size_t size)
{
    return place->user->size + size <= USER_SIZE_HELD;
}

void rota_set_size(RotaPlace *place, size_t size)
{
    RotaUser *user = place->user;
    RotaPlace *waiting;

    assert(user->size >= place->size);
    user->size = user->size - place->size + size;
    place->size = size;
    while (user->size < USER_SIZE_HIGH && (waiting = TAILQ_FIRST(&user->waiting)))
        place_move(waiting, &user->fresh);
}

/* Takes the place that is next among those of the user. */
static RotaPlace *user_take(RotaUser *user)
{
    RotaPlace *fresh = TAILQ_FIRST(&user->fresh), *used = TAILQ_FIRST(&user->used);
    RotaPlace *place = !fresh || (used && user->used_next) ? used : fresh;

    assert(place);
    user->used_next = place == fresh;
    place_move(place, NULL);
    return place;
}

bool rota_run(Rota *rota, uint64_t usec, bool (*is_enough)(const void *userdata),
              const void *userdata)
{
    uint64_t end_usec = time_now_monotonic() + usec;
    bool worked = false;
    RotaUser *user;

    while ((user = TAILQ_FIRST(&rota->queue))) {
        RotaPlace *place = user_take(user);

        if (user->queued) { /* to the end of it */
            TAILQ_REMOVE(&rota->queue, user, queue_entry);
            TAILQ_INSERT_TAIL(&rota->queue, user, queue_entry);
        }
        worked = true;
        place->work(place->userdata); /* may end the place, and the user with it */
        if (time_now_monotonic() >= end_usec || is_enough(userdata))
            break;
    }
    return worked;
}

bool rota_has_work(const Rota *rota)
{
    return !TAILQ_EMPTY(&rota->queue);
}
