/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/ca-bundle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/file.h"

/* A file that was fine is not looked at again for so long, because a look costs a process, and a
 * burst of calls opens hundreds of connections in a turn. libcurl itself opens the file a round
 * trip after the look. */
#define FINE_USEC (100 * USEC_PER_MSEC)

static struct {
    char *path; /* NULL: none */
    uint64_t looked_usec;
} fine;

int ca_bundle_check(const char *path, char **ret_error)
{
    uint64_t now_usec = time_now_boottime();
    int r;

    if (fine.path && strcmp(fine.path, path) == 0 &&
        time_since(fine.looked_usec, now_usec) < FINE_USEC)
        return 0;
    r = file_check_regular(path, ret_error);
    free(TAKE(fine.path));
    if (r < 0)
        return r;
    fine.path = strdup(path); /* without memory it is looked at again */
    fine.looked_usec = time_now_boottime();
    return 0;
}
