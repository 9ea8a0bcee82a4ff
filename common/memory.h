/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership helpers: scope-bound cleanup for the owning pointers of this project and of json-c.
 *
 * CLEANUP(f) on a local variable calls f(&variable) when the variable leaves scope. Every opaque
 * type Foo with a foo_free() that takes NULL gets its foo_freep() from DEFINE_CLEANUP(). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#define CLEANUP(f) __attribute__((cleanup(f)))

#define DEFINE_CLEANUP(type, free_function)                                                        \
    static inline __attribute__((unused)) void free_function##p(type **pointer)                    \
    {                                                                                              \
        if (*pointer)                                                                              \
            free_function(*pointer);                                                               \
    }

/* Hands an owned pointer on: the variable is NULL afterwards, so its cleanup does nothing. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

static inline void json_object_putp(json_object **object)
{
    json_object_put(*object); /* takes NULL */
}

static inline void freep(void *pointer)
{
    free(*(void **)pointer);
}

static inline void fclosep(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void closep(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
