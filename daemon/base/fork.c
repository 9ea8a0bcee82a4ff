/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/fork.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

pid_t fork_blocked(void)
{
    sigset_t all, before;
    pid_t pid;
    int error;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* cannot fail with these arguments */
    pid = fork();
    if (pid == 0)
        return 0;
    error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}
