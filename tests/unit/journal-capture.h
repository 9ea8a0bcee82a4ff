/* SPDX-License-Identifier: Apache-2.0 */
/* What is logged between two moments of a test. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/journal.h"

/* What is written to standard error between capture_begin() and capture_end(). */
typedef struct Capture {
    FILE *file;
    int saved_fd;
    char text[8192];
} Capture;

void capture_begin(Capture *capture, JournalFormat format);
void capture_end(Capture *capture);

/* The same for a test that only looks at events while it runs: of what was written to standard
 * error, the rest, which is what the test says about its failure, goes there. */
void capture_end_events(Capture *capture);

/* So far: how many events of this name there are, and whether any line has the text in it. */
unsigned capture_count(const Capture *capture, const char *event);
bool capture_has(const Capture *capture, const char *text);

/* The one line that was written, as JSON that the caller owns. */
json_object *capture_end_json(Capture *capture);

void assert_field(json_object *object, const char *name, const char *expected);
