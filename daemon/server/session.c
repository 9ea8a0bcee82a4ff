/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemon/base/hangup.h"
#include "daemon/server/input.h"
#include "daemon/server/methods.h"

#define CALLS_MAX 1024 /* read ahead of their replies; max-message bounds their memory */
#define SLICE_WORK 32  /* units, see caller_spend() */
#define CALL_SIZE (sizeof(Call) + 256) /* with what the heap and a small reply add */
#define BUFFER_FACTOR 2   /* what a buffer takes for a byte: its pieces are powers of two */
#define SESSION_SIZE 4096 /* without calls and bytes: events, buffers, the peer's groups */

TAILQ_HEAD(CallList, Call);

typedef enum SessionLife { SESSION_OPEN, SESSION_HALF_CLOSED, SESSION_CLOSING } SessionLife;

struct Session {
    SessionOwner *owner;
    void *userdata;
    int fd;
    Caller caller;
    struct event *readable, *writable;
    Hangup *hangup; /* NULL: not needed so far */
    Input *input;
    struct CallList calls; /* not answered yet, oldest first */
    unsigned n_calls;
    SessionLife life;
    bool has_input;        /* its socket was readable */
    CallProgress progress; /* of the oldest call, as of the last slice */
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
    assert(session->n_calls > 0 && session->caller.calls_size >= call->size);
    TAILQ_REMOVE(&session->calls, call, entry);
    session->n_calls--;
    session->caller.calls_size -= call->size;
    call_free(call);
}

