/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/base/outlet.h"

#define KEPT_BYTES_MAX 4096U

static Outlet *outlet;

int notify_open(void)
{
    const char *address = getenv("NOTIFY_SOCKET");

    return outlet || !address ? 0 : outlet_new_datagrams(address, KEPT_BYTES_MAX, &outlet);
}

/* Without an allocation: a systemd that is not notified of READY ends the daemon. */
void notify_send(const char *format, ...)
{
    char text[KEPT_BYTES_MAX];
    va_list arguments;

    if (notify_open() < 0 || !outlet)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)outlet_send(outlet, text, strlen(text));
}

bool notify_flush(void)
{
    return outlet && outlet_flush(outlet);
}

void notify_close(uint64_t timeout_usec)
{
    if (outlet)
        outlet_drain(outlet, timeout_usec);
    outlet_free(TAKE(outlet));
}
