/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz programs share. Each is one LLVMFuzzerTestOneInput(): with --enable-fuzzing and
 * clang it is linked with libFuzzer and meets new inputs; without, replay.c calls it with the files
 * of its corpus, in `make check`.
 *
 * Beside the sanitizers each program has an oracle: what has to hold whatever the input is. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), in the words of an oracle. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* An input as parts: each ends with the byte 0xff, which is not in UTF-8, the last with the input.
 * Returns the next part as an owned string that ends with NUL, embedded ones included in *ret_size
 * (may be NULL); empty when there are no more. */
char *fuzz_take_part(const uint8_t **data, size_t *size, size_t *ret_size);

/* What every text has to be that is shown or stored. */
void fuzz_require_text(const char *text);

/* A document that the daemon would write: valid UTF-8, read again as it was printed, nested no
 * deeper than this, and the same from our writer as from json-c. */
void fuzz_require_document(json_object *document, unsigned max_depth);
