/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/time.h"
#include "common/varlink.h"

/* No reply is that long; it bounds what something else at the other end can make us keep. */
static const VarlinkLimits reply_limits = {.size = (size_t)256 * 1024 * 1024, .work = SIZE_MAX};

/* No max-message is smaller: a shorter call is never too long. */
#define CALL_SIZE_SAFE 4096U

/* How long connect(2) may wait for room in the backlog of a daemon that is busy or only starting.
 */
#define CONNECT_TIMEOUT_SEC 10

/* A daemon that runs answers its first call long before, unless AWS keeps it waiting. */
#define SILENCE_USEC (5 * USEC_PER_SEC)

typedef struct PendingReply {
    STAILQ_ENTRY(PendingReply) entry;
    bool more;
    bool may_be_too_long; /* as far as is known: no reply has come */
    ReplyHandler handler;
    void *userdata;
} PendingReply;

struct Connection {
    const char *path;
    struct event_base *base;
    struct event *signals[2];
    struct event *timer;                               /* ends the run... */
    int timer_result;                                  /* ...with this */
    struct bufferevent *stream;                        /* NULL: not connected */
    size_t searched;                                   /* see varlink_read() */
    bool heard;                                        /* a reply has come over it */
    STAILQ_HEAD(PendingReplies, PendingReply) pending; /* not answered yet, or not to the end */
    int result;                                        /* of the run */
};

static void end_run(Connection *connection, int result)
{
    connection->result = result;
    event_base_loopbreak(connection->base);
}

static void close_stream(Connection *connection)
{
    PendingReply *pending;

    if (connection->stream)
        bufferevent_free(connection->stream);
    connection->stream = NULL;
    connection->searched = 0;
    connection->heard = false;
    while ((pending = STAILQ_FIRST(&connection->pending))) {
        STAILQ_REMOVE_HEAD(&connection->pending, entry);
        free(pending);
    }
}

static void on_signal(evutil_socket_t number, short events, void *userdata)
{
    (void)number;
    (void)events;
    end_run(userdata, -EINTR);
}

static void on_timer(evutil_socket_t fd, short events, void *userdata)
{
    Connection *connection = userdata;

    (void)fd;
    (void)events;
    end_run(connection, connection->timer_result);
}

/* A member whose name has a dot is somebody's extension; any other that Varlink does not define may
 * change what the reply means. */
static bool has_reply_members(json_object *message)
{
    json_object_object_foreach (message, name, value) {
        (void)value;
        if (strcmp(name, "parameters") != 0 && strcmp(name, "continues") != 0 &&
            strcmp(name, "error") != 0 && !strchr(name, '.'))
            return false;
    }
    return true;
}

static int read_reply(json_object *message, Reply *ret)
{
    Reply reply = {0};

    if (!has_reply_members(message) || json_get_string(message, "error", &reply.error) < 0 ||
        json_get_object(message, "parameters", &reply.parameters) < 0 ||
        json_get_bool(message, "continues", &reply.continues) < 0)
        return -EBADMSG;
    if (!reply.parameters) {
        int r;

        reply.parameters = json_object_new_object();
        r = json_add(message, "parameters", reply.parameters);
        if (r < 0)
            return r;
    }
    *ret = reply;
    return 0;
}

static int deliver(Connection *connection, json_object *message)
{
    Reply reply;
    PendingReply *pending = STAILQ_FIRST(&connection->pending);
    int r;
    PendingReply answered;

    if (!pending)
        return -EBADMSG; /* nobody asked */
    r = read_reply(message, &reply);
    if (r < 0)
        return r;
    if (reply.continues && !pending->more)
        return -EBADMSG; /* not as asked */
    connection->heard = true;
    evtimer_del(connection->timer);
    answered = *pending;
    pending->may_be_too_long = false;
    if (!reply.continues) {
        STAILQ_REMOVE_HEAD(&connection->pending, entry);
        free(pending);
    }
    answered.handler(&reply, answered.userdata);
    return 0;
}

static void on_readable(struct bufferevent *stream, void *userdata)
{
    Connection *connection = userdata;

    for (;;) {
        CLEANUP(json_object_putp) json_object *message = NULL;
        int r = varlink_read(bufferevent_get_input(stream), &connection->searched, &reply_limits,
                             &message);
        if (r == 0)
            break;
        if (r > 0)
            r = deliver(connection, message);
        if (r < 0) {
            close_stream(connection);
            end_run(connection, r);
            return;
        }
    }
    if (STAILQ_EMPTY(&connection->pending))
        end_run(connection, 0);
}

static void on_closed(struct bufferevent *stream, short events, void *userdata)
{
    Connection *connection = userdata;
    const PendingReply *pending = STAILQ_FIRST(&connection->pending);
    int error = pending && pending->may_be_too_long ? -E2BIG : -ECONNRESET;

    (void)stream;
    (void)events;
    close_stream(connection);
    end_run(connection, error);
}

