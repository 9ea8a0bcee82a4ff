/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/base/aside.h"

/* What a reading may find, besides an errno: not errors of the file system. */
typedef enum Finding {
    FOUND_ANOTHER_KIND = 1,
    FOUND_NO_END,    /* of the pipe, in time */
    FOUND_NO_WRITER, /* nor anything that one has left in the pipe */
} Finding;

typedef struct Reading {
    const char *path;
    bool regular; /* or else it may be a pipe or /dev/null as well */
} Reading;

/* ---- in a process aside ---- */

static bool is_readable_kind(const struct stat *status, bool regular)
{
    if (regular || S_ISREG(status->st_mode))
        return S_ISREG(status->st_mode);
    return S_ISFIFO(status->st_mode) ||
           (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3)); /* /dev/null */
}

/* Waits until there is something to read from the pipe, or its end. */
static int wait_for_writer(int fd, uint64_t until_usec)
{
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    uint64_t left_usec = time_since(time_now_boottime(), until_usec);
    int n = poll(&pipe, 1, (int)(left_usec / USEC_PER_MSEC));

    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n == 0 ? FOUND_NO_END : 0;
}

/* Up to what is more than a file may have. */
static int read_all(int fd, Aside *aside)
{
    uint64_t until_usec = time_now_boottime() + FILE_PIPE_USEC;
    size_t end = aside->size + FILE_TEXT_MAX + 1;
    int r = 0;

    while (r == 0 && aside->size < end) {
        ssize_t n = read(fd, aside->data + aside->size, end - aside->size);

        if (n == 0)
            break;
        if (n > 0)
            aside->size += (size_t)n;
        else if (errno == EAGAIN)
            r = wait_for_writer(fd, until_usec);
        else if (errno != EINTR)
            r = -errno;
    }
    return r;
}

/* O_NONBLOCK: a FIFO's other end is not waited for. O_NOCTTY: a terminal stays nobody's. */
static int read_aside(Aside *aside, const void *userdata)
{
    const Reading *reading = userdata;
    const size_t start = aside->size;
    CLEANUP(closep)
    int fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    int r;

    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    if (!is_readable_kind(&status, reading->regular))
        return FOUND_ANOTHER_KIND;
    r = read_all(fd, aside);
    return r == 0 && aside->size == start && S_ISFIFO(status.st_mode) ? FOUND_NO_WRITER : r;
}

typedef struct Listing {
    const char *directory, *suffix;
} Listing;

/* By bytes: the order must not depend on a locale, as alphasort()'s does. */
static int compare_names(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static bool is_listed(const char *name, const char *suffix)
{
    size_t length = strlen(name), suffix_length = strlen(suffix);

    return name[0] != '.' && length > suffix_length &&
           strcmp(name + length - suffix_length, suffix) == 0;
}

/* The data are the names, each ended by NUL, and an empty one at the end. */
static int list_aside(Aside *aside, const void *userdata)
{
    const Listing *listing = userdata;
    struct dirent **entries;
    int n = scandir(listing->directory, &entries, NULL, compare_names);

    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        size_t size = strlen(entries[i]->d_name) + 1;

        if (!is_listed(entries[i]->d_name, listing->suffix))
            continue;
        if (size + 1 > aside->capacity - aside->size)
            return -EFBIG;
        memcpy(aside->data + aside->size, entries[i]->d_name, size);
        aside->size += size;
    }
    aside->data[aside->size++] = '\0';
    return 0; /* the entries go with the process */
}

/* Of one file of several, before its name, which NUL ends, and its text. */
typedef struct Found {
    int result;
    size_t name_size, size;
} Found;

