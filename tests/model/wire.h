/* SPDX-License-Identifier: Apache-2.0 */
/* An HttpClient without a network: what the daemon sends reaches the scripted CloudTrail in the
 * next turn, and the answer comes when it is due. As with the real one, what a turn has committed
 * is on disk before its requests are on the wire. */
#pragma once

#include "daemon/http/client.h"
#include "tests/model/expected-target.h"

typedef struct Wire Wire;

/* What goes on, as it happens. */
typedef struct WireObserver {
    /* An attempt goes out. NULL: for an import that no job is about. */
    ExpectedJob *(*attempt)(unsigned target, unsigned import, bool stop, unsigned number,
                            void *userdata);
    void (*answer)(ExpectedJob *job, bool stop, const Answer *answer, void *userdata);
    /* After answer(): the daemon has handled it. */
    void (*handled)(unsigned target, const Answer *answer, void *userdata);
    void *userdata;
} WireObserver;

Wire *wire_new(Model *model, ScriptedAccount *accounts, const WireObserver *observer);
void wire_free(Wire *wire);
HttpClient *wire_http(Wire *wire);

/* The endpoint of a target, for its settings. */
#define WIRE_URL_SIZE 32U
const char *wire_url(unsigned target, char buffer[static WIRE_URL_SIZE]);

void wire_set_scarce(Wire *wire, double probability); /* of requests that cannot be started */

/* The daemon shuts down: no StopImport may be given up any more. */
void wire_set_stopping(Wire *wire, bool stopping);

uint64_t wire_next_usec(const Wire *wire); /* TIMER_NEVER: nothing is under way */
void wire_send(Wire *wire);                /* what was started goes onto the wire */
void wire_deliver(Wire *wire);             /* the answers that are due */
