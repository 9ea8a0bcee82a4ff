/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/import-filter.h"

#include <assert.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/time.h"

static const struct {
    const char *name;   /* as a parameter */
    const char *member; /* of the statistics; NULL: every import has an age */
    ImportService service;
    const char *unit;
} numbers[] = {
    [FILTER_OLDER_THAN] = {"olderThan", NULL, 0, NULL},
    [FILTER_MIN_FAILED_ENTRIES] = {"minFailedEntries", "FailedEntries", SERVICE_CLOUDTRAIL,
                                   "failed entries"},
    [FILTER_MIN_EVENTS] = {"minEvents", "EventsCompleted", SERVICE_CLOUDTRAIL, "events"},
    [FILTER_MIN_BYTES] = {"minBytes", "bytesImported", SERVICE_LOGS, "bytes"},
};
_Static_assert(sizeof(numbers) / sizeof(numbers[0]) == N_FILTER_NUMBERS, "one each");

bool import_filter_is_given(const ImportFilter *filter)
{
    bool given = filter->source;

    for (FilterNumber i = 0; i < N_FILTER_NUMBERS; i++)
        given = given || filter->given[i];
    return given;
}

const char *import_filter_misfit(const ImportFilter *filter, ImportService service)
{
    for (FilterNumber i = 0; i < N_FILTER_NUMBERS; i++)
        if (filter->given[i] && numbers[i].member && numbers[i].service != service)
            return numbers[i].name;
    return NULL;
}

static int64_t age_sec(const ImportOperations *operations, json_object *import,
                       uint64_t now_realtime_usec)
{
    const char *text;
    uint64_t created_usec;

    if (json_get_string(import, operations->created_member, &text) <= 0 ||
        time_parse_rfc3339(text, &created_usec) < 0)
        return 0;
    return (int64_t)(time_since(created_usec, now_realtime_usec) / USEC_PER_SEC);
}

static int64_t statistic(const ImportOperations *operations, json_object *import,
                         const char *member)
{
    json_object *statistics;
    int64_t value = 0;

    if (json_get_object(import, operations->statistics_member, &statistics) > 0)
        (void)json_get_int64(statistics, member, &value);
    return value;
}

static int64_t number_of(FilterNumber number, ImportService service, json_object *import,
                         uint64_t now_realtime_usec)
{
    const ImportOperations *operations = import_operations(service);
    const char *member = numbers[number].member;

    return member ? statistic(operations, import, member)
                  : age_sec(operations, import, now_realtime_usec);
}

bool import_filter_matches(const ImportFilter *filter, ImportService service, json_object *import,
                           uint64_t now_realtime_usec)
{
    const char *source;

    assert(!import_filter_misfit(filter, service));
    for (FilterNumber i = 0; i < N_FILTER_NUMBERS; i++)
        if (filter->given[i] &&
            number_of(i, service, import, now_realtime_usec) < filter->at_least[i])
            return false;
    if (!filter->source)
        return true;
    source = import_source(import_operations(service), import);
    return fnmatch(filter->source, source ? source : "", 0) == 0;
}

const char *import_filter_explain(const ImportFilter *filter, ImportService service,
                                  json_object *import, uint64_t now_realtime_usec,
                                  char ret[static FILTER_TEXT_SIZE])
{
    char age[TIMESPAN_SIZE], least[TIMESPAN_SIZE];
    size_t n = 0;

    *ret = '\0';
    for (FilterNumber i = 0; i < N_FILTER_NUMBERS; i++) {
        int64_t value, at_least = filter->at_least[i];

        if (!filter->given[i])
            continue;
        value = number_of(i, service, import, now_realtime_usec);
        n = strlen(ret);
        if (numbers[i].unit)
            snprintf(ret + n, FILTER_TEXT_SIZE - n, "%s%" PRId64 " %s (at least %" PRId64 ")",
                     n > 0 ? ", " : "", value, numbers[i].unit, at_least);
        else
            snprintf(ret + n, FILTER_TEXT_SIZE - n, "%s%s old (at least %s)", n > 0 ? ", " : "",
                     timespan_format((uint64_t)value * USEC_PER_SEC, age),
                     timespan_format((uint64_t)at_least * USEC_PER_SEC, least));
    }
    n = strlen(ret);
    if (filter->source && strlen(filter->source) <= FILTER_SOURCE_MAX)
        snprintf(ret + n, FILTER_TEXT_SIZE - n, "%ssource like %s", n > 0 ? ", " : "",
                 filter->source);
    return ret;
}
