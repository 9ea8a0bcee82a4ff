/* SPDX-License-Identifier: Apache-2.0 */
/* One client: its calls in order, its replies in the same order, streams for calls with `more`, and
 * a bound on what it can make the daemon keep for it.
 *
 *              input.h              calls, oldest first              output.h
 *     socket ──▶ bytes ──▶ message ──▶ start ▸ wait ▸ answer ──▶ bytes ──▶ socket
 *
 * Its life goes one way:
 *
 *     open ────────▶ half closed ────────▶ closing ────▶ ended
 *       │                 │                   ▲
 *       └─────────────────┴───────────────────┘
 *
 * open         it may send more.
 * half closed  no more comes: it shut down its writing side or went away, or the daemon ends. What
 *              it sent before is served.
 * closing      it broke the rules. What it asked for before that is answered; nothing else is
 *              taken, and no stream keeps it.
 * ended        all is answered and read: the owner is notified, the session freed.
 *
 * Apart from that its output closes when it is gone: nobody reads replies, requests stand. */
#pragma once

#include <stdbool.h>

#include <event2/event.h>

#include "daemon/server/call.h"

typedef struct Session Session;

/* What all sessions share, and whom they notify; userdata is that of session_new(). */
typedef struct SessionOwner {
    struct event_base *base;
    Rota *rota;             /* gives each its slices of work */
    unsigned n_descriptors; /* that they have open */
    Service *service;
    void (*misbehaved)(const char *how, void *userdata);
    void (*ended)(void *userdata); /* the session has been freed */
} SessionOwner;

/* Takes the descriptor and what is in the peer, also on failure. */
int session_new(SessionOwner *owner, void *userdata, int fd, Peer *peer, Session **ret);
void session_free(Session *session); /* drops what is not sent; no ended(); takes NULL */

const Peer *session_peer(const Session *session);

/* For a shutdown, in each of its turns: no new calls. What is left to do, least first. */
typedef enum SessionRest {
    SESSION_DONE,      /* nothing, except for streams */
    SESSION_SENDING,   /* calls can be answered here, or the client has replies to read */
    SESSION_ANSWERING, /* a call waits for AWS or the disk */
} SessionRest;
SessionRest session_finish(Session *session);
