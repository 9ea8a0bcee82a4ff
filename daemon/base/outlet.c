/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/outlet.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/time.h"

typedef enum OutletKind {
    OUTLET_FILE,   /* takes all at once, or is a file of our own that does not block */
    OUTLET_SOCKET, /* a stream */
    OUTLET_POLLED, /* blocks unless poll() says that it does not */
    OUTLET_DATAGRAMS,
} OutletKind;

typedef struct Record {
    STAILQ_ENTRY(Record) entry;
    size_t size, sent;
    char data[];
} Record;

struct Outlet {
    OutletKind kind;
    int fd; /* -1: datagrams, and not connected */
    bool owns_fd;
    bool torn; /* the last line did not get out whole: the next begins with a line end */
    struct sockaddr_un address;
    socklen_t address_size;
    STAILQ_HEAD(RecordList, Record) records; /* kept; of the first, a part may be sent */
    size_t limit_bytes, kept_bytes;
    uint64_t n_lost;
};

/* ---- making one ---- */

static Outlet *outlet_new(OutletKind kind, size_t limit_bytes)
{
    Outlet *outlet = malloc(sizeof(*outlet));

    if (!outlet)
        return NULL;
    *outlet = (Outlet){.kind = kind, .fd = -1, .limit_bytes = limit_bytes};
    STAILQ_INIT(&outlet->records);
    return outlet;
}

static int open_again(int fd)
{
    char name[64];

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int outlet_new_stream(int fd, size_t limit_bytes, Outlet **ret)
{
    Outlet *outlet = outlet_new(OUTLET_FILE, limit_bytes);
    struct stat status = {0};
    int own;

    if (!outlet)
        return -ENOMEM;
    outlet->fd = fd;
    (void)fstat(fd, &status); /* a closed descriptor fails each write */
    if (S_ISSOCK(status.st_mode)) {
        outlet->kind = OUTLET_SOCKET;
    } else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        own = open_again(fd);
        outlet->kind = own < 0 ? OUTLET_POLLED : OUTLET_FILE;
        outlet->owns_fd = own >= 0;
        outlet->fd = own < 0 ? fd : own;
    }
    *ret = outlet;
    return 0;
}

int outlet_new_datagrams(const char *address, size_t limit_bytes, Outlet **ret)
{
    size_t length = strlen(address);
    Outlet *outlet;

    if ((address[0] != '/' && address[0] != '@') || length < 2 ||
        length >= sizeof(outlet->address.sun_path))
        return -EINVAL;
    outlet = outlet_new(OUTLET_DATAGRAMS, limit_bytes);
    if (!outlet)
        return -ENOMEM;
    outlet->owns_fd = true;
    outlet->address.sun_family = AF_UNIX;
    memcpy(outlet->address.sun_path, address, length);
    outlet->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (address[0] == '@')
        outlet->address.sun_path[0] = '\0';
    else
        outlet->address_size++; /* the NUL */
    *ret = outlet;
    return 0;
}

static void outlet_drop_first(Outlet *outlet)
{
    Record *record = STAILQ_FIRST(&outlet->records);

    STAILQ_REMOVE_HEAD(&outlet->records, entry);
    assert(outlet->kept_bytes >= record->size);
    outlet->kept_bytes -= record->size;
    free(record);
}

static void outlet_close(Outlet *outlet)
{
    if (outlet->owns_fd && outlet->fd >= 0)
        close(outlet->fd);
    outlet->fd = -1;
}

void outlet_free(Outlet *outlet)
{
    if (!outlet)
        return;
    while (!STAILQ_EMPTY(&outlet->records))
        outlet_drop_first(outlet);
    outlet_close(outlet);
    free(outlet);
}

/* ---- one attempt: what was taken, -EAGAIN for later, another negative errno for never ---- */

