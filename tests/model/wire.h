/* SPDX-License-Identifier: Apache-2.0 */
/* An HttpClient without a network: what the daemon sends reaches the scripted accounts in the next
 * turn, and the answer comes when it is due. As with the real one, what a turn has committed is on
 * disk before its requests are on the wire. */
#pragma once

#include "daemon/http/client.h"
#include "tests/model/account-script.h"
#include "tests/model/scripted-queue.h"

typedef struct Wire Wire;

/* One attempt of a call. */
typedef struct Attempt {
    bool of_queue; /* its request is: */
    QueueRequest queue;
    unsigned target; /* else it is about imports of this one: */
    Request request;
    unsigned number;  /* 1 for the first of its call */
    const void *call; /* which call of the daemon it is of */
    void *about;      /* what attempt() gave: the observer's own */
    bool on_the_wire;
} Attempt;

/* What goes on, as it happens. */
typedef struct WireObserver {
    void *(*attempt)(const Attempt *attempt, void *userdata); /* it goes out; gives Attempt.about */
    void (*sent)(const Attempt *attempt, void *userdata);     /* it is on the wire */
    void (*dropped)(const Attempt *attempt, void *userdata);  /* given up, or never begun */
    void (*answer)(const Attempt *attempt, const Answer *answer, void *userdata);
    /* After answer(): the daemon has handled it. */
    void (*handled)(const Attempt *attempt, const Answer *answer, void *userdata);
    void *userdata;
} WireObserver;

/* queue NULL: there is none. host: its number, which the account of the history shows beside a
 * queue. */
Wire *wire_new(Model *model, ScriptedAccount *accounts, ScriptedQueue *queue, unsigned host,
               const WireObserver *observer);
void wire_free(Wire *wire);
HttpClient *wire_http(Wire *wire);

/* The endpoint of a target, for its settings. */
#define WIRE_URL_SIZE 32U
const char *wire_url(unsigned target, char buffer[static WIRE_URL_SIZE]);

void wire_set_scarce(Wire *wire, double probability); /* of requests that cannot be started */

/* The daemon shuts down: no call may begin any more. */
void wire_set_stopping(Wire *wire, bool stopping);

uint64_t wire_next_usec(const Wire *wire); /* TIMER_NEVER: nothing is under way */
void wire_send(Wire *wire);                /* what was started goes onto the wire */
void wire_serve(Wire *wire);               /* what waits at the queue, as if nobody were here */
void wire_deliver(Wire *wire);             /* the answers that are due */
