/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/job-journal.h"

#define ACCEPT_MAX 64 /* in one turn of the loop */
#define RETRY_USEC USEC_PER_SEC
#define MISBEHAVED_INTERVAL_USEC USEC_PER_SEC /* at most one line in that time */

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
    int fd;
    bool bound; /* here, so that its name is ours to remove */
    struct event *readable;
    Timer retry_timer; /* set while descriptors or memory have run out */
    TAILQ_HEAD(ClientList, Client) clients;
    uint64_t misbehaved_usec; /* when the last line was written, CLOCK_BOOTTIME */
    unsigned n_untold;        /* since then */
};

static void listener_misbehaved(Listener *listener, const Requester *process, const char *how)
{
    uint64_t now = timers_boottime_usec(listener->timers);
    JournalEntry entry;

    stats_add(STAT_CLIENTS_MISBEHAVED, 1);
    if (listener->misbehaved_usec > 0 &&
        now - listener->misbehaved_usec < MISBEHAVED_INTERVAL_USEC) {
        listener->n_untold++;
        return;
    }
    journal_begin(&entry, EVENT_CLIENT_MISBEHAVED);
    job_journal_add_requester(&entry, process, NULL);
    journal_add(&entry, "TRAILSTOP_UNTOLD", "%u", listener->n_untold);
    journal_send(&entry, "Closed the connection of uid %u, pid %d: it %s", process->uid,
                 process->pid, how);
    listener->misbehaved_usec = now;
    listener->n_untold = 0;
}

static void client_misbehaved(const char *how, void *userdata)
{
    Client *client = userdata;

    listener_misbehaved(client->listener, &session_peer(client->session)->process, how);
}

static void client_free(void *userdata)
{
    Client *client = userdata;
    Listener *listener = client->listener;

    TAILQ_REMOVE(&listener->clients, client, entry);
    listener->service->n_clients--;
    free(client);
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
        listener_misbehaved(listener, &peer.process, refusal ? refusal : "met no free memory");
        peer_clear(&peer);
        close(fd);
        return;
    }
    client->listener = listener;
    if (session_new(&listener->owner, client, fd, &peer, &client->session) < 0) {
        free(client);
        return;
    }
    TAILQ_INSERT_TAIL(&listener->clients, client, entry);
    listener->service->n_clients++;
    stats_add(STAT_CLIENTS_ACCEPTED, 1);
}

static void listener_readable(evutil_socket_t listening, short events, void *userdata)
{
    Listener *listener = userdata;

    (void)events;
    for (unsigned i = 0; i < ACCEPT_MAX; i++) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            listener_take(listener, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Clients wait in the backlog until there is room again. */
            event_del(listener->readable);
            timer_set(&listener->retry_timer, timers_boottime_usec(listener->timers) + RETRY_USEC);
            return;
        }
    }
}

static void listener_retry(void *userdata)
{
    Listener *listener = userdata;

    if (event_add(listener->readable, NULL) < 0)
        timer_set(&listener->retry_timer, timers_boottime_usec(listener->timers) + RETRY_USEC);
}

static bool is_in_use(const struct sockaddr_un *address)
{
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
           errno != ECONNREFUSED;
}

/* Makes a socket of that name, readable and writable for owner and group. */
static int listener_bind(Listener *listener, const char *path, char **ret_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;

    if (strlen(path) >= sizeof(address.sun_path))
        return explain(ret_error, -ENAMETOOLONG,
                       "socket %s: the name is longer than the %zu bytes a socket may have", path,
                       sizeof(address.sun_path) - 1);
    strcpy(address.sun_path, path);
    if (lstat(path, &status) == 0) {
        if (!S_ISSOCK(status.st_mode))
            return explain(ret_error, -EEXIST, "socket %s: there is something else of that name",
                           path);
        if (is_in_use(&address))
            return explain(ret_error, -EADDRINUSE, "socket %s: another trailstopd listens there",
                           path);
        (void)unlink(path); /* left over; bind says so where it could not be removed */
    }
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return explain(ret_error, -errno, "socket %s cannot be made: %m", path);
    if (bind(listener->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return explain(ret_error, -errno, "socket %s cannot be bound: %m", path);
    listener->bound = true;
    if (chmod(path, 0660) < 0 || listen(listener->fd, SOMAXCONN) < 0)
        return explain(ret_error, -errno, "socket %s cannot be listened on: %m", path);
    return 0;
}

/* The one socket that systemd hands over, or -ENOENT. */
static int listener_inherit(Listener *listener, char **ret_error)
{
    int n = sd_listen_fds(1);

    if (n == 0)
        return -ENOENT;
    if (n != 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0)
        return explain(ret_error, -EINVAL,
                       "systemd handed over %d descriptors, not one listening UNIX stream socket: "
                       "see trailstopd.socket",
                       n);
    if (evutil_make_socket_nonblocking(SD_LISTEN_FDS_START) < 0)
        return explain(ret_error, -EIO, "the socket of systemd cannot be made non-blocking");
    listener->fd = SD_LISTEN_FDS_START;
    return 0;
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
    int r;

    if (!listener)
        return -ENOMEM;
    *listener = (Listener){
        .service = service,
        .timers = timers,
        .owner = {.base = base,
                  .service = service,
                  .misbehaved = client_misbehaved,
                  .ended = client_free},
        .fd = -1,
    };
    TAILQ_INIT(&listener->clients);
    timer_init(&listener->retry_timer, timers, listener_retry, listener);
    r = rota_new(&listener->rota);
    if (r < 0)
        return r;
    listener->owner.rota = listener->rota;
    r = listener_inherit(listener, ret_error);
    if (r == -ENOENT)
        r = listener_bind(listener, service->config->socket, ret_error);
    if (r < 0)
        return r;
    listener->readable =
        event_new(base, listener->fd, EV_READ | EV_PERSIST, listener_readable, listener);
    if (!listener->readable || event_add(listener->readable, NULL) < 0)
        return -ENOMEM;
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
    if (listener->readable)
        event_free(listener->readable);
    if (listener->bound)
        (void)unlink(listener->service->config->socket);
    if (listener->fd >= 0)
        close(listener->fd);
    free(listener);
}

bool listener_work(Listener *listener, uint64_t usec)
{
    return rota_run(listener->rota, usec);
}

bool listener_has_work(const Listener *listener)
{
    return rota_has_work(listener->rota);
}

SessionRest listener_finish(Listener *listener)
{
    SessionRest most = SESSION_DONE;
    Client *client;

    event_del(listener->readable);
    timer_clear(&listener->retry_timer);
    TAILQ_FOREACH (client, &listener->clients, entry) {
        SessionRest rest = session_finish(client->session);

        if (rest > most)
            most = rest;
    }
    return most;
}
