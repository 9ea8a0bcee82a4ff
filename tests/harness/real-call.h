/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that a library puts in front of those of the C library: what they share. */
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

/* Declares real: the function of this name that would have been called without the library. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A function like open(2), whose mode is there with some flags only. The answer is an expression in
 * its parameters (in parentheses), real and mode. */
#define LIKE_OPEN(name, parameters, answer)                                                        \
    int name parameters                                                                            \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
        REAL(name);                                                                                \
        va_start(arguments, flags);                                                                \
        mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;                      \
        va_end(arguments);                                                                         \
        return answer;                                                                             \
    }
