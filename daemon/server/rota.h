/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: the work that clients ask for, in slices, shared out fairly.
 *
 * A place stands for one client. One that has work is queued; rota_run() gives out slices until a
 * time is over, and what is left waits for the next turn of the loop. Users take turns, so that a
 * user with a thousand clients holds up nobody else, and so do the clients of one user: those that
 * come with something new alternate with those that have used up a slice and want another, so that
 * a short question does not wait behind every long list.
 *
 * It also counts the memory that all clients of a user cost together. A place whose user has no
 * room waits with rota_wait() until there is some; one that costs little has room all the same, so
 * that a user's hoarding clients do not shut out the others. One that has read all its replies has
 * room for one more whatever it has sent ahead: it gets on, call by call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/memory.h"

typedef struct Rota Rota;
typedef struct RotaUser RotaUser;
typedef struct RotaPlace RotaPlace;

typedef TAILQ_HEAD(RotaQueue, RotaPlace) RotaQueue;

/* Lives inside what it stands for. */
struct RotaPlace {
    TAILQ_ENTRY(RotaPlace) entry;
    RotaUser *user;
    RotaQueue *queue; /* that it stands in; NULL: none */
    size_t size;      /* bytes of memory that it costs */
    /* One slice of work. May queue the place again, or end it with rota_leave(). */
    void (*work)(void *userdata);
    void *userdata;
};

int rota_new(Rota **ret);
void rota_free(Rota *rota); /* no place is left; takes NULL */
DEFINE_CLEANUP(Rota, rota_free)

/* Clients that this user has already. */
unsigned rota_count(const Rota *rota, uid_t uid);

/* 0 or -ENOMEM. */
int rota_join(Rota *rota, uid_t uid, RotaPlace *place);
void rota_leave(RotaPlace *place); /* takes one that has not joined */

void rota_queue(RotaPlace *place);       /* something new has come for it; it may stand there */
void rota_queue_again(RotaPlace *place); /* its slice is used up, and work is left */

/* Notes what the place costs now, in bytes. */
void rota_set_size(RotaPlace *place, size_t size);
bool rota_has_room(const RotaPlace *place);
bool rota_has_room_for_one(const RotaPlace *place);      /* message or reply */
bool rota_may_hold(const RotaPlace *place, size_t size); /* so much more, in a list to be sent */
void rota_wait(RotaPlace *place); /* queues it as soon as its user has room */

/* Gives out slices for so long, or until they have done as much as can be finished in this turn;
 * one at least where there is work. True: there was. */
bool rota_run(Rota *rota, uint64_t usec, bool (*is_enough)(const void *userdata),
              const void *userdata);
bool rota_has_work(const Rota *rota);
