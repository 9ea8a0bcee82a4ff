/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets: handed over by systemd or bound here; who may connect, how many, and the sessions
 * that come of it. */
#pragma once

#include "daemon/base/timer.h"
#include "daemon/server/methods.h"
#include "daemon/server/session.h"

typedef struct Listener Listener;

/* Takes the sockets that systemd handed over, else binds service->config->socket and
 * metrics_socket. Negative errno and an owned sentence. */
int listener_new(struct event_base *base, Timers *timers, Service *service, Listener **ret,
                 char **ret_error);

/* For a daemon that could not start: closes the connections that wait on the socket of systemd,
 * which would start it again for them at once and for ever. */
void listener_turn_away(void);

/* Why metrics have no socket of their own, a sentence; NULL: they have, or there is no place for it
 * on this system. */
const char *listener_metrics_error(const Listener *listener);

void listener_free(Listener *listener); /* ends all sessions; takes NULL */
DEFINE_CLEANUP(Listener, listener_free)

/* Works for clients for so long, see rota.h. True: there was work. */
bool listener_work(Listener *listener, uint64_t usec);
bool listener_has_work(const Listener *listener); /* that waits for nothing */

/* For a shutdown: takes no further clients and calls. The most that is left to do for any client.
 */
SessionRest listener_finish(Listener *listener);
