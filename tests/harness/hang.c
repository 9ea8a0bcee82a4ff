/* SPDX-License-Identifier: Apache-2.0 */
/* Makes calls of a program hang, as a library that LD_PRELOAD puts before all others: those with a
 * name below $HANG_BELOW, and those that ask for a user or a group, for as long as there is a file
 * $HANG_WHILE. A sync takes $SYNC_USEC longer than it does. */
#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/real-call.h"

static void hang(void)
{
    const char *path = getenv("HANG_WHILE");
    struct stat status;
    REAL(lstat);

    while (path && real(path, &status) == 0)
        usleep(1000);
}

static void hang_below(const char *path)
{
    const char *below = getenv("HANG_BELOW");

    if (below && strncmp(path, below, strlen(below)) == 0)
        hang();
}

#define OPEN(name)                                                                                 \
    LIKE_OPEN(name, (const char *path, int flags, ...), (hang_below(path), real(path, flags, mode)))

OPEN(open)
OPEN(open64)

#define WITH_PATH(type, name, parameters, arguments)                                               \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        hang_below(path);                                                                          \
        return real arguments;                                                                     \
    }

WITH_PATH(FILE *, fopen, (const char *path, const char *mode), (path, mode))
WITH_PATH(FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WITH_PATH(DIR *, opendir, (const char *path), (path))
WITH_PATH(int, access, (const char *path, int mode), (path, mode))
WITH_PATH(int, stat, (const char *path, struct stat *status), (path, status))
WITH_PATH(int, lstat, (const char *path, struct stat *status), (path, status))
WITH_PATH(int, execve, (const char *path, char *const words[], char *const environment[]),
          (path, words, environment))
WITH_PATH(int, execvpe, (const char *path, char *const words[], char *const environment[]),
          (path, words, environment))
WITH_PATH(int, scandir,
          (const char *path, struct dirent ***entries, int (*filter)(const struct dirent *),
           int (*compare)(const struct dirent **, const struct dirent **)),
          (path, entries, filter, compare))

struct group *getgrnam(const char *name)
{
    REAL(getgrnam);
    hang();
    return real(name);
}

struct passwd *getpwnam(const char *name)
{
    REAL(getpwnam);
    hang();
    return real(name);
}

static void delay_sync(void)
{
    const char *usec = getenv("SYNC_USEC");

    if (usec)
        usleep((useconds_t)strtoul(usec, NULL, 10));
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    delay_sync();
    return real(fd);
}

int fsync(int fd)
{
    REAL(fsync);
    delay_sync();
    return real(fd);
}
