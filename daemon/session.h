/* One client: its calls in order, its replies in the same order, streams for calls with `more`, and
 * a bound on what it can make the daemon keep for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "daemon/operators.h"
#include "daemon/parameters.h"

typedef struct Session Session;
typedef struct Service Service; /* what methods work on, see methods.h */
typedef struct Call Call;

/* What all sessions share, and where they tell of themselves; userdata is that of session_new(). */
typedef struct SessionOwner {
    struct event_base *base;
    Service *service;
    void (*misbehaved)(const char *how, void *userdata);
    void (*ended)(void *userdata); /* the session is freed after this */
} SessionOwner;

/* Takes the descriptor and what is in the peer, also on failure. */
int session_new(const SessionOwner *owner, void *userdata, int fd, Peer *peer, Session **ret);
void session_free(Session *session); /* drops what is not sent; no ended(); takes NULL */

const Peer *session_peer(const Session *session);

/* Goes on with the calls that wait, now that changes are on disk. May end the session. */
void session_pump(Session *session);

/* For a shutdown: no new calls. What is left to do, least first. */
typedef enum SessionRest {
    SESSION_DONE,      /* nothing, but for streams */
    SESSION_SENDING,   /* the client has replies to read */
    SESSION_ANSWERING, /* calls wait for their reply */
} SessionRest;
SessionRest session_finish(Session *session);

/* A call under way. */
typedef enum CallProgress { CALL_WAITS, CALL_DONE } CallProgress;

struct Call {
    TAILQ_ENTRY(Call) entry;
    Session *session;
    Service *service;
    json_object *message; /* as it came; parameters borrow from it */
    const struct Method *method;
    bool more, oneway;
    json_object *reply; /* the last one, to be sent when the call's turn comes */
    Parameters parameters;
    char job_id[JOB_ID_SIZE]; /* of the job it is about */
    void *state;              /* the method's own, freed by free_state */
    void (*free_state)(void *state);
};

/* The call's last reply; parameters (NULL: memory ran out) are taken. 0 or -ENOMEM. */
int call_reply(Call *call, json_object *parameters);
int call_reply_error(Call *call, const char *error, json_object *parameters);

/* One reply of a stream, sent now. */
int call_reply_continues(Call *call, json_object *parameters);

/* Whether the client has read enough to be sent more. */
bool call_may_write(const Call *call);