/* Takes the message, whose text had so many bytes. */
static int session_start_call(Session *session, json_object *message, size_t size)
{
    Call *call;
    int r = call_new(&session->caller, session->owner->service, message, &call);

    if (r < 0)
        return r;
    call->size = CALL_SIZE + 2 * size; /* as JSON and as what the method copies */
    session->caller.calls_size += call->size;
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

/* Ahead of the replies to earlier calls, only with room for more than one. */
static bool session_may_start(const Session *session)
{
    const Caller *caller = &session->caller;

    if (session_streams(session) || !caller_has_room(caller))
        return false;
    return session->n_calls == 0 ||
           (session->n_calls < CALLS_MAX && caller->calls_size < session_max_message(session) &&
            (rota_has_room(&caller->place) || output_is_closed(caller->output)));
}

static bool session_may_check(const Session *session)
{
    return session_streams(session) && session->life < SESSION_CLOSING;
}

/* Whether what waits for a stream to end are calls. */
static int session_check_ahead(Session *session)
{
    json_object *message;
    size_t size;
    int r = 1;

    while (r > 0 && session->caller.work_left > 0 && session_may_check(session)) {
        r = input_check(session->input, session_max_message(session), &message, &size);
        if (r > 0) {
            r = methods_check(message) < 0 ? -EBADMSG : 1;
            json_object_put(message);
            caller_spend(&session->caller, 1 + size / BYTES_A_UNIT);
        }
    }
    return r;
}

/* Starts calls that are there. 0 or negative errno: the session cannot go on. */
static int session_start_calls(Session *session)
{
    int r = 1;

    while (r > 0 && session->caller.work_left > 0 && session_may_start(session)) {
        json_object *message;
        size_t size;

        r = input_take(session->input, session_max_message(session), &message, &size);
        if (r > 0) {
            r = session_start_call(session, message, size);
            caller_spend(&session->caller, 1 + size / BYTES_A_UNIT);
            r = r < 0 ? r : 1;
        }
    }
    return r;
}

/* Nobody reads its reply, and it does nothing else. */
static bool session_may_drop(const Session *session, const Call *call)
{
    return output_is_closed(session->caller.output) && !call->reply &&
           (call->more || !call->method->acts);
}

/* A stream that has sent all there is for now; it does not keep open what is to be closed. */
static bool session_may_cut(const Session *session, const Call *call)
{
    return session->life == SESSION_CLOSING && call->more &&
           output_is_empty(session->caller.output);
}

/* Goes on with the oldest call. */
static int session_pump_call(Session *session, Call *call)
{
    session->progress = CALL_DONE;
    if (call->reply || session_may_drop(session, call))
        return 0;
    return methods_pump(call, &session->progress);
}

/* Answers calls from the oldest on, as far as they are ready and there is room and work. */
static int session_answer_calls(Session *session)
{
    Call *call;
    int r;

    session->progress = CALL_GOES_ON;
    while ((call = TAILQ_FIRST(&session->calls)) && call_may_go_on(call)) {
        r = session_pump_call(session, call);
        if (r < 0)
            return r;
        caller_spend(&session->caller, 1);
        if (session->progress == CALL_GOES_ON)
            return 0;
        if (session->progress == CALL_WAITS) {
            if (!session_may_cut(session, call))
                return 0;
            input_drop(session->input); /* an answer to that would pass for one of this stream */
        }
        if (call->reply && (r = call_send_reply(call)) < 0)
            return r;
        session_end_call(session, call);
        session->progress = CALL_GOES_ON;
    }
    return 0;
}

/* Within its own bounds and those of its user. */
static bool session_may_read(const Session *session)
{
    const Caller *caller = &session->caller;
    bool waits_for_nothing = session->n_calls == 0 && input_is_starved(session->input);

    return session->life == SESSION_OPEN &&
           input_has_room(session->input, session_max_message(session)) &&
           (rota_has_room(&caller->place) || (waits_for_nothing && caller_has_room(caller)));
}

/* Reads what is there; notes whether the client is gone or only has no more to say. */
static int session_read(Session *session)
{
    int r;

    session->has_input = false;
    if (!session_may_read(session))
        return 0;
    r = input_read(session->input, session_max_message(session));
    if (r > 0 || r == -ENOMEM)
        return r;
    session_advance(session, SESSION_HALF_CLOSED);
    if (r < 0 || hangup_has_come(session->fd))
        output_close(session->caller.output);
    return 0;
}

static void session_end(Session *session)
{
    SessionOwner *owner = session->owner;
    void *userdata = session->userdata;

    session_free(session);
    owner->ended(userdata);
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

static void session_gone(void *userdata)
{
    Session *session = userdata;

    output_close(session->caller.output);
    rota_queue(&session->caller.place);
}

/* Something can be done for it that waits for nothing. */
static bool session_has_work(const Session *session)
{
    const Call *call = TAILQ_FIRST(&session->calls);

    if (!input_is_starved(session->input) && session_may_start(session))
        return true;
    if (!input_is_checked(session->input) && session_may_check(session))
        return true;
    if (!call)
        return false;
    return session->progress == CALL_GOES_ON ? caller_has_room(&session->caller)
                                             : session_may_cut(session, call);
}

/* Waits for what can come next. */
static int session_await(Session *session)
{
    RotaPlace *place = &session->caller.place;
    const Output *output = session->caller.output;
    bool read, write = !output_is_empty(output);

    rota_set_size(place, SESSION_SIZE + session->caller.calls_size +
                             BUFFER_FACTOR * (input_size(session->input) + output_size(output)));
    read = session_may_read(session);
    if (!read && !write && !output_is_closed(output) && !session->hangup &&
        hangup_new(session->owner->base, session->fd, session_gone, session, &session->hangup) >= 0)
        session->owner->n_descriptors++; /* else the next write notices */
    if ((read ? event_add(session->readable, NULL) : event_del(session->readable)) < 0 ||
        (write ? event_add(session->writable, NULL) : event_del(session->writable)) < 0)
        return -ENOMEM;
    if (session_has_work(session))
        rota_queue_again(place);
    else if (!rota_has_room(place) && !output_is_closed(output))
        rota_wait(place);
    return 0;
}

/* Nothing is left to do for the client, and nothing further will come from it. */
static bool session_is_done(const Session *session)
{
    return session->life > SESSION_OPEN && input_is_starved(session->input) &&
           !TAILQ_FIRST(&session->calls) && output_is_empty(session->caller.output);
}

/* Takes from the input what there is room for. */
static void session_take_input(Session *session)
{
    int r = session->has_input ? session_read(session) : 0;

    if (r >= 0)
        r = session_start_calls(session);
    if (r < 0) {
        session_close_input(session, r);
        input_drop(session->input);
    } else if ((r = session_check_ahead(session)) < 0) {
        session_close_input(session, r);
    }
}

/* One slice: reads, starts calls, answers, writes; ends the session when nothing is left. */
static void session_work(void *userdata)
{
    Session *session = userdata;
    int r;

    session->caller.work_left = SLICE_WORK / 2;
    session_take_input(session);
    session->caller.work_left +=
        SLICE_WORK / 2; /* so that no more is read ahead than is answered */
    r = session_answer_calls(session);
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

static void session_ready(evutil_socket_t fd, short events, void *userdata)
{
    Session *session = userdata;

    (void)fd;
    session->has_input |= (events & EV_READ) != 0;
    rota_queue(&session->caller.place);
}

SessionRest session_finish(Session *session)
{
    const RotaPlace *place = &session->caller.place;
    const Call *call = TAILQ_FIRST(&session->calls);
    bool waits = call && session->progress == CALL_WAITS;

    if (session->life == SESSION_OPEN)
        rota_queue(&session->caller.place); /* ends it where nothing is left */
    session_advance(session, SESSION_HALF_CLOSED);
    if (output_is_closed(session->caller.output))
        return SESSION_DONE;
    if (waits && !call->more)
        return SESSION_ANSWERING;
    if (place->queue || (call && !waits) || !output_is_empty(session->caller.output))
        return SESSION_SENDING;
    return SESSION_DONE;
}

int session_new(SessionOwner *owner, void *userdata, int fd, Peer *peer, Session **ret)
{
    Session *session = calloc(1, sizeof(*session));

    if (!session) {
        peer_clear(peer);
        close(fd);
        return -ENOMEM;
    }
    *session = (Session){
        .owner = owner,
        .userdata = userdata,
        .fd = fd,
        .caller = {.peer = *peer, .place = {.work = session_work, .userdata = session}},
    };
    *peer = (Peer){0};
    TAILQ_INIT(&session->calls);
    owner->n_descriptors++;
    session->readable = event_new(owner->base, fd, EV_READ | EV_PERSIST, session_ready, session);
    session->writable = event_new(owner->base, fd, EV_WRITE | EV_PERSIST, session_ready, session);
    if (input_new(fd, &session->input) < 0 ||
        output_new(fd, session_max_message(session), &session->caller.output) < 0 ||
        rota_join(owner->rota, session->caller.peer.process.uid, &session->caller.place) < 0 ||
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
    session->owner->n_descriptors -= session->hangup ? 2 : 1;
    hangup_free(session->hangup);
    rota_leave(&session->caller.place);
    input_free(session->input);
    output_free(session->caller.output);
    close(session->fd);
    peer_clear(&session->caller.peer);
    free(session);
}
