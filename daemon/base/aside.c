/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/aside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/time.h"
#include "daemon/base/fork.h"

#define WAIT_LEAST_USEC (10 * USEC_PER_MSEC)
#define LOOK_USEC USEC_PER_MSEC /* how often, where nothing wakes us at its end */

typedef struct Worker {
    pid_t pid;
    int pidfd; /* readable once it is dead; -1: none was given, as in a sandbox or by valgrind */
    char *name;
} Worker;

static Worker hanging[ASIDE_HANGING_MAX];
static unsigned n_hanging;
static uint64_t wait_usec = ASIDE_START_USEC;

void aside_set_wait(uint64_t usec)
{
    wait_usec = usec;
}

static size_t aside_memory(const Aside *aside)
{
    return sizeof(*aside) + aside->capacity;
}

void aside_free(Aside *aside)
{
    if (!aside)
        return;
    OPENSSL_cleanse(aside->data, aside->size);
    munmap(aside, aside_memory(aside));
}

/* ---- in the child ---- */

/* What holds these open holds up whoever waits for their end. In /dev and /proc are the names of
 * descriptors (/dev/fd/63, /dev/stdin); these file systems do not hang. */
static void drop_descriptors(const char *name)
{
    if (strncmp(name, "/dev/", strlen("/dev/")) == 0 ||
        strncmp(name, "/proc/", strlen("/proc/")) == 0)
        return;
    closefrom(STDIN_FILENO);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)open("/dev/null", O_RDWR); /* so that nothing else is taken for one of these */
}

static _Noreturn void child_main(Aside *aside, const char *name, AsideWork work,
                                 const void *userdata, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before */
        _exit(1);
    drop_descriptors(name);
    aside->result = work(aside, userdata);
    _exit(0);
}

/* ---- in the daemon ---- */

static void worker_clear(Worker *worker)
{
    if (worker->pidfd >= 0)
        close(worker->pidfd);
    free(worker->name);
}

/* Whether it has ended by then. It is looked at once at least, however late this is called. */
static bool worker_await(const Worker *worker, uint64_t until_usec)
{
    struct pollfd end = {.fd = worker->pidfd, .events = POLLIN};

    while (waitpid(worker->pid, NULL, WNOHANG) == 0) {
        uint64_t left_usec = time_since(time_now_boottime(), until_usec);

        if (left_usec == 0)
            return false;
        if (worker->pidfd < 0 && left_usec > LOOK_USEC)
            left_usec = LOOK_USEC;
        (void)poll(&end, 1, (int)((left_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
    }
    return true;
}

/* Forgets those that have come back, and finds out whether there may be another one. */
static int check_hanging(const char *name)
{
    unsigned n = 0;
    int r = 0;

    for (unsigned i = 0; i < n_hanging; i++) {
        Worker worker = hanging[i];

        if (worker_await(&worker, 0)) {
            worker_clear(&worker);
            continue;
        }
        if (strcmp(worker.name, name) == 0)
            r = -ETIMEDOUT;
        hanging[n++] = worker;
    }
    n_hanging = n;
    return r < 0 || n_hanging < ASIDE_HANGING_MAX ? r : -EBUSY;
}

static int worker_start(Worker *worker, Aside *aside, const char *name, AsideWork work,
                        const void *userdata)
{
    pid_t parent = getpid();
    int r;

    worker->name = strdup(name);
    if (!worker->name)
        return -ENOMEM;
    worker->pid = fork_blocked();
    if (worker->pid == 0)
        child_main(aside, name, work, userdata, parent);
    if (worker->pid > 0) {
        worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
        return 0;
    }
    r = -errno;
    free(worker->name);
    return r;
}

static int aside_new(size_t capacity, Aside **ret)
{
    Aside *aside = mmap(NULL, sizeof(*aside) + capacity, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (aside == MAP_FAILED)
        return -errno;
    aside->capacity = capacity;
    aside->result = -EIO; /* of work that does not come to its end */
    *ret = aside;
    return 0;
}

int aside_run(const char *name, AsideWork work, const void *userdata, size_t capacity, Aside **ret)
{
    CLEANUP(aside_freep) Aside *aside = NULL;
    Worker worker;
    int r = check_hanging(name);
    uint64_t patience_usec = wait_usec >> n_hanging;

    if (r < 0 || (r = aside_new(capacity, &aside)) < 0 ||
        (r = worker_start(&worker, aside, name, work, userdata)) < 0)
        return r;
    if (patience_usec < WAIT_LEAST_USEC)
        patience_usec = WAIT_LEAST_USEC;
    if (!worker_await(&worker, time_now_boottime() + patience_usec)) {
        assert(n_hanging < ASIDE_HANGING_MAX);
        hanging[n_hanging++] = worker;
        return -ETIMEDOUT; /* the memory stays the worker's */
    }
    worker_clear(&worker);
    assert(aside->size <= aside->capacity);
    *ret = TAKE(aside);
    return 0;
}