static int find_file(Aside *aside, const char *directory, const char *name)
{
    Found found = {.name_size = strlen(name) + 1};
    char path[PATH_MAX], *head = aside->data + aside->size;
    const char *text = head + sizeof(found) + found.name_size;

    if (aside->capacity - aside->size < sizeof(found) + found.name_size + FILE_TEXT_MAX + 1 ||
        snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return -EFBIG;
    memcpy(head + sizeof(found), name, found.name_size);
    aside->size += sizeof(found) + found.name_size;
    found.result = read_aside(aside, &(Reading){.path = path});
    found.size = (size_t)(aside->data + aside->size - text);
    memcpy(head, &found, sizeof(found));
    return 0;
}

static int find_aside(Aside *aside, const void *userdata)
{
    const Listing *listing = userdata;
    struct dirent **entries;
    int n = scandir(listing->directory, &entries, NULL, compare_names), r = 0;

    if (n < 0)
        return -errno;
    for (int i = 0; r == 0 && i < n; i++)
        if (is_listed(entries[i]->d_name, listing->suffix))
            r = find_file(aside, listing->directory, entries[i]->d_name);
    return r; /* the entries go with the process */
}

/* ---- in the daemon ---- */

/* That the file could not even be looked at in time. */
static int explain_hanging(const char *path, int error, char **ret_error)
{
    switch (error) {
    case -ETIMEDOUT:
        return explain(ret_error, error,
                       "%s: cannot be read: its file system does not answer; if that is a network "
                       "mount, see whether its server is up",
                       path);
    case -EBUSY:
        return explain(
            ret_error, error,
            "%s: was not read, as reading %u others hangs; see whether the servers of this "
            "host's network mounts are up",
            path, ASIDE_HANGING_MAX);
    default:
        return explain(ret_error, error, "%s: cannot be read: %s", path, strerror(-error));
    }
}

static int explain_finding(const char *path, int finding, char **ret_error)
{
    switch (finding) {
    case FOUND_ANOTHER_KIND:
        return explain(ret_error, -EINVAL, "%s: is not a regular file", path);
    case FOUND_NO_END:
        return explain(ret_error, -ETIMEDOUT, "%s: is a pipe that its writer does not close", path);
    case FOUND_NO_WRITER:
        return explain(ret_error, -ENODATA, "%s: is a pipe that nobody has written to", path);
    default:
        return explain(ret_error, finding, "%s: cannot be read: %s", path, strerror(-finding));
    }
}

/* Of what a process aside was to find: how that went. */
static int explain_aside(const char *path, int error, const Aside *aside, char **ret_error)
{
    if (error == -ENOMEM)
        return error;
    if (error < 0)
        return explain_hanging(path, error, ret_error);
    return aside->result == 0 ? 0 : explain_finding(path, aside->result, ret_error);
}

/* What was read, as text. */
static int take_text(const char *path, const char *data, size_t size, char **ret, char **ret_error)
{
    char *text;

    if (size > FILE_TEXT_MAX)
        return explain(ret_error, -EFBIG, "%s: is larger than %u bytes", path, FILE_TEXT_MAX);
    if (memchr(data, '\0', size))
        return explain(ret_error, -EINVAL, "%s: holds a NUL byte, so it is not a text file", path);
    text = strndup(data, size);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

static int read_text(const Reading *reading, char **ret, char **ret_error)
{
    CLEANUP(aside_freep) Aside *aside = NULL;
    int r = aside_run(reading->path, read_aside, reading, FILE_TEXT_MAX + 1, &aside);

    r = explain_aside(reading->path, r, aside, ret_error);
    if (r < 0)
        return r;
    if (reading->regular && aside->size == 0)
        return explain(ret_error, -ENODATA, "%s: is empty", reading->path);
    return take_text(reading->path, aside->data, aside->size, ret, ret_error);
}

int file_read_text(const char *path, char **ret, char **ret_error)
{
    return read_text(&(Reading){.path = path}, ret, ret_error);
}

int file_read_regular(const char *path, char **ret, char **ret_error)
{
    return read_text(&(Reading){.path = path, .regular = true}, ret, ret_error);
}

int file_list(const char *directory, const char *suffix, char **ret_names, char **ret_error)
{
    const Listing listing = {.directory = directory, .suffix = suffix};
    CLEANUP(aside_freep) Aside *aside = NULL;
    char *names;
    int r = aside_run(directory, list_aside, &listing, FILE_TEXT_MAX, &aside);

    r = explain_aside(directory, r, aside, ret_error);
    if (r < 0)
        return r;
    names = malloc(aside->size);
    if (!names)
        return -ENOMEM;
    memcpy(names, aside->data, aside->size);
    *ret_names = names;
    return 0;
}

static int take_found(const char *directory, const char *name, const Found *found, const char *data,
                      FileTake take, void *userdata, char **ret_error)
{
    CLEANUP(freep) char *path = NULL, *text = NULL;
    int r;

    if (string_format(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    if (found->result != 0)
        return explain_finding(path, found->result, ret_error);
    r = take_text(path, data, found->size, &text, ret_error);
    return r < 0 ? r : take(path, text, userdata, ret_error);
}

int file_read_each(const char *directory, const char *suffix, FileTake take, void *userdata,
                   char **ret_error)
{
    const Listing listing = {.directory = directory, .suffix = suffix};
    CLEANUP(aside_freep) Aside *aside = NULL;
    int r = aside_run(directory, find_aside, &listing, FILE_TOGETHER_MAX, &aside);

    if (r == -ETIMEDOUT || (r == 0 && aside->result == -EFBIG))
        return FILE_NOT_TOGETHER;
    if (r == 0 && aside->result == -ENOENT)
        return 0;
    r = explain_aside(directory, r, aside, ret_error);
    if (r < 0)
        return r;
    for (const char *at = aside->data; r == 0 && at < aside->data + aside->size;) {
        const char *name = at + sizeof(Found), *text;
        Found found;

        memcpy(&found, at, sizeof(found));
        text = name + found.name_size;
        r = take_found(directory, name, &found, text, take, userdata, ret_error);
        at = text + found.size;
    }
    return r;
}
