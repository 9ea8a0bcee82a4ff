/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a second the daemon accepts: many connections, each of which keeps a number of
 * Stop calls for distinct imports under way.
 *
 *     load SOCKET CONNECTIONS DEPTH REQUESTS
 *
 * Prints accepted requests a second. Any answer but an accepted job ends it with exit status 1. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CALL_FORMAT                                                                                \
    "{\"method\":\"io.trailstop.Imports.Stop\","                                                   \
    "\"parameters\":{\"importId\":\"%08x-0000-4000-8000-%012lx\"}}"
#define CALL_SIZE (sizeof(CALL_FORMAT) + 20)
#define CONNECTIONS_MAX 1024U
#define DEPTH_MAX 1024U

/* One connection: calls not yet written, and the reply being read. */
typedef struct Connection {
    char output[CALL_SIZE * DEPTH_MAX];
    size_t output_size;
    size_t under_way; /* calls without an answer */
    char reply[4096]; /* its beginning is enough to tell a job from an error */
    size_t reply_size;
} Connection;

typedef struct Load {
    unsigned depth;
    unsigned long requests;
    unsigned long asked;
    unsigned long accepted;
    unsigned run; /* makes the ids differ from those of an earlier run */
} Load;

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Tops up the calls under way. */
static void ask(Load *load, Connection *connection)
{
    while (connection->under_way < load->depth && load->asked < load->requests &&
           connection->output_size + CALL_SIZE <= sizeof(connection->output)) {
        int length = snprintf(connection->output + connection->output_size, CALL_SIZE, CALL_FORMAT,
                              load->run, load->asked);
        connection->output_size += (size_t)length + 1; /* the NUL ends the message */
        connection->under_way++;
        load->asked++;
    }
}

static int send_calls(Connection *connection, int fd)
{
    ssize_t sent = send(fd, connection->output, connection->output_size, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN ? 0 : -1;
    connection->output_size -= (size_t)sent;
    memmove(connection->output, connection->output + sent, connection->output_size);
    return 0;
}

/* Takes what has arrived, byte by byte: replies end with NUL. */
static int take_replies(Load *load, Connection *connection, int fd)
{
    char input[65536];
    ssize_t size = recv(fd, input, sizeof(input), 0);
    if (size <= 0) {
        fprintf(stderr, "load: the daemon closed a connection\n");
        return -1;
    }
    for (ssize_t i = 0; i < size; i++) {
        if (connection->reply_size < sizeof(connection->reply) - 1)
            connection->reply[connection->reply_size++] = input[i];
        if (input[i] != '\0')
            continue;
        connection->reply[connection->reply_size] = '\0';
        connection->reply_size = 0;
        if (!strstr(connection->reply, "\"job\"") || strstr(connection->reply, "\"error\"")) {
            fprintf(stderr, "load: not accepted: %s\n", connection->reply);
            return -1;
        }
        connection->under_way--;
        load->accepted++;
    }
    return 0;
}

static int run(Load *load, Connection *connections, struct pollfd *fds, unsigned n)
{
    while (load->accepted < load->requests) {
        for (unsigned i = 0; i < n; i++) {
            ask(load, &connections[i]);
            fds[i].events = (short)(POLLIN | (connections[i].output_size ? POLLOUT : 0));
        }
        if (poll(fds, n, -1) < 0)
            return -1;
        for (unsigned i = 0; i < n; i++) {
            if (fds[i].revents & POLLOUT && send_calls(&connections[i], fds[i].fd) < 0)
                return -1;
            if (fds[i].revents & ~POLLOUT && take_replies(load, &connections[i], fds[i].fd) < 0)
                return -1;
        }
    }
    return 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    unsigned long n = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;
    Load load = {.run = (unsigned)getpid()};
    Connection *connections;
    struct pollfd *fds;
    double began;
    int status;

    if (argc == 5) {
        load.depth = (unsigned)strtoul(argv[3], NULL, 10);
        load.requests = strtoul(argv[4], NULL, 10);
    }
    if (n < 1 || n > CONNECTIONS_MAX || load.depth < 1 || load.depth > DEPTH_MAX) {
        fprintf(stderr, "usage: load SOCKET CONNECTIONS DEPTH REQUESTS\n");
        return 2;
    }

    connections = calloc(n, sizeof(*connections));
    fds = calloc(n, sizeof(*fds));
    if (!connections || !fds)
        return 1;
    for (unsigned i = 0; i < n; i++)
        if ((fds[i].fd = connect_to(argv[1])) < 0) {
            perror(argv[1]);
            return 1;
        }

    began = now();
    status = run(&load, connections, fds, (unsigned)n);
    if (status == 0)
        printf("%.0f\n", (double)load.accepted / (now() - began));
    free(connections);
    free(fds);
    return status == 0 ? 0 : 1;
}
