/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/streams.h"
#include "client/text.h"

#define NOT_STARTED 127 /* the exit status of a shell that does not find a program, too */

/* A user who may run this program as another one must not get a shell from the pager: only less is
 * known to offer none where LESSSECURE says so. */
static bool must_be_secure(void)
{
    const char *set = getenv("SYSTEMD_PAGERSECURE");

    if (set)
        return strcmp(set, "0") != 0 && strcasecmp(set, "no") != 0 && strcasecmp(set, "false") != 0;
    return getenv("SUDO_UID") || getenv("PKEXEC_UID") || getuid() != geteuid();
}

/* NULL: none is set. */
static const char *pager_of_environment(void)
{
    const char *pager = getenv("SYSTEMD_PAGER");

    return pager ? pager : getenv("PAGER");
}

bool pager_is_wanted(const Options *options, size_t lines)
{
    const char *pager = pager_of_environment(), *terminal = getenv("TERM");
    size_t rows = streams_output_rows();

    if (options->no_pager || rows == 0 || lines < rows)
        return false;
    if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0)
        return false;
    return !pager || (*pager && strcmp(pager, "cat") != 0);
}

static void set_from(const char *name, const char *source, const char *usual)
{
    const char *value = getenv(source);

    if (value || usual)
        setenv(name, value ? value : usual, 1);
}

/* In the child. */
_Noreturn static void run_pager(int input)
{
    static const char *const usual[] = {"pager", "less", "more"};
    const char *pager = pager_of_environment();

    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (dup2(input, STDIN_FILENO) < 0)
        _exit(NOT_STARTED);
    set_from("LESS", "SYSTEMD_LESS", "FRSXMK");
    set_from("LESSCHARSET", "SYSTEMD_LESSCHARSET", text_is_utf8() ? "utf-8" : NULL);
    if (must_be_secure()) {
        setenv("LESSSECURE", "1", 1);
        execlp("less", "less", (char *)NULL);
        _exit(NOT_STARTED);
    }
    if (pager) {
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
        _exit(NOT_STARTED);
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        execlp(usual[i], usual[i], (char *)NULL);
    _exit(NOT_STARTED);
}

static void write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
}

bool pager_show(const char *text, size_t size)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}, interrupt;
    int pipe_fds[2], status = 0;
    pid_t child;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return false;
    text_flush();
    child = fork();
    if (child == 0)
        run_pager(pipe_fds[0]);
    close(pipe_fds[0]);
    sigaction(SIGINT, &ignored, &interrupt); /* it is for the pager */
    if (child > 0)
        write_all(pipe_fds[1], text, size);
    close(pipe_fds[1]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &interrupt, NULL);
    return child > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED);
}
