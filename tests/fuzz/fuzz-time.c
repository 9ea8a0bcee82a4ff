/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations, as people and services write them.
 *
 * Holds: what was understood is printed as something that is understood again, and prints the
 * same. */
#include <string.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/fuzz/fuzz.h"

static void read_time(const char *text)
{
    char first[RFC3339_SIZE], second[RFC3339_SIZE];
    uint64_t usec, again;

    if (time_parse_rfc3339(text, &usec) < 0)
        return;
    time_format_rfc3339(usec, first);
    REQUIRE(time_parse_rfc3339(first, &again) == 0);
    REQUIRE(again / USEC_PER_MSEC == usec / USEC_PER_MSEC);
    REQUIRE(strcmp(time_format_rfc3339(again, second), first) == 0);
}

static void read_span(const char *text)
{
    char first[TIMESPAN_SIZE], second[TIMESPAN_SIZE];
    uint64_t usec, again;

    if (timespan_parse(text, &usec) < 0)
        return;
    timespan_format(usec, first);
    REQUIRE(timespan_parse(first, &again) == 0);
    REQUIRE(again <= usec || again - usec < usec / 2); /* rounded, to what people read */
    REQUIRE(strcmp(timespan_format(again, second), first) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(freep) char *text = fuzz_take_part(&data, &size, NULL);

    read_time(text);
    read_span(text);
    return 0;
}
