/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/fork.h"
#include "daemon/base/secret-text.h"

#define READ_SIZE 4096
#define PAUSE_USEC (100 * USEC_PER_MSEC)

typedef struct Stream {
    int fd; /* -1: at its end */
    struct event *event;
} Stream;

struct Child {
    LIST_ENTRY(Child) entry; /* of orphans */
    pid_t pid;               /* 0: not running any more */
    int *exec_error;         /* errno of what kept it from its program; shared with it */
    struct event *ended;     /* SIGCHLD */
    Timer timer;
    uint64_t timeout_usec;
    Stream output_stream, errors_stream;
    SecretText output;
    char errors[CHILD_ERRORS_MAX + READ_SIZE + 1];
    size_t errors_size;
    bool is_over; /* done() has been called */
    ChildDone done;
    void *userdata;
};

/* Killed, with nobody waiting for their result, and still to be reaped: a process that hangs in the
 * kernel takes its time to die. */
static LIST_HEAD(Orphans, Child) orphans = LIST_HEAD_INITIALIZER(orphans);

/* ---- the end ---- */

static void stream_close(Stream *stream)
{
    if (stream->event)
        event_free(TAKE(stream->event));
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

static void child_stop_listening(Child *child)
{
    timer_clear(&child->timer);
    stream_close(&child->output_stream);
    stream_close(&child->errors_stream);
    secret_text_clear(&child->output);
    OPENSSL_cleanse(child->errors, sizeof(child->errors));
}

static void child_delete(Child *child)
{
    if (child->ended)
        event_free(child->ended);
    if (child->exec_error)
        munmap(child->exec_error, sizeof(*child->exec_error));
    free(child);
}

/* True: it is dead and gone. */
static bool child_reap(Child *child, int *ret_status)
{
    pid_t pid;

    assert(child->pid > 0);
    pid = waitpid(child->pid, ret_status, WNOHANG);
    /* ECHILD cannot be: nothing else waits for it. If it were, it would not come later. */
    if (pid == 0)
        return false;
    child->pid = 0;
    return true;
}

void child_free(Child *child)
{
    int status;

    if (!child)
        return;
    child_stop_listening(child);
    if (child->pid > 0) {
        kill(-child->pid, SIGKILL);
        if (!child_reap(child, &status)) {
            child->done = NULL;
            LIST_INSERT_HEAD(&orphans, child, entry);
            return;
        }
    }
    child_delete(child);
}

static void child_end(Child *child, ChildEnd end, int status)
{
    ChildResult result = {
        .end = end,
        .status = status,
        .error = *child->exec_error,
        .output = child->output.data,
        .output_size = child->output.size,
        .errors = child->errors,
    };

    assert(child->done && !child->is_over); /* not an orphan */
    child->is_over = true;
    timer_clear(&child->timer);
    stream_close(&child->output_stream);
    stream_close(&child->errors_stream);
    if (child->pid > 0)
        kill(-child->pid, SIGKILL);
    child->done(&result, child->userdata);
}

/* ---- what it writes ---- */

/* Bytes up to where the next character of UTF-8 begins. */
static size_t rest_of_character(const char *text)
{
    size_t size = 0;

    while (size < 3 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size++;
    return size;
}

static void keep_errors(Child *child, const char *data, size_t size)
{
    char *to = child->errors + child->errors_size;

    for (size_t i = 0; i < size; i++)
        to[i] = data[i] ? data[i] : ' ';
    child->errors_size += size;
    if (child->errors_size > CHILD_ERRORS_MAX) {
        size_t cut = child->errors_size - CHILD_ERRORS_MAX;
        cut += rest_of_character(child->errors + cut);
        child->errors_size -= cut;
        memmove(child->errors, child->errors + cut, child->errors_size);
    }
    child->errors[child->errors_size] = '\0';
}

static bool is_too_loud(const Child *child)
{
    return child->output.failed || child->output.size > CHILD_OUTPUT_MAX;
}

/* Reads once: a child that never stops writing must leave the loop to others. */
static void stream_read(Child *child, Stream *stream)
{
    char data[READ_SIZE];

    ssize_t size = read(stream->fd, data, sizeof(data));
    if (size == 0)
        stream_close(stream);
    else if (size > 0 && stream == &child->output_stream)
        secret_text_append(&child->output, data, (size_t)size);
    else if (size > 0) /* else it comes later: a pipe has no other errors */
        keep_errors(child, data, (size_t)size);
    OPENSSL_cleanse(data, sizeof(data));
}

/* Reads what is there now, and nothing of what others go on writing. */
static void stream_drain(Child *child, Stream *stream)
{
    int left = 0;

    if (stream->fd >= 0)
        (void)ioctl(stream->fd, FIONREAD, &left);
    for (; left > 0 && !is_too_loud(child); left -= READ_SIZE)
        stream_read(child, stream);
}

static void on_readable(evutil_socket_t fd, short events, void *userdata)
{
    Child *child = userdata;

    (void)events;
    stream_read(child,
                fd == child->output_stream.fd ? &child->output_stream : &child->errors_stream);
    if (is_too_loud(child))
        child_end(child, CHILD_TOO_LOUD, 0);
}

/* A timer that fires late fires after a pause of this process, and often of the child: a sync, a
 * suspended host. That time was not the child's, so it is given again. */
static void on_timeout(void *userdata)
{
    Child *child = userdata;
    uint64_t now_usec = timers_boottime_usec(child->timer.timers);
    uint64_t late_usec = now_usec - child->timer.at_usec;

    if (late_usec < PAUSE_USEC)
        child_end(child, CHILD_TIMED_OUT, 0);
    else
        timer_set(&child->timer,
                  now_usec + (late_usec < child->timeout_usec ? late_usec : child->timeout_usec));
}

/* Some child of this process has ended, perhaps this one. */
static void on_child_signal(evutil_socket_t signal_number, short events, void *userdata)
{
    Child *child = userdata;
    int status = 0;

    (void)signal_number, (void)events;
    if (child->pid == 0 || !child_reap(child, &status))
        return;
    if (!child->done) {
        LIST_REMOVE(child, entry);
        child_delete(child);
        return;
    }
    if (child->is_over)
        return;
    /* All that it wrote is in the pipes; what its own children may still write is not waited for.
     */
    stream_drain(child, &child->output_stream);
    stream_drain(child, &child->errors_stream);
    if (*child->exec_error != 0)
        child_end(child, CHILD_NOT_RUN, status);
    else
        child_end(child, is_too_loud(child) ? CHILD_TOO_LOUD : CHILD_ENDED, status);
}

/* ---- the beginning ---- */

static int stream_open(Stream *stream, struct event_base *base, Child *child, int *ret_write_fd)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    stream->fd = fds[0];
    *ret_write_fd = fds[1];
    (void)fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    stream->event = event_new(base, stream->fd, EV_READ | EV_PERSIST, on_readable, child);
    return stream->event && event_add(stream->event, NULL) >= 0 ? 0 : -ENOMEM;
}

/* In the child: a process group of its own, no signal blocked or ignored, standard input empty, and
 * of the rest the pipes alone. What hangs in here, on a network mount whose server is gone, hangs
 * alone: with vfork(2), or posix_spawn(3), which is made of it, the daemon would hang with it. */
static _Noreturn void child_main(char *const *words, int output, int errors, int *ret_error)
{
    int input = open("/dev/null", O_RDONLY);
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(errors, STDERR_FILENO) >= 0 && setpgid(0, 0) == 0) {
        closefrom(STDERR_FILENO + 1);
        for (int number = 1; number < NSIG; number++)
            (void)signal(number, SIG_DFL); /* fails for those that are never handled */
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(words[0], words);
    }
    *ret_error = errno;
    _exit(EXIT_FAILURE);
}

