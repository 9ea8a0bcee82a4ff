/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time and spans of time. All are unsigned 64-bit microseconds; points on the wall clock
 * count from 1970-01-01T00:00:00Z. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

#define RFC3339_SIZE sizeof("2026-11-22T12:23:45.678Z")
#define TIME_BASIC_SIZE sizeof("20261122T122345Z")
#define TIMESPAN_SIZE 64U

uint64_t time_now_realtime(void); /* CLOCK_REALTIME */
uint64_t time_now_boottime(void); /* CLOCK_BOOTTIME: goes on during suspend, knows no jumps */
uint64_t
time_now_monotonic(void); /* CLOCK_MONOTONIC: stands still then; for what a turn of work takes */

/* How long `to` is after `from`; 0 where a clock went back in between. The only way to subtract
 * points in time that were stored or are another host's. */
static inline uint64_t time_since(uint64_t from_usec, uint64_t to_usec)
{
    return to_usec > from_usec ? to_usec - from_usec : 0;
}

/* RFC 3339 in UTC with three digits of a second, e.g. "2026-11-22T12:23:45.678Z". Years past 9999
 * are held at 9999-12-31T23:59:59.999Z. Returns the buffer. */
const char *time_format_rfc3339(uint64_t realtime_usec, char buffer[static RFC3339_SIZE]);

/* The same without the fraction in the basic form of ISO 8601, e.g. "20261122T122345Z". */
const char *time_format_basic(uint64_t realtime_usec, char buffer[static TIME_BASIC_SIZE]);

/* The reverse of time_format_rfc3339(), any number of digits of a second, "Z" only. 0 or -EINVAL.
 */
int time_parse_rfc3339(const char *text, uint64_t *ret_realtime_usec);

/* Points in time as others write them, in the forms of ISO 8601 that the AWS CLI reads: a zone as
 * "Z", "z", "+01:00", "+0100" or "+01", and never without one; "T", "t" or a blank before the time
 * of day, which may end with its hour, its minute, its second, or a fraction of that after "." or
 * ","; "20261122T122345Z" likewise. 0; -EINVAL; -ERANGE, a time before 1970. */
int time_parse_iso8601(const char *text, uint64_t *ret_realtime_usec);

/* Spans as systemd.time(7) writes them: "90s", "5min", "1h 30min", "1.5h"; a number without a unit
 * counts seconds. Units: usec us µs, msec ms, seconds second sec s, minutes minute min m, hours
 * hour hr h, days day d, weeks week w, months month M, years year y. 0, -EINVAL (no span), -ERANGE
 * (too long). */
int timespan_parse(const char *text, uint64_t *ret_usec);

/* At most the two largest units, e.g. "1h 30min", "4.2s", "350ms", "0". Returns the buffer. */
const char *timespan_format(uint64_t usec, char buffer[static TIMESPAN_SIZE]);
