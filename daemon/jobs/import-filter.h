/* SPDX-License-Identifier: Apache-2.0 */
/* Which imports are meant: those that every filter given holds for.
 *
 * Pure. An import is looked at as GetImport describes it: what a list says about one has neither
 * source nor statistics. A member that is missing counts as 0 or as empty text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/import-operations.h"

typedef enum FilterNumber {
    FILTER_OLDER_THAN, /* seconds since it was created */
    FILTER_MIN_FAILED_ENTRIES,
    FILTER_MIN_EVENTS,
    FILTER_MIN_BYTES,
    N_FILTER_NUMBERS
} FilterNumber;

/* Longer than any source is; a pattern costs its length times that of the source. */
#define FILTER_SOURCE_MAX 2048U

typedef struct ImportFilter {
    bool given[N_FILTER_NUMBERS];
    int64_t at_least[N_FILTER_NUMBERS]; /* not negative */
    const char *source;                 /* borrowed; a pattern of fnmatch(3); NULL: any */
} ImportFilter;

/* What an import that matches has of what is asked for: "3h old (at least 1h), 1200 failed entries
 * (at least 100)"; empty where nothing is asked for. */
#define FILTER_TEXT_SIZE (FILTER_SOURCE_MAX + 512U)
const char *import_filter_explain(const ImportFilter *filter, ImportService service,
                                  json_object *import, uint64_t now_realtime_usec,
                                  char ret[static FILTER_TEXT_SIZE]);

bool import_filter_is_given(const ImportFilter *filter);

/* The first filter given that imports of this service cannot have, e.g. "minBytes", or NULL. */
const char *import_filter_misfit(const ImportFilter *filter, ImportService service);

/* import as decoded; the filter fits the service. */
bool import_filter_matches(const ImportFilter *filter, ImportService service, json_object *import,
                           uint64_t now_realtime_usec);
