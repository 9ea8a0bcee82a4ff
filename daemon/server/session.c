/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemon/base/hangup.h"
#include "daemon/server/input.h"
#include "daemon/server/methods.h"

#define CALLS_MAX 1024 /* read ahead of their replies */

TAILQ_HEAD(CallList, Call);

typedef enum SessionLife { SESSION_OPEN, SESSION_HALF_CLOSED, SESSION_CLOSING } SessionLife;

struct Session {
    const SessionOwner *owner;
    void *userdata;
    int fd;
    Caller caller;
    struct event *readable, *writable;
    Hangup *hangup; /* NULL: not needed so far */
    Input *input;
    struct CallList calls; /* not answered yet, oldest first */
    unsigned n_calls;
    SessionLife life;
    bool produced; /* by the last answers: there may be more where that came from */
};

const Peer *session_peer(const Session *session)
{
    return &session->caller.peer;
}

static size_t session_max_message(const Session *session)
{
    return session->owner->service->config->max_message;
}

/* Lives go forward only. */
static void session_advance(Session *session, SessionLife life)
{
    if (session->life < life)
        session->life = life;
}

static void session_end_call(Session *session, Call *call)
{
    TAILQ_REMOVE(&session->calls, call, entry);
    session->n_calls--;
    call_free(call);
}

/* Takes the message. */
static int session_start_call(Session *session, json_object *message)
{
    Call *call;
    int r = call_new(&session->caller, session->owner->service, message, &call);

    if (r < 0)
        return r;
    TAILQ_INSERT_TAIL(&session->calls, call, entry);
    session->n_calls++;
    r = methods_start(call);
    if (r < 0)
        session_end_call(session, call);
    else if (call->reply) { /* what it came with is not needed any more */
        json_object_put(call->message);
        call->message = NULL;
    }
    return r;
}

/* A stream holds up the calls behind it: they are answered, and so begun, when it has ended. */
static bool session_streams(const Session *session)
{
    const Call *last = TAILQ_LAST(&session->calls, CallList);

    return last && last->more && !last->reply;
}

static bool session_may_start(const Session *session)
{
    return session->n_calls < CALLS_MAX && output_has_room(session->caller.output) &&
           !session_streams(session);
}

/* A call waits in the input and could be started: not all fits into one turn of the loop. */
static bool session_may_go_on(const Session *session)
{
    return !input_is_starved(session->input) && session_may_start(session);
}

/* A stream had more to tell than there was room for. */
static bool session_may_produce(const Session *session)
{
    return session->produced && TAILQ_FIRST(&session->calls);
}

/* Whether what waits for a stream to end are calls. */
static int session_check_ahead(Session *session)
{
    json_object *message;
    int r;

    while ((r = input_check(session->input, session_max_message(session), &message)) > 0) {
        r = methods_check(message);
        json_object_put(message);
        if (r < 0)
            break;
    }
    return r;
}

