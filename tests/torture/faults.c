/* SPDX-License-Identifier: Apache-2.0 */
/* Makes calls of a program fail. It counts the calls of each kind, and fails those of one kind from
 * a certain one on, so many of them. A unit test that links it says which by faults.h; a program as
 * it is installed has it as a library that LD_PRELOAD puts before all others, with the plan in its
 * environment:
 *
 *     FAULT_COUNTS   a file of numbers of 64 bits: how many calls of each kind there were, then for
 *                    each kind the next two, which whoever has the file open may change at any time
 *     FAULT_KIND     memory, descriptor, write or sync; none: only count
 *     FAULT_AT       which call, from 1; 0: none
 *     FAULT_CALLS    how many
 *     FAULT_ERROR    of write and sync: the errno; 0: a write that is cut in the middle
 *     FAULT_BELOW    write and sync: only of files below this directory
 *     FAULT_TRACE    a file to which the stack of each call that fails is written
 *     FAULT_PLACES   a file to which a line goes for each place that calls, which its innermost
 *                    callers tell apart: the kind, and which call of the kind was its first
 *
 * Only the thread of main() counts, so nothing here is locked. */
#undef _FORTIFY_SOURCE /* it has functions of its own in place of those that are made here */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/harness/real-call.h"
#include "tests/torture/faults.h"

static const char *const names[N_FAULT_KINDS] = {"memory", "descriptor", "write", "sync"};

typedef struct Shared {
    uint64_t counts[N_FAULT_KINDS];
    struct {
        uint64_t at, calls;
    } plans[N_FAULT_KINDS];
} Shared;

static struct {
    bool ready, busy; /* busy: in here already, what is called now is our own doing */
    int error;
    const char *below;
    int trace, places;
    Shared *shared;
} faults = {.trace = -1, .places = -1};

/* A library's own thread, as that of a resolver, is not the program. */
static __thread bool is_main_thread __attribute__((tls_model("initial-exec")));

/* Of the sanitizers, where the program has them: what our own tracing keeps is not its leak. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static uint64_t number(const char *name)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : 0;
}

static int open_file(const char *name, int flags)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    const char *path = getenv(name);

    return path ? real(path, flags | O_CLOEXEC, 0600) : -1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *kind = getenv("FAULT_KIND");
    int fd;

    if (!getenv("FAULT_COUNTS"))
        return;
    faults.busy = true;
    fd = open_file("FAULT_COUNTS", O_RDWR);
    if (fd < 0)
        return;
    faults.shared = mmap(NULL, sizeof(*faults.shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (faults.shared == MAP_FAILED)
        abort();
    *faults.shared = (Shared){0}; /* of an earlier program */
    for (FaultKind i = 0; kind && i < N_FAULT_KINDS; i++) {
        if (strcmp(kind, names[i]) == 0) {
            faults.shared->plans[i].at = number("FAULT_AT");
            faults.shared->plans[i].calls = number("FAULT_CALLS");
        }
    }
    faults.error = (int)number("FAULT_ERROR");
    faults.below = getenv("FAULT_BELOW");
    faults.trace = open_file("FAULT_TRACE", O_WRONLY | O_CREAT | O_APPEND);
    faults.places = open_file("FAULT_PLACES", O_WRONLY | O_CREAT | O_APPEND);
    if (faults.trace >= 0 || faults.places >= 0) {
        void *frames[1];

        if (__lsan_disable)
            __lsan_disable();
        (void)backtrace(frames, 1); /* loads what it needs now */
        if (__lsan_enable)
            __lsan_enable();
    }
    unsetenv("LD_PRELOAD"); /* a child is another program */
    faults.busy = false;
}

/* The program is what runs from here to its end: not the constructors of libraries before, nor what
 * counts coverage and leaks after. */
static int (*main_of_program)(int, char **, char **);

static int run_main(int argc, char **argv, char **environment)
{
    int status;

    is_main_thread = true;
    faults.ready = faults.shared != NULL;
    status = main_of_program(argc, argv, environment);
    faults.ready = false;
    return status;
}

void faults_begin(FaultKind kind, uint64_t at, uint64_t calls)
{
    if (!faults.shared) /* with processes that the test forks, whose calls count as well */
        faults.shared = mmap(NULL, sizeof(*faults.shared), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (faults.shared == MAP_FAILED)
        abort();
    *faults.shared = (Shared){0};
    faults.shared->plans[kind].at = at;
    faults.shared->plans[kind].calls = calls;
    faults.ready = true;
}

uint64_t faults_end(FaultKind kind)
{
    faults.ready = false;
    return faults.shared->counts[kind];
}

static void trace(void)
{
    void *frames[48];

    if (faults.trace < 0)
        return;
    faults.busy = true;
    backtrace_symbols_fd(frames, backtrace(frames, 48), faults.trace);
    (void)!write(faults.trace, "\n", 1);
    faults.busy = false;
}

/* A place of the program that calls is known by a hash of its innermost callers. */
static void note_place(FaultKind kind, uint64_t n)
{
    static uint64_t known[1 << 16]; /* by hash; 0: none */
    static size_t n_known;
    const size_t size = sizeof(known) / sizeof(known[0]);
    uint64_t hash = 1 + kind;
    void *frames[14];
    size_t i;
    int n_frames;

    if (faults.places < 0 || n_known == size / 2)
        return;
    faults.busy = true;
    n_frames = backtrace(frames, sizeof(frames) / sizeof(frames[0]));
    for (int frame = 0; frame < n_frames; frame++)
        hash = (hash ^ (uintptr_t)frames[frame]) * UINT64_C(0x9E3779B97F4A7C15);
    for (i = hash >> 48; known[i] && known[i] != hash; i = (i + 1) % size)
        ;
    if (!known[i]) {
        known[i] = hash;
        n_known++;
        dprintf(faults.places, "%s %llu\n", names[kind], (unsigned long long)n);
    }
    faults.busy = false;
}

/* Counts a call; whether it is to fail. */
static bool fails(FaultKind kind)
{
    uint64_t n, at;

    if (!faults.ready || faults.busy || !is_main_thread)
        return false;
    n = ++faults.shared->counts[kind];
    note_place(kind, n);
    at = faults.shared->plans[kind].at;
    if (at == 0 || n < at || n - at >= faults.shared->plans[kind].calls)
        return false;
    trace();
    return true;
}

/* The same for a file, where it is one of those that count. */
static bool file_fails(FaultKind kind, int fd)
{
    char link[32], path[4096];
    ssize_t size;

    if (!faults.ready || faults.busy || !faults.below)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return strncmp(path, faults.below, strlen(faults.below)) == 0 && fails(kind);
}

int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end);