int connection_new(const char *path, Connection **ret)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    Connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return -ENOMEM;
    connection->path = path;
    STAILQ_INIT(&connection->pending);
    connection->base = event_base_new();
    if (!connection->base)
        goto fail;
    connection->timer = evtimer_new(connection->base, on_timer, connection);
    if (!connection->timer)
        goto fail;
    for (size_t i = 0; i < 2; i++) {
        connection->signals[i] = evsignal_new(connection->base, numbers[i], on_signal, connection);
        if (!connection->signals[i] || event_add(connection->signals[i], NULL) < 0)
            goto fail;
    }
    *ret = connection;
    return 0;

fail:
    connection_free(connection);
    return -ENOMEM;
}

void connection_free(Connection *connection)
{
    if (!connection)
        return;
    close_stream(connection);
    for (size_t i = 0; i < 2; i++)
        if (connection->signals[i])
            event_free(connection->signals[i]);
    if (connection->timer)
        event_free(connection->timer);
    if (connection->base)
        event_base_free(connection->base);
    free(connection);
}

struct event_base *connection_base(Connection *connection)
{
    return connection->base;
}

static int connect_socket(const char *path, int *ret)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT_SEC};
    CLEANUP(closep) int fd = -1;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    varlink_tag_socket(fd, "client");
    *ret = fd;
    fd = -1;
    return 0;
}

/* What interrupted connect(2): one of our signals, or another that means nothing here. */
static int take_interruption(Connection *connection)
{
    connection->result = -EAGAIN;
    event_base_loop(connection->base, EVLOOP_NONBLOCK);
    return connection->result;
}

int connection_open(Connection *connection)
{
    int fd = -1;
    int r;
    struct bufferevent *stream;

    close_stream(connection);
    r = connect_socket(connection->path, &fd);
    if (r == -EINTR)
        r = take_interruption(connection);
    if (fd < 0)
        return r < 0 ? r : -EINTR;
    stream = NULL;
    if (evutil_make_socket_nonblocking(fd) == 0)
        stream = bufferevent_socket_new(connection->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        close(fd);
        return -ENOMEM;
    }
    bufferevent_setcb(stream, on_readable, NULL, on_closed, connection);
    connection->stream = stream;
    return bufferevent_enable(stream, EV_READ | EV_WRITE) < 0 ? -ENOMEM : 0;
}

static int encode_call(const char *method, json_object *parameters, bool more, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *message = json_object_new_object(), *owned = parameters;
    char name[128];

    snprintf(name, sizeof(name), "%s%s", strchr(method, '.') ? "" : TRAILSTOP_INTERFACE ".",
             method);
    if (!message || !parameters || json_add_string(message, "method", name) < 0 ||
        (json_object_object_length(parameters) > 0 &&
         json_add(message, "parameters", TAKE(owned)) < 0) ||
        (more && json_add_bool(message, "more", true) < 0))
        return -ENOMEM;
    *ret = TAKE(message);
    return 0;
}

int connection_call(Connection *connection, const char *method, json_object *parameters, bool more,
                    ReplyHandler handler, void *userdata)
{
    CLEANUP(json_object_putp) json_object *message = NULL;
    int r = encode_call(method, parameters, more, &message);
    PendingReply *pending;
    struct evbuffer *output;
    size_t before;

    if (r < 0)
        return r;
    if (!connection->stream)
        return -ENOTCONN;
    pending = malloc(sizeof(*pending));
    if (!pending)
        return -ENOMEM;
    output = bufferevent_get_output(connection->stream);
    before = evbuffer_get_length(output);
    r = varlink_write(output, message);
    /* Where memory ran out when it was made, libevent may not notice output by itself. */
    if (r >= 0 && bufferevent_enable(connection->stream, EV_WRITE) < 0)
        r = -ENOMEM;
    if (r < 0) {
        free(pending);
        return r;
    }
    *pending =
        (PendingReply){.more = more,
                       .may_be_too_long = evbuffer_get_length(output) - before > CALL_SIZE_SAFE,
                       .handler = handler,
                       .userdata = userdata};
    STAILQ_INSERT_TAIL(&connection->pending, pending, entry);
    return 0;
}

static int dispatch(Connection *connection)
{
    connection->result = -EIO; /* where the loop itself fails */
    event_base_dispatch(connection->base);
    return connection->result;
}

static int dispatch_for(Connection *connection, uint64_t usec, int timer_result)
{
    struct timeval delay = {.tv_sec = (time_t)(usec / USEC_PER_SEC),
                            .tv_usec = (suseconds_t)(usec % USEC_PER_SEC)};
    int r;

    connection->timer_result = timer_result;
    if (evtimer_add(connection->timer, &delay) < 0)
        return -ENOMEM;
    r = dispatch(connection);
    evtimer_del(connection->timer);
    return r;
}

int connection_run(Connection *connection)
{
    if (STAILQ_EMPTY(&connection->pending))
        return 0;
    assert(connection->stream); /* what closes it drops the calls that wait */
    return connection->heard ? dispatch(connection)
                             : dispatch_for(connection, SILENCE_USEC, -ETIME);
}

int connection_wait(Connection *connection, uint64_t usec)
{
    return dispatch_for(connection, usec, 0);
}
