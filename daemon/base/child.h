/* SPDX-License-Identifier: Apache-2.0 */
/* A child process on the event loop: started without a shell, with nothing of this process but its
 * environment and working directory; its output is collected, its end awaited, neither blocks.
 *
 * It runs in a process group of its own, which is killed as a whole when time is up, when it writes
 * too much, or when it is not wanted any more. What it wrote may be secret and is wiped. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "daemon/base/timer.h"

#define CHILD_OUTPUT_MAX (64U * 1024U)
/* Of standard error its end is kept, from the start of a character on. */
#define CHILD_ERRORS_MAX 1024U

typedef enum ChildEnd {
    CHILD_ENDED,     /* by itself: see status */
    CHILD_NOT_RUN,   /* the command does not exist or may not be run: see error */
    CHILD_TIMED_OUT, /* and was killed */
    CHILD_TOO_LOUD, /* wrote more than CHILD_OUTPUT_MAX, or than there is memory for, and was killed
                     */
} ChildEnd;

typedef struct ChildResult {
    ChildEnd end;
    int status;         /* as waitpid() gives it */
    int error;          /* errno */
    const char *output; /* of standard output; not ended by NUL; NULL where there is none */
    size_t output_size;
    const char *errors; /* of standard error; ended by NUL, in which others became blanks */
} ChildResult;

typedef struct Child Child;

/* Once, never from child_start(). The child may be freed from within. */
typedef void (*ChildDone)(const ChildResult *result, void *userdata);

/* words: the command, searched for in $PATH, and its arguments, ended by NULL. timeout_usec: a
 * pause of this process, as in a suspended host, does not count. 0, or -errno: this host has run
 * out of something. */
int child_start(struct event_base *base, Timers *timers, char *const *words, uint64_t timeout_usec,
                ChildDone done, void *userdata, Child **ret);

/* Kills it where it still runs; takes NULL. */
void child_free(Child *child);