int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end)
{
    REAL(__libc_start_main);
    main_of_program = start;
    return real(run_main, argc, argv, init, fini, rtld_fini, stack_end);
}

_Noreturn void exit(int status)
{
    REAL(exit);
    faults.ready = false;
    real(status);
    __builtin_unreachable();
}

/* dlsym() itself may want memory before there is a real calloc(). */
static char early[4096];
static size_t early_used;

static void *early_calloc(size_t size)
{
    void *memory = early + early_used;

    early_used += (size + 15U) & ~(size_t)15U;
    return early_used <= sizeof(early) ? memory : NULL;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    REAL(malloc);
    return fails(FAULT_MEMORY) ? no_memory() : real(size);
}

void *calloc(size_t n, size_t size)
{
    static bool looking;
    static __typeof__(calloc) *real;

    if (looking)
        return early_calloc(n * size);
    if (!real) {
        looking = true;
        real = (__typeof__(calloc) *)dlsym(RTLD_NEXT, "calloc");
        looking = false;
    }
    return fails(FAULT_MEMORY) ? no_memory() : real(n, size);
}

void *realloc(void *memory, size_t size)
{
    REAL(realloc);
    return fails(FAULT_MEMORY) ? no_memory() : real(memory, size);
}

void *reallocarray(void *memory, size_t n, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(n, size, &whole))
        return no_memory();
    return realloc(memory, whole);
}

/* glibc's own call malloc() past us where the sanitizers have theirs. */
char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    char *copy = malloc(length + 1);

    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

static int no_descriptor(void)
{
    errno = EMFILE;
    return -1;
}

#define OPEN(name)                                                                                 \
    LIKE_OPEN(name, (const char *path, int flags, ...),                                            \
              fails(FAULT_DESCRIPTOR) ? no_descriptor() : real(path, flags, mode))
#define OPENAT(name)                                                                               \
    LIKE_OPEN(name, (int at, const char *path, int flags, ...),                                    \
              fails(FAULT_DESCRIPTOR) ? no_descriptor() : real(at, path, flags, mode))

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* A function that makes a descriptor, with these parameters and arguments. */
#define MAKES_DESCRIPTOR(name, parameters, arguments)                                              \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(name);                                                                                \
        return fails(FAULT_DESCRIPTOR) ? no_descriptor() : real arguments;                         \
    }

MAKES_DESCRIPTOR(socket, (int domain, int type, int protocol), (domain, type, protocol))
MAKES_DESCRIPTOR(socketpair, (int domain, int type, int protocol, int fds[2]),
                 (domain, type, protocol, fds))
MAKES_DESCRIPTOR(accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
                 (fd, address, size, flags))
MAKES_DESCRIPTOR(pipe2, (int fds[2], int flags), (fds, flags))
MAKES_DESCRIPTOR(epoll_create1, (int flags), (flags))
MAKES_DESCRIPTOR(eventfd, (unsigned value, int flags), (value, flags))
MAKES_DESCRIPTOR(timerfd_create, (int clock, int flags), (clock, flags))
MAKES_DESCRIPTOR(signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags))
MAKES_DESCRIPTOR(memfd_create, (const char *name, unsigned flags), (name, flags))
MAKES_DESCRIPTOR(dup, (int fd), (fd))

static FILE *no_file(void)
{
    errno = EMFILE;
    return NULL;
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    return fails(FAULT_DESCRIPTOR) ? no_file() : real(path, mode);
}

DIR *opendir(const char *path)
{
    REAL(opendir);
    return fails(FAULT_DESCRIPTOR) ? (DIR *)no_file() : real(path);
}

static ssize_t no_write(void)
{
    errno = faults.error;
    return -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    REAL(pwrite64);
    if (!file_fails(FAULT_WRITE, fd))
        return real(fd, data, size, offset);
    return faults.error ? no_write() : real(fd, data, size / 2, offset);
}

int ftruncate64(int fd, off64_t size)
{
    REAL(ftruncate64);
    return faults.error && file_fails(FAULT_WRITE, fd) ? (int)no_write() : real(fd, size);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return file_fails(FAULT_SYNC, fd) ? (int)no_write() : real(fd);
}

int fsync(int fd)
{
    REAL(fsync);
    return file_fails(FAULT_SYNC, fd) ? (int)no_write() : real(fd);
}