static int child_fork(Child *child, char *const *words, int output, int errors)
{
    child->exec_error = mmap(NULL, sizeof(*child->exec_error), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (child->exec_error == MAP_FAILED) {
        child->exec_error = NULL;
        return -errno;
    }
    child->pid = fork_blocked();
    if (child->pid == 0)
        child_main(words, output, errors, child->exec_error);
    if (child->pid < 0) {
        child->pid = 0;
        return -errno;
    }
    (void)setpgid(child->pid, child->pid); /* so that it can be killed, whichever comes first */
    return 0;
}

int child_start(struct event_base *base, Timers *timers, char *const *words, uint64_t timeout_usec,
                ChildDone done, void *userdata, Child **ret)
{
    Child *child = malloc(sizeof(*child));
    CLEANUP(closep) int output = -1;
    CLEANUP(closep) int errors = -1;
    int r;

    assert(words[0] && timeout_usec > 0 && done);
    if (!child)
        return -ENOMEM;
    *child = (Child){.timeout_usec = timeout_usec,
                     .output_stream.fd = -1,
                     .errors_stream.fd = -1,
                     .done = done,
                     .userdata = userdata};
    timer_init(&child->timer, timers, on_timeout, child);
    child->ended = evsignal_new(base, SIGCHLD, on_child_signal, child);
    r = child->ended && event_add(child->ended, NULL) >= 0 ? 0 : -ENOMEM;
    if (r >= 0)
        r = stream_open(&child->output_stream, base, child, &output);
    if (r >= 0)
        r = stream_open(&child->errors_stream, base, child, &errors);
    if (r >= 0)
        r = child_fork(child, words, output, errors);
    if (r < 0) {
        child_free(child);
        return r;
    }
    timer_set(&child->timer, timers_boottime_usec(timers) + timeout_usec);
    *ret = child;
    return 0;
}
