/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a client, from its message to its last reply. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include <json-c/json.h>

#include "common/memory.h"
#include "daemon/server/operators.h"
#include "daemon/server/output.h"
#include "daemon/server/parameters.h"

typedef struct Service Service; /* what methods work on, see methods.h */

/* Who calls, and where replies go; outlives its calls. */
typedef struct Caller {
    Peer peer;
    Output *output; /* closed: nobody reads replies any more; what was asked for stands */
} Caller;

typedef enum CallProgress { CALL_WAITS, CALL_DONE } CallProgress;

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
    void *state;              /* the method's own, freed by free_state */
    void (*free_state)(void *state);
} Call;

/* Takes the message, also on failure. */
int call_new(Caller *caller, Service *service, json_object *message, Call **ret);
void call_free(Call *call); /* takes NULL */

/* The call's last reply; parameters (NULL: memory ran out) are taken. 0 or -ENOMEM. */
int call_reply(Call *call, json_object *parameters);
int call_reply_error(Call *call, const char *error, json_object *parameters);

/* One reply of a stream, sent now. */
int call_reply_continues(Call *call, json_object *parameters);

/* Sends the last reply: its turn has come. 0 or -ENOMEM. */
int call_send_reply(Call *call);
