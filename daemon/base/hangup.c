/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/hangup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct Hangup {
    int fd;
    struct event *changed;
    void (*gone)(void *userdata);
    void *userdata;
};

bool hangup_has_come(int fd)
{
    struct pollfd connection = {.fd = fd};

    return poll(&connection, 1, 0) == 1 && (connection.revents & (POLLHUP | POLLERR));
}

static void on_changed(evutil_socket_t fd, short events, void *userdata)
{
    Hangup *hangup = userdata;

    (void)events;
    assert(fd == hangup->fd);
    if (hangup_has_come(fd))
        hangup->gone(hangup->userdata);
}

/* A writing side that is shut down is a state that would be reported without end: hence changes
 * alone (EV_ET), which libevent wants on a descriptor without other events. EV_WRITE stands for
 * errors too: the kernel reports one in place of the end where replies were left unread. */
int hangup_new(struct event_base *base, int fd, void (*gone)(void *userdata), void *userdata,
               Hangup **ret)
{
    Hangup *hangup = malloc(sizeof(*hangup));

    if (!hangup)
        return -ENOMEM;
    *hangup = (Hangup){.gone = gone, .userdata = userdata};
    hangup->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (hangup->fd < 0) {
        int r = -errno;

        free(hangup);
        return r;
    }
    hangup->changed =
        event_new(base, hangup->fd, EV_CLOSED | EV_WRITE | EV_ET | EV_PERSIST, on_changed, hangup);
    if (!hangup->changed || event_add(hangup->changed, NULL) < 0) {
        hangup_free(hangup);
        return -ENOMEM;
    }
    *ret = hangup;
    return 0;
}

void hangup_free(Hangup *hangup)
{
    if (!hangup)
        return;
    if (hangup->changed)
        event_free(hangup->changed);
    close(hangup->fd);
    free(hangup);
}
