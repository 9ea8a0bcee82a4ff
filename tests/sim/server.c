/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "common/explain.h"
#include "common/memory.h"
#include "tests/sim/control.h"
#include "tests/sim/service.h"
#include "tests/sim/tls.h"

#define BACKLOG 4096
#define HEADERS_SIZE_MAX (64 * 1024)
#define BODY_SIZE_MAX (16 * 1024 * 1024) /* a scenario may be large */
#define IDLE_TIMEOUT_SEC 600

struct Server {
    struct event_base *base;
    Sim *sim;
    struct evhttp *http;
    SSL_CTX *tls; /* NULL: none */
    char url[128];
};

static void request_came(struct evhttp_request *request, void *userdata)
{
    Server *server = userdata;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

    if (path && strncmp(path, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0)
        control_handle(server->sim, request);
    else
        service_handle(server->sim, request);
}

/* For each connection that is accepted; the socket is set afterwards. */
static struct bufferevent *new_connection(struct event_base *base, void *userdata)
{
    Server *server = userdata;
    SSL *ssl;
    struct bufferevent *connection;

    record_connection(server->sim->record);
    if (!server->tls)
        return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    ssl = SSL_new(server->tls);
    if (!ssl)
        return NULL;
    connection = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                BEV_OPT_CLOSE_ON_FREE);
    if (!connection) {
        SSL_free(ssl);
        return NULL;
    }
    /* Clients that close without close_notify are common, and their requests are whole. */
    bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
    return connection;
}

static void handshake_done(void *userdata)
{
    Server *server = userdata;

    record_tls_handshake(server->sim->record);
}

static int set_url(Server *server, evutil_socket_t fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char host[INET6_ADDRSTRLEN];
    const char *scheme = server->tls ? "https" : "http";

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -errno;
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;
        evutil_inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        snprintf(server->url, sizeof(server->url), "%s://[%s]:%u", scheme, host,
                 ntohs(in6->sin6_port));
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
        evutil_inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(server->url, sizeof(server->url), "%s://%s:%u", scheme, host, ntohs(in->sin_port));
    }
    return 0;
}

/* The last colon ends the address, which may stand in brackets. */
static int resolve(const char *text, struct addrinfo **ret, char **ret_error)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    CLEANUP(freep) char *copy = strdup(text);
    char *host, *colon;
    int error;

    if (!copy)
        return -ENOMEM;

    host = copy;
    colon = strrchr(copy, ':');
    if (colon)
        *colon = '\0';
    if (*host == '[' && colon && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    if (!colon || !*host || !colon[1])
        return explain(ret_error, -EINVAL,
                       "'%s' is not ADDRESS:PORT, e.g. 127.0.0.1:4566 or [::1]:0", text);
    error = getaddrinfo(host, colon + 1, &hints, ret);
    if (error != 0)
        return explain(ret_error, -EINVAL, "cannot listen on %s: %s", text, gai_strerror(error));
    return 0;
}

static int listen_on(Server *server, const char *text, char **ret_error)
{
    struct addrinfo *address;
    int on = 1;
    int r = resolve(text, &address, ret_error);
    struct evconnlistener *listener;
    int error;
    evutil_socket_t fd;

    if (r < 0)
        return r;
    listener = evconnlistener_new_bind(
        server->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
        BACKLOG, address->ai_addr, (int)address->ai_addrlen);
    error = errno;
    freeaddrinfo(address);
    if (!listener)
        return explain(ret_error, -error, "cannot listen on %s: %s", text, strerror(error));

    fd = evconnlistener_get_fd(listener);
    r = set_url(server, fd);
    /* Linux hands it on to accepted sockets. */
    if (r == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
        r = -errno;
    if (r == 0 && !evhttp_bind_listener(server->http, listener))
        r = -ENOMEM;
    if (r < 0)
        evconnlistener_free(listener);
    return r;
}

static int new_http(Server *server)
{
    server->http = evhttp_new(server->base);
    if (!server->http)
        return -ENOMEM;
    evhttp_set_bevcb(server->http, new_connection, server);
    evhttp_set_gencb(server->http, request_came, server);
    evhttp_set_max_headers_size(server->http, HEADERS_SIZE_MAX);
    evhttp_set_max_body_size(server->http, BODY_SIZE_MAX);
    evhttp_set_timeout(server->http, IDLE_TIMEOUT_SEC);
    return 0;
}

void server_free(Server *server)
{
    if (!server)
        return;
    if (server->http)
        evhttp_free(server->http);
    tls_context_free(server->tls);
    free(server);
}
DEFINE_CLEANUP(Server, server_free)

int server_new(struct event_base *base, Sim *sim, const ServerConfig *config, Server **ret,
               char **ret_error)
{
    CLEANUP(server_freep) Server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->base = base;
    server->sim = sim;
    r = new_http(server);
    if (r == 0 && config->certificate)
        r = tls_context_new(config->certificate, config->key, handshake_done, server, &server->tls,
                            ret_error);
    if (r == 0)
        r = listen_on(server, config->address, ret_error);
    if (r < 0)
        return r;
    sim->url = server->url;
    *ret = TAKE(server);
    return 0;
}

const char *server_url(const Server *server)
{
    return server->url;
}