/* Starts the calls that are there. 0 or negative errno: the session cannot go on. */
static int session_start_calls(Session *session)
{
    while (session_may_start(session)) {
        json_object *message;
        int r = input_take(session->input, session_max_message(session), &message);

        if (r > 0)
            r = session_start_call(session, message);
        else if (r == 0)
            return 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Nobody reads what it has to tell, and it does nothing else. */
static bool session_may_drop(const Session *session, const Call *call)
{
    return output_is_closed(session->caller.output) && !call->reply &&
           (call->more || !call->method->operators_only);
}

/* A stream that has told all there is for now; it does not keep open what is to be closed. */
static bool session_may_cut(const Session *session, const Call *call)
{
    return session->life == SESSION_CLOSING && call->more &&
           output_is_empty(session->caller.output);
}

/* Answers calls from the oldest on, as far as they are ready. */
static int session_answer_calls(Session *session)
{
    Call *call;
    int r;

    while ((call = TAILQ_FIRST(&session->calls))) {
        CallProgress progress = CALL_DONE;

        if (!call->reply && !session_may_drop(session, call)) {
            r = call->method->pump(call, &progress);
            if (r < 0)
                return r;
        }
        if (progress == CALL_WAITS) {
            if (!session_may_cut(session, call))
                return 0;
            input_drop(session->input); /* an answer to that would pass for one of this stream */
        }
        if (call->reply && (r = call_send_reply(call)) < 0)
            return r;
        session_end_call(session, call);
    }
    return 0;
}

/* Notes whether the client is gone or only has no more to say. */
static int session_read(Session *session)
{
    int r = input_read(session->input);

    if (r > 0 || r == -ENOMEM)
        return r;
    session_advance(session, SESSION_HALF_CLOSED);
    if (r < 0 || hangup_has_come(session->fd))
        output_close(session->caller.output);
    return 0;
}

static void session_end(Session *session)
{
    session->owner->ended(session->userdata);
    session_free(session);
}

/* Says why it is closed. */
static void session_blame(Session *session, int error)
{
    char failure[96];
    const char *how = failure;

    snprintf(failure, sizeof(failure), "could not be served: %s", strerror(-error));
    if (error == -EMSGSIZE)
        how = "sent a message longer than max-message";
    else if (error == -EBADMSG)
        how = "sent what is not a Varlink call";
    session->owner->misbehaved(how, session->userdata);
}

/* What it asked for before is answered, nothing more is read. */
static void session_close_input(Session *session, int error)
{
    if (session->life < SESSION_CLOSING)
        session_blame(session, error);
    session_advance(session, SESSION_CLOSING);
}

static void session_work(Session *session);

static void session_gone(void *userdata)
{
    Session *session = userdata;

    output_close(session->caller.output);
    session_work(session);
}

/* Waits for what can come next. */
static int session_await(Session *session)
{
    const Output *output = session->caller.output;
    bool gone = output_is_closed(output);
    bool read = session->life == SESSION_OPEN &&
                input_has_room(session->input, session_max_message(session));
    bool write = session_may_go_on(session) ||
                 (!gone && (!output_is_empty(output) || session_may_produce(session)));

    if (!read && !gone && !session->hangup) /* else the next write notices */
        (void)hangup_new(session->owner->base, session->fd, session_gone, session,
                         &session->hangup);
    if ((read ? event_add(session->readable, NULL) : event_del(session->readable)) < 0 ||
        (write ? event_add(session->writable, NULL) : event_del(session->writable)) < 0)
        return -ENOMEM;
    return 0;
}

/* Nothing is left to do for the client, and nothing further will come from it. */
static bool session_is_done(const Session *session)
{
    return session->life > SESSION_OPEN && input_is_starved(session->input) &&
           !TAILQ_FIRST(&session->calls) && output_is_empty(session->caller.output);
}

/* Does what can be done in this turn of the loop: starts calls, answers, writes; ends the session
 * when nothing is left. */
static void session_work(Session *session)
{
    int r = session_start_calls(session);

    if (r < 0) {
        session_close_input(session, r);
        input_drop(session->input);
    } else if (session_streams(session) && session->life < SESSION_CLOSING) {
        r = session_check_ahead(session);
        if (r < 0)
            session_close_input(session, r);
    }
    r = session_answer_calls(session);
    session->produced = !output_is_empty(session->caller.output);
    output_write(session->caller.output);
    if (r >= 0 && session_is_done(session)) {
        session_end(session);
        return;
    }
    if (r >= 0)
        r = session_await(session);
    if (r < 0) {
        session_blame(session, r);
        session_end(session);
    }
}

static void session_readable(evutil_socket_t fd, short events, void *userdata)
{
    Session *session = userdata;
    int r = session_read(session);

    (void)fd, (void)events;
    if (r < 0)
        session_close_input(session, r);
    session_work(session);
}

static void session_writable(evutil_socket_t fd, short events, void *userdata)
{
    (void)fd, (void)events;
    session_work(userdata);
}

void session_pump(Session *session)
{
    if (TAILQ_FIRST(&session->calls))
        session_work(session);
}

SessionRest session_finish(Session *session)
{
    const Call *call;

    session_advance(session, SESSION_HALF_CLOSED);
    event_del(session->readable);
    if (output_is_closed(session->caller.output))
        return SESSION_DONE;
    TAILQ_FOREACH (call, &session->calls, entry)
        if (!call->more)
            return SESSION_ANSWERING;
    if (session_may_go_on(session))
        return SESSION_ANSWERING;
    if (!output_is_empty(session->caller.output))
        return SESSION_SENDING;
    return session_may_produce(session) ? SESSION_ANSWERING : SESSION_DONE;
}

int session_new(const SessionOwner *owner, void *userdata, int fd, Peer *peer, Session **ret)
{
    Session *session = calloc(1, sizeof(*session));

    if (!session) {
        peer_clear(peer);
        close(fd);
        return -ENOMEM;
    }
    *session = (Session){.owner = owner, .userdata = userdata, .fd = fd, .caller = {.peer = *peer}};
    *peer = (Peer){0};
    TAILQ_INIT(&session->calls);
    session->readable = event_new(owner->base, fd, EV_READ | EV_PERSIST, session_readable, session);
    session->writable =
        event_new(owner->base, fd, EV_WRITE | EV_PERSIST, session_writable, session);
    if (input_new(fd, &session->input) < 0 || output_new(fd, &session->caller.output) < 0 ||
        !session->readable || !session->writable || event_add(session->readable, NULL) < 0) {
        session_free(session);
        return -ENOMEM;
    }
    *ret = session;
    return 0;
}

void session_free(Session *session)
{
    Call *call;

    if (!session)
        return;
    while ((call = TAILQ_FIRST(&session->calls)))
        session_end_call(session, call);
    if (session->readable)
        event_free(session->readable);
    if (session->writable)
        event_free(session->writable);
    hangup_free(session->hangup);
    input_free(session->input);
    output_free(session->caller.output);
    close(session->fd);
    peer_clear(&session->caller.peer);
    free(session);
}
