/* SPDX-License-Identifier: Apache-2.0 */
/* Errors for people: a sentence, owned by the caller that receives it, beside the negative errno
 * for the program. */
#pragma once

#include <errno.h>

#include "common/string.h"

/* Writes the sentence and returns error; -ENOMEM, and no sentence, where there is no memory for it.
 * A sentence may quote a file or a program, and stays one line of UTF-8: see utf8_repair_line(). */
__attribute__((format(printf, 3, 4))) int explain(char **ret_sentence, int error,
                                                  const char *format, ...);
