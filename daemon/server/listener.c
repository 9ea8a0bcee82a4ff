/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/memory.h"
#include "common/time.h"
#include "common/varlink.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/server/listen-socket.h"

#define ACCEPT_MAX 64 /* in one turn of the loop */
#define RETRY_USEC USEC_PER_SEC
/* Descriptors that clients leave to the store, timers, files, children and their pipes; besides one
 * for each connection to AWS. */
#define DESCRIPTORS_KEPT 64

typedef struct Client {
    TAILQ_ENTRY(Client) entry;
    Listener *listener;
    Session *session;
} Client;

struct Listener {
    Service *service;
    Timers *timers;
    Rota *rota;
    SessionOwner owner;
    rlim_t max_descriptors; /* of the process */
    bool finishing;
    ListenSocket sockets[LISTEN_SOCKETS_MAX];
    struct event *readable[LISTEN_SOCKETS_MAX];
    unsigned n_sockets;
    char *metrics_error; /* why there is no socket for metrics; NULL: that is as it should be */
    Timer retry_timer;   /* set while descriptors or memory have run out */
    TAILQ_HEAD(ClientList, Client) clients;
    LogLimit misbehaved;
};

static void listener_misbehaved(Listener *listener, const Requester *process, const char *how)
{
    JournalEntry entry;
    unsigned n_left_out;

    stats_add(STAT_CLIENTS_MISBEHAVED, 1);
    if (!log_limit_take(&listener->misbehaved, time_now_boottime(), &n_left_out))
        return;
    journal_begin(&entry, EVENT_CLIENT_MISBEHAVED);
    job_journal_add_requester(&entry, process, NULL);
    journal_add(&entry, "TRAILSTOP_UNTOLD", "%u", n_left_out);
    journal_send(&entry, "Closed the connection of uid %u, pid %d: it %s", process->uid,
                 process->pid, how);
}

static void client_misbehaved(const char *how, void *userdata)
{
    Client *client = userdata;

    listener_misbehaved(client->listener, &session_peer(client->session)->process, how);
}

static void listener_pause(Listener *listener)
{
    for (unsigned i = 0; i < listener->n_sockets; i++)
        event_del(listener->readable[i]);
}

static int listener_resume(Listener *listener)
{
    for (unsigned i = 0; i < listener->n_sockets; i++)
        if (event_add(listener->readable[i], NULL) < 0)
            return -ENOMEM;
    return 0;
}

static void listener_retry(void *userdata)
{
    Listener *listener = userdata;

    if (listener_resume(listener) < 0)
        timer_set(&listener->retry_timer, timers_boottime_usec(listener->timers) + RETRY_USEC);
}

/* Descriptors that clients may take together. Where there are few of them, clients get half. */
static rlim_t listener_max_descriptors(const Listener *listener)
{
    rlim_t kept = DESCRIPTORS_KEPT + listener->service->config->max_connections;
    rlim_t most = listener->max_descriptors;

    return most - (kept < most / 2 ? kept : most / 2);
}

/* Further clients wait in the backlog until one has gone. */
static void listener_update(Listener *listener)
{
    bool room = listener->owner.n_descriptors < listener_max_descriptors(listener);

    if (!room)
        listener_pause(listener);
    else if (!listener->retry_timer.set && !listener->finishing)
        listener_retry(listener);
}

static void client_free(void *userdata)
{
    Client *client = userdata;
    Listener *listener = client->listener;

    TAILQ_REMOVE(&listener->clients, client, entry);
    listener->service->n_clients--;
    free(client);
}

/* Its descriptors are closed. */
static void client_ended(void *userdata)
{
    Listener *listener = ((Client *)userdata)->listener;

    client_free(userdata);
    listener_update(listener);
}

/* Why a client cannot be taken; NULL: it can. */
static const char *listener_refuses(const Listener *listener, const Peer *peer)
{
    const Config *config = listener->service->config;

    if (listener->service->n_clients >= config->max_clients)
        return "is one more than max-clients";
    if (rota_count(listener->rota, peer->process.uid) >= config->max_clients_per_user)
        return "is one more than max-clients-per-user";
    return NULL;
}

/* Takes the descriptor. */
static void listener_take(Listener *listener, int fd)
{
    const char *refusal;
    Client *client;
    Peer peer;

    if (peer_read(fd, &peer) < 0) { /* gone already, or no memory */
        close(fd);
        return;
    }
    refusal = listener_refuses(listener, &peer);
    client = refusal ? NULL : malloc(sizeof(*client));
    if (!client) {
        stats_add(STAT_CLIENTS_TURNED_AWAY, 1);
        listener_misbehaved(listener, &peer.process,
                            refusal ? refusal : "came while no memory was free");
        peer_clear(&peer);
        close(fd);
        return;
    }
    client->listener = listener;
    if (session_new(&listener->owner, client, fd, &peer, &client->session) < 0) {
        free(client);
        return;
    }
    varlink_tag_socket(fd, "server");
    TAILQ_INSERT_TAIL(&listener->clients, client, entry);
    listener->service->n_clients++;
    stats_add(STAT_CLIENTS_ACCEPTED, 1);
}