static ssize_t write_polled(int fd, const char *data, size_t size)
{
    struct pollfd descriptor = {.fd = fd, .events = POLLOUT};

    if (poll(&descriptor, 1, 0) != 1)
        return -EAGAIN;
    return write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

static ssize_t outlet_write(Outlet *outlet, const char *data, size_t size)
{
    ssize_t n;

    do
        n = outlet->kind == OUTLET_SOCKET
                ? send(outlet->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
            : outlet->kind == OUTLET_POLLED ? write_polled(outlet->fd, data, size)
                                            : write(outlet->fd, data, size);
    while (n == -1 && errno == EINTR);
    return n == -1 ? -errno : n;
}

/* As systemd's own library does: the contents in a sealed memory file, its descriptor in the
 * datagram. */
static ssize_t send_memfd(int fd, const char *data, size_t size)
{
    CLEANUP(closep) int file = memfd_create("trailstopd-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header = (struct cmsghdr *)control;

    if (file < 0)
        return -errno;
    for (size_t written = 0; written < size;) {
        ssize_t n = write(file, data + written, size - written);

        if (n < 0)
            return -errno;
        written += (size_t)n;
    }
    (void)fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &file, sizeof(int));
    return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : (ssize_t)size;
}

/* To whoever has the name now, each time: a reader that started again has another socket, and the
 * former one may be open still, with nobody who reads it. */
static int outlet_connect(Outlet *outlet)
{
    if (outlet->fd < 0)
        outlet->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (outlet->fd < 0)
        return -errno;
    if (connect(outlet->fd, (const struct sockaddr *)&outlet->address, outlet->address_size) < 0) {
        int r = -errno;

        outlet_close(outlet);
        return r;
    }
    return 0;
}

/* No reader so far, or nothing on this host to reach it with for now: it is sent later. */
static bool may_pass(ssize_t error)
{
    static const int passing[] = {ENOENT, ECONNREFUSED, ECONNRESET, ENOTCONN,
                                  EMFILE, ENFILE,       ENOMEM,     ENOBUFS};

    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (error == -passing[i])
            return true;
    return false;
}

static ssize_t outlet_send_datagram(Outlet *outlet, const char *data, size_t size)
{
    ssize_t n = outlet_connect(outlet);

    if (n >= 0)
        n = send(outlet->fd, data, size, MSG_NOSIGNAL) < 0 ? -errno : (ssize_t)size;
    if (n == -EMSGSIZE || n == -ENOBUFS)
        n = send_memfd(outlet->fd, data, size);
    return may_pass(n) ? -EAGAIN : n;
}

static ssize_t outlet_attempt(Outlet *outlet, const char *data, size_t size)
{
    ssize_t n;

    if (outlet->kind == OUTLET_DATAGRAMS)
        return outlet_send_datagram(outlet, data, size);
    if (outlet->torn) {
        n = outlet_write(outlet, "\n", 1);
        if (n < 0)
            return n;
        outlet->torn = false;
    }
    return outlet_write(outlet, data, size);
}

/* ---- records ---- */

/* Sends from *sent on until all is taken (true) or no more is, now or ever: *ret_r. */
static bool send_rest(Outlet *outlet, const char *data, size_t size, size_t *sent, int *ret_r)
{
    while (*sent < size) {
        ssize_t n = outlet_attempt(outlet, data + *sent, size - *sent);

        if (n < 0) {
            *ret_r = (int)n;
            return false;
        }
        *sent += (size_t)n;
    }
    return true;
}

static void outlet_lose(Outlet *outlet, size_t sent)
{
    outlet->n_lost++;
    outlet->torn = outlet->torn || sent > 0;
}

bool outlet_flush(Outlet *outlet)
{
    Record *record;
    int r = 0;

    while ((record = STAILQ_FIRST(&outlet->records))) {
        if (!send_rest(outlet, record->data, record->size, &record->sent, &r)) {
            if (r == -EAGAIN)
                return true;
            outlet_lose(outlet, record->sent);
        }
        outlet_drop_first(outlet);
    }
    assert(outlet->kept_bytes == 0);
    return false;
}

/* A record that is longer than the limit is kept where it stands alone: half of it may be out. */
static bool outlet_keep(Outlet *outlet, const char *data, size_t size, size_t sent)
{
    bool fits = STAILQ_EMPTY(&outlet->records) ||
                (size <= outlet->limit_bytes && outlet->kept_bytes <= outlet->limit_bytes - size);
    Record *record = fits ? malloc(sizeof(*record) + size) : NULL;

    if (!record)
        return false;
    record->size = size;
    record->sent = sent;
    memcpy(record->data, data, size);
    STAILQ_INSERT_TAIL(&outlet->records, record, entry);
    outlet->kept_bytes += size;
    return true;
}

bool outlet_send(Outlet *outlet, const char *data, size_t size)
{
    bool waits = outlet_flush(outlet);
    size_t sent = 0;
    int r = -EAGAIN;

    if (!waits && send_rest(outlet, data, size, &sent, &r))
        return true;
    if (r != -EAGAIN || !outlet_keep(outlet, data, size, sent))
        outlet_lose(outlet, sent);
    return false;
}

void outlet_drain(Outlet *outlet, uint64_t timeout_usec)
{
    uint64_t now_usec = time_now_boottime(), until_usec = now_usec + timeout_usec;

    while (outlet_flush(outlet) && now_usec < until_usec) {
        struct pollfd descriptor = {.fd = outlet->fd, .events = POLLOUT};

        (void)poll(&descriptor, 1, (int)((until_usec - now_usec) / USEC_PER_MSEC) + 1);
        now_usec = time_now_boottime();
    }
}

uint64_t outlet_take_lost(Outlet *outlet)
{
    uint64_t n = outlet->n_lost;

    outlet->n_lost = 0;
    return n;
}
