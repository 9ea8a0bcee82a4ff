/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tests/unit/http-server.h"

typedef struct Connection {
    TAILQ_ENTRY(Connection) entry;
    Server *server;
    struct bufferevent *stream;
    bool answered; /* bufferevents call on_sent() also before there was anything to send */
} Connection;

TAILQ_HEAD(ConnectionList, Connection);

struct Server {
    struct event_base *base;
    ServerPlan *plan;
    struct evconnlistener *listener;
    SSL_CTX *tls;
    struct ConnectionList connections;
};

static void connection_free(Connection *connection)
{
    TAILQ_REMOVE(&connection->server->connections, connection, entry);
    connection->server->plan->open--;
    bufferevent_free(connection->stream);
    free(connection);
}

static void on_sent(struct bufferevent *stream, void *userdata)
{
    Connection *connection = userdata;
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (!connection->answered || connection->server->plan->then == SERVER_KEEP)
        return;
    if (connection->server->plan->then == SERVER_RESET)
        setsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    connection_free(connection);
}

#define TLS_HANDSHAKE 0x16

/* Size of the request that the text begins with; 0: not all of it is there. A client that asks for
 * TLS where there is none is answered at once, as web servers do. */
static size_t request_size(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\ncontent-length:");
    size_t size;

    if (text[0] == TLS_HANDSHAKE)
        return strlen(text);
    if (!end)
        return 0;
    size = (size_t)(end - text) + 4;
    if (length && length < end)
        size += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    return size <= strlen(text) ? size : 0;
}

static void on_data(struct bufferevent *stream, void *userdata)
{
    Connection *connection = userdata;
    ServerPlan *plan = connection->server->plan;
    char text[sizeof(plan->last)] = "";
    ev_ssize_t n = evbuffer_copyout(bufferevent_get_input(stream), text, sizeof(text) - 1);
    size_t size;

    assert_true(n >= 0);
    text[n] = '\0';
    size = request_size(text);
    if (size == 0)
        return;
    evbuffer_drain(bufferevent_get_input(stream), size);
    text[size] = '\0';
    memcpy(plan->last, text, size + 1);
    plan->requests++;
    connection->answered = true;
    if (plan->reply)
        bufferevent_write(stream, plan->reply,
                          plan->reply_size > 0 ? plan->reply_size : strlen(plan->reply));
    if (plan->reply && plan->reply[0] == '\0') /* nothing will be sent */
        on_sent(stream, connection);
}

static void on_gone(struct bufferevent *stream, short what, void *userdata)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        connection_free(userdata);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *userdata)
{
    Server *server = userdata;
    Connection *connection = calloc(1, sizeof(*connection));

    (void)listener;
    (void)address;
    (void)size;
    assert_non_null(connection);
    connection->server = server;
    connection->stream =
        server->tls
            ? bufferevent_openssl_socket_new(server->base, fd, SSL_new(server->tls),
                                             BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
            : bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    assert_non_null(connection->stream);
    TAILQ_INSERT_TAIL(&server->connections, connection, entry);
    server->plan->connections++;
    if (++server->plan->open > server->plan->most_open)
        server->plan->most_open = server->plan->open;
    bufferevent_setcb(connection->stream, on_data, on_sent, on_gone, connection);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

Server *server_new(struct event_base *base, ServerPlan *plan, const char *key_file)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    Server *server = calloc(1, sizeof(*server));

    assert_non_null(server);
    signal(SIGPIPE, SIG_IGN); /* libevent writes to clients that have gone */
    server->base = base;
    server->plan = plan;
    TAILQ_INIT(&server->connections);
    if (key_file) {
        server->tls = SSL_CTX_new(TLS_server_method());
        assert_non_null(server->tls);
        assert_int_equal(SSL_CTX_use_certificate_file(server->tls, key_file, SSL_FILETYPE_PEM), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(server->tls, key_file, SSL_FILETYPE_PEM), 1);
    }
    server->listener = evconnlistener_new_bind(base, on_accept, server, LEV_OPT_CLOSE_ON_FREE, -1,
                                               (struct sockaddr *)&address, sizeof(address));
    assert_non_null(server->listener);
    return server;
}

void server_free(Server *server)
{
    Connection *connection;

    while ((connection = TAILQ_FIRST(&server->connections)))
        connection_free(connection);
    evconnlistener_free(server->listener);
    SSL_CTX_free(server->tls);
    free(server);
}

unsigned server_port(const Server *server)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    assert_int_equal(
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &size),
        0);
    return ntohs(address.sin_port);
}

void make_certificate(char *path)
{
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

    assert_true(file && key && certificate && names);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    assert_int_equal(X509_add_ext(certificate, names, -1), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    X509_EXTENSION_free(names);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