static void listener_readable(evutil_socket_t listening, short events, void *userdata)
{
    Listener *listener = userdata;
    rlim_t most = listener_max_descriptors(listener);

    (void)events;
    for (unsigned i = 0; i < ACCEPT_MAX && listener->owner.n_descriptors < most; i++) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            listener_take(listener, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listener_pause(listener);
            timer_set(&listener->retry_timer, timers_boottime_usec(listener->timers) + RETRY_USEC);
            return;
        }
    }
    listener_update(listener);
}

/* Those of systemd, else one for clients and one for metrics. The latter may be missing: nobody but
 * a monitoring system misses it, and its directory is there with newer versions of systemd only. */
static int listener_open(Listener *listener, char **ret_error)
{
    const Config *config = listener->service->config;
    int r = listen_socket_inherit(listener->sockets, ret_error);

    if (r != 0) {
        listener->n_sockets = r < 0 ? 0 : (unsigned)r;
        return r;
    }
    r = listen_socket_bind(config->socket, &listener->sockets[0], ret_error);
    if (r < 0)
        return r;
    listener->n_sockets = 1;
    r = listen_socket_bind(config->metrics_socket, &listener->sockets[1], &listener->metrics_error);
    if (r == -ENOENT) {
        free(listener->metrics_error);
        listener->metrics_error = NULL;
    }
    listener->n_sockets += r == 0;
    return r == -ENOMEM ? r : 0;
}

const char *listener_metrics_error(const Listener *listener)
{
    return listener->metrics_error;
}

void listener_turn_away(void)
{
    int n = sd_listen_fds(1), fd;

    for (int i = 0; i < n; i++) {
        (void)evutil_make_socket_nonblocking(SD_LISTEN_FDS_START + i);
        while ((fd = accept4(SD_LISTEN_FDS_START + i, NULL, NULL, SOCK_CLOEXEC)) >= 0)
            close(fd);
    }
}

int listener_new(struct event_base *base, Timers *timers, Service *service, Listener **ret,
                 char **ret_error)
{
    CLEANUP(listener_freep) Listener *listener = malloc(sizeof(*listener));
    struct rlimit files;
    int r;

    if (!listener)
        return -ENOMEM;
    *listener = (Listener){
        .service = service,
        .timers = timers,
        .owner = {.base = base,
                  .service = service,
                  .misbehaved = client_misbehaved,
                  .ended = client_ended},
        .max_descriptors = RLIM_INFINITY,
    };
    TAILQ_INIT(&listener->clients);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        listener->max_descriptors = files.rlim_cur;
    timer_init(&listener->retry_timer, timers, listener_retry, listener);
    r = rota_new(&listener->rota);
    if (r < 0)
        return r;
    listener->owner.rota = listener->rota;
    r = listener_open(listener, ret_error);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < listener->n_sockets; i++) {
        listener->readable[i] = event_new(base, listener->sockets[i].fd, EV_READ | EV_PERSIST,
                                          listener_readable, listener);
        if (!listener->readable[i])
            return -ENOMEM;
    }
    r = listener_resume(listener);
    if (r < 0)
        return r;
    *ret = TAKE(listener);
    return 0;
}

void listener_free(Listener *listener)
{
    Client *client;

    if (!listener)
        return;
    while ((client = TAILQ_FIRST(&listener->clients))) {
        session_free(client->session);
        client_free(client);
    }
    rota_free(listener->rota);
    timer_clear(&listener->retry_timer);
    for (unsigned i = 0; i < listener->n_sockets; i++) {
        if (listener->readable[i])
            event_free(listener->readable[i]);
        listen_socket_close(&listener->sockets[i]);
    }
    free(listener->metrics_error);
    free(listener);
}

/* To save what a call changed takes longer than the call. */
static bool is_enough_to_save(const void *userdata)
{
    return registry_has_many_changes(((const Service *)userdata)->registry);
}

bool listener_work(Listener *listener, uint64_t usec)
{
    return rota_run(listener->rota, usec, is_enough_to_save, listener->service);
}

bool listener_has_work(const Listener *listener)
{
    return rota_has_work(listener->rota);
}

SessionRest listener_finish(Listener *listener)
{
    SessionRest most = SESSION_DONE;
    Client *client;

    listener->finishing = true;
    listener_pause(listener);
    timer_clear(&listener->retry_timer);
    TAILQ_FOREACH (client, &listener->clients, entry) {
        SessionRest rest = session_finish(client->session);

        if (rest > most)
            most = rest;
    }
    return most;
}
