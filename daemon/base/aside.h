/* SPDX-License-Identifier: Apache-2.0 */
/* Work that may hang in the kernel or in a library, done in a process of its own and waited for a
 * moment only: opening a file of a network mount whose server is gone, asking a directory service
 * for a group. No flag makes such a call return, and the loop has to turn.
 *
 * Why a process and not a thread: a process ends only when all of its threads have. A thread that
 * hangs in the kernel cannot always be killed (FUSE, for one, waits for an answer in spite of
 * SIGKILL), and then the daemon could not exit: its descriptors would stay open, its store locked.
 * A process that hangs is left behind alone, with none of our descriptors, and dies with us as soon
 * as the kernel lets it. It costs a fork, so this is for what is read now and then.
 *
 * Pauses do not add up: while work with some name hangs, more with that name fails at once, and
 * each name that hangs halves the wait for others. What hung has ended by itself once the kernel
 * lets it go; the name is usable again from then on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/memory.h"

/* How long work is waited for: at the start, when a disk may have to wake and a mount to be made
 * first, and from loop_run() on. */
#define ASIDE_START_USEC (2 * UINT64_C(1000000))
#define ASIDE_TURN_USEC (250 * UINT64_C(1000))

/* So many may hang at a time; each holds a copy of this process. */
#define ASIDE_HANGING_MAX 8U

/* What the work left, in memory that both processes share. */
typedef struct Aside {
    int result;      /* what it returned; -EIO: it died */
    size_t size;     /* of data: how much of it is used */
    size_t capacity; /* how much there may be */
    char data[];
} Aside;

/* Fills data and size. It runs in a copy of this process that has no descriptors of ours, and ends
 * with it: nothing that it changes besides is seen here. It closes what it opens. */
typedef int (*AsideWork)(Aside *aside, const void *userdata);

/* name: of what the work may hang on, a path in general. 0, where the work came to its end: *ret
 * says how, free it; -ETIMEDOUT: it hangs; -EBUSY: ASIDE_HANGING_MAX others do; or the errno of
 * what this host has run out of. */
int aside_run(const char *name, AsideWork work, const void *userdata, size_t capacity, Aside **ret);

void aside_free(Aside *aside); /* wipes it; takes NULL */
DEFINE_CLEANUP(Aside, aside_free)

/* Until further notice; ASIDE_START_USEC at first. */
void aside_set_wait(uint64_t wait_usec);
