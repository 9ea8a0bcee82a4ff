/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a client, from its message to its last reply. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include <json-c/json.h>

#include "common/memory.h"
#include "common/names.h"
#include "daemon/jobs/parameters.h"
#include "daemon/server/elements.h"
#include "daemon/server/operators.h"
#include "daemon/server/output.h"
#include "daemon/server/rota.h"

typedef struct Service Service; /* what methods work on, see methods.h */

/* The client that calls: where replies go, and how much may be done for it now; outlives its calls.
 */
typedef struct Caller {
    Peer peer;
    Output *output; /* closed: nobody reads replies any more; what was asked for stands */
    RotaPlace place;
    size_t calls_size;  /* bytes, of all calls that are not answered yet */
    unsigned work_left; /* of this slice, see caller_spend() */
} Caller;

typedef enum CallProgress {
    CALL_WAITS,   /* for something that call_wake() will announce */
    CALL_GOES_ON, /* where it was, when there is room and work again, see call_may_go_on() */
    CALL_DONE,
} CallProgress;

typedef struct Call {
    TAILQ_ENTRY(Call) entry; /* the session's list */
    Caller *caller;
    Service *service;
    json_object *message; /* as it came; parameters borrow from it */
    const struct Method *method;
    bool more, oneway;
    json_object *reply; /* the last one, to be sent when the call's turn comes */
    Parameters parameters;
    char job_id[JOB_ID_SIZE]; /* of the job it is about */
    size_t size;              /* memory that it may cost while it waits for its turn */
    void *state;              /* the method's own, freed by free_state */
    void (*free_state)(void *state);
} Call;

/* Takes the message, also on failure. */
int call_new(Caller *caller, Service *service, json_object *message, Call **ret);
void call_free(Call *call); /* takes NULL */

/* Work is counted in units of some ten microseconds: a call, a job read or shown, a KiB of text. A
 * call that has much to do asks after each piece whether it may go on, else it says CALL_GOES_ON:
 * the slice of work is used up, or the client has to read first. */
#define BYTES_A_UNIT 1024
void caller_spend(Caller *caller, size_t units);
bool caller_has_room(const Caller *caller); /* one that is gone, or has read everything, has */
bool call_may_go_on(const Call *call);

/* What the call waited for has come. */
void call_wake(Call *call);

/* The call's last reply; parameters (NULL: memory ran out) are taken. 0 or -ENOMEM. */
int call_reply(Call *call, json_object *parameters);
int call_reply_error(Call *call, const char *error, json_object *parameters);

/* One reply of a stream, sent now. */
int call_reply_continues(Call *call, json_object *parameters);

/* A reply about a job, sent now; job and cause (NULL: none) are text as of daemon/jobs/job-text.h.
 * 0 or -ENOMEM. */
int call_send_job(Call *call, const char *job, const char *cause, const char *error,
                  bool continues);

/* Counts memory that the call holds to its end, in bytes. */
void call_hold(Call *call, size_t size);

/* The same for what there may be too much of. 0, or -EDQUOT: the user's calls hold all they may. */
int call_charge(Call *call, size_t size);

/* A reply whose members are arrays, one after the other, made in pieces over any number of slices:
 * it is sent as far as it is made, so that a long one costs no memory. */
typedef struct ReplyList {
    const char *member;
    size_t n; /* of its elements so far */
    bool begun;
} ReplyList;

/* One more element, as text (NULL: memory ran out). 0 or -ENOMEM. */
int call_list(Call *call, ReplyList *list, const char *element);
/* All of these, if the list has none yet, as far as there is room and work: they are taken away.
 * 1: none is left; 0: goes on with the next call; -ENOMEM. */
int call_list_elements(Call *call, ReplyList *list, Elements *elements);
/* Ends the array; the next is that of another member. 0 or -ENOMEM. */
int call_list_next(Call *call, ReplyList *list, const char *member);
/* Ends the reply; the list is empty again. */
int call_list_end(Call *call, ReplyList *list, bool continues);

/* Sends the last reply: its turn has come. 0 or -ENOMEM. */
int call_send_reply(Call *call);
