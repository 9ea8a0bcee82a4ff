/* SPDX-License-Identifier: Apache-2.0 */
#include "common/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* 9999-12-31T23:59:59.999Z */
#define RFC3339_USEC_MAX (UINT64_C(253402300799999) * USEC_PER_MSEC)

/* systemd.time(7): a year of 365.25 days, a month of a twelfth of that. */
#define USEC_PER_WEEK (7 * USEC_PER_DAY)
#define USEC_PER_MONTH UINT64_C(2629800000000)
#define USEC_PER_YEAR UINT64_C(31557600000000)

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time); /* cannot fail for a clock that the kernel has */
    return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

uint64_t time_now_realtime(void)
{
    return now(CLOCK_REALTIME);
}

uint64_t time_now_boottime(void)
{
    return now(CLOCK_BOOTTIME);
}

uint64_t time_now_monotonic(void)
{
    return now(CLOCK_MONOTONIC);
}

/* Returns the milliseconds. */
static int break_down(uint64_t realtime_usec, struct tm *ret)
{
    time_t seconds;

    if (realtime_usec > RFC3339_USEC_MAX)
        realtime_usec = RFC3339_USEC_MAX;
    seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    gmtime_r(&seconds, ret); /* fails only past the years that fit an int */
    return (int)(realtime_usec % USEC_PER_SEC / USEC_PER_MSEC);
}

/* A number in so many digits, then `after`. Returns the end of both. Times are written for every
 * call and every change of a job: strftime() was a seventh of all the work on a signature. */
static char *put_field(char *at, int number, int digits, char after)
{
    for (int i = digits; i > 0; i--, number /= 10)
        at[i - 1] = (char)('0' + number % 10);
    at[digits] = after;
    return at + digits + 1;
}

const char *time_format_rfc3339(uint64_t realtime_usec, char buffer[static RFC3339_SIZE])
{
    struct tm tm;
    int msec = break_down(realtime_usec, &tm);
    char *at = buffer;

    at = put_field(at, tm.tm_year + 1900, 4, '-');
    at = put_field(at, tm.tm_mon + 1, 2, '-');
    at = put_field(at, tm.tm_mday, 2, 'T');
    at = put_field(at, tm.tm_hour, 2, ':');
    at = put_field(at, tm.tm_min, 2, ':');
    at = put_field(at, tm.tm_sec, 2, '.');
    at = put_field(at, msec, 3, 'Z');
    *at = '\0';
    return buffer;
}

const char *time_format_basic(uint64_t realtime_usec, char buffer[static TIME_BASIC_SIZE])
{
    struct tm tm;
    char *at = buffer;

    (void)break_down(realtime_usec, &tm);
    at = put_field(at, (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday, 8, 'T');
    at = put_field(at, tm.tm_hour * 10000 + tm.tm_min * 100 + tm.tm_sec, 6, 'Z');
    *at = '\0';
    return buffer;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Exactly `digits` digits, then `after`. */
static bool read_field(const char **text, int digits, char after, int *ret)
{
    int value = 0;

    for (; digits > 0; digits--, (*text)++) {
        if (!is_digit(**text))
            return false;
        value = value * 10 + (**text - '0');
    }
    if (after != '\0' && *(*text)++ != after)
        return false;
    *ret = value;
    return true;
}

/* ".123456789"; what is finer than a microsecond is dropped. */
static bool read_fraction(const char **text, uint64_t *ret_usec)
{
    uint64_t usec = 0, unit = USEC_PER_SEC;

    (*text)++;
    if (!is_digit(**text))
        return false;
    for (; is_digit(**text); (*text)++) {
        unit /= 10;
        usec += unit * (uint64_t)(**text - '0');
    }
    *ret_usec = usec;
    return true;
}

/* The fields as they were written: year 2026, month 11. -EINVAL: there is no such time; -ERANGE: it
 * is before 1970. */
static int to_realtime(struct tm tm, int64_t east_of_utc_sec, uint64_t *ret_sec)
{
    struct tm carried;
    int64_t seconds;

    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    /* timegm() carries a field that is out of range into the next: then it is not the time we read.
     */
    carried = tm;
    seconds = timegm(&carried) - east_of_utc_sec;
    if (carried.tm_year != tm.tm_year || carried.tm_mon != tm.tm_mon ||
        carried.tm_mday != tm.tm_mday || carried.tm_hour != tm.tm_hour ||
        carried.tm_min != tm.tm_min) /* as it is where the seconds are carried */
        return -EINVAL;
    if (seconds < 0)
        return -ERANGE;
    *ret_sec = (uint64_t)seconds;
    return 0;
}

int time_parse_rfc3339(const char *text, uint64_t *ret_realtime_usec)
{
    struct tm tm = {0};
    uint64_t seconds, fraction_usec = 0;

    if (!read_field(&text, 4, '-', &tm.tm_year) || !read_field(&text, 2, '-', &tm.tm_mon) ||
        !read_field(&text, 2, 'T', &tm.tm_mday) || !read_field(&text, 2, ':', &tm.tm_hour) ||
        !read_field(&text, 2, ':', &tm.tm_min) || !read_field(&text, 2, '\0', &tm.tm_sec))
        return -EINVAL;
    if (*text == '.' && !read_fraction(&text, &fraction_usec))
        return -EINVAL;
    if (strcmp(text, "Z") != 0 || to_realtime(tm, 0, &seconds) < 0)
        return -EINVAL;
    *ret_realtime_usec = seconds * USEC_PER_SEC + fraction_usec;
    return 0;
}

/* "2026-11-22" or "20261122" */
static bool read_date(const char **text, struct tm *tm)
{
    char separator;

    if (!read_field(text, 4, '\0', &tm->tm_year))
        return false;
    separator = **text == '-' ? '-' : '\0';
    *text += separator != '\0';
    return read_field(text, 2, separator, &tm->tm_mon) && read_field(text, 2, '\0', &tm->tm_mday);
}

/* "12:23:45.678", "122345,678", "12:23", "1223" or "12" */
static bool read_time_of_day(const char **text, struct tm *tm, uint64_t *ret_fraction_usec)
{
    char separator;

    if (!read_field(text, 2, '\0', &tm->tm_hour))
        return false;
    separator = **text == ':' ? ':' : '\0';
    *text += separator != '\0';
    if (separator == '\0' && !is_digit(**text))
        return true; /* without minutes */
    if (!read_field(text, 2, '\0', &tm->tm_min))
        return false;
    if (separator == '\0' ? !is_digit(**text) : **text != ':')
        return true; /* without seconds */
    *text += separator != '\0';
    if (!read_field(text, 2, '\0', &tm->tm_sec))
        return false;
    return (**text != '.' && **text != ',') || read_fraction(text, ret_fraction_usec);
}

/* "Z", "+01:00", "-0130" or "+01" */
static bool read_zone(const char **text, int64_t *ret_east_of_utc_sec)
{
    bool west = **text == '-';
    int hours, minutes = 0;

    if (**text == 'Z' || **text == 'z') {
        (*text)++;
        *ret_east_of_utc_sec = 0;
        return true;
    }
    if (!west && **text != '+')
        return false;
    (*text)++;
    if (!read_field(text, 2, '\0', &hours) || hours > 23)
        return false;
    if (**text != '\0') {
        *text += **text == ':';
        if (!read_field(text, 2, '\0', &minutes) || minutes > 59)
            return false;
    }
    *ret_east_of_utc_sec = (west ? -60 : 60) * (60 * hours + minutes);
    return true;
}

int time_parse_iso8601(const char *text, uint64_t *ret_realtime_usec)
{
    struct tm tm = {0};
    uint64_t seconds, fraction_usec = 0;
    int64_t east_of_utc_sec;
    int r;

    if (!read_date(&text, &tm) || *text == '\0' || !strchr("Tt ", *text))
        return -EINVAL;
    text++;
    if (!read_time_of_day(&text, &tm, &fraction_usec) || !read_zone(&text, &east_of_utc_sec) ||
        *text != '\0')
        return -EINVAL;
    r = to_realtime(tm, east_of_utc_sec, &seconds);
    if (r < 0)
        return r;
    *ret_realtime_usec = seconds * USEC_PER_SEC + fraction_usec;
    return 0;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\n\r");
}

/* Reads a unit; where there is none, seconds. */
static int read_unit(const char **text, uint64_t *ret_usec)
{
    static const struct {
        const char *name;
        uint64_t usec;
    } units[] = {
        {"usec", 1},
        {"us", 1},
        {"µs", 1}, /* U+00B5, the micro sign */
        {"μs", 1}, /* U+03BC, the Greek letter */
        {"msec", USEC_PER_MSEC},
        {"ms", USEC_PER_MSEC},
        {"seconds", USEC_PER_SEC},
        {"second", USEC_PER_SEC},
        {"sec", USEC_PER_SEC},
        {"s", USEC_PER_SEC},
        {"", USEC_PER_SEC},
        {"minutes", USEC_PER_MINUTE},
        {"minute", USEC_PER_MINUTE},
        {"min", USEC_PER_MINUTE},
        {"m", USEC_PER_MINUTE},
        {"hours", USEC_PER_HOUR},
        {"hour", USEC_PER_HOUR},
        {"hr", USEC_PER_HOUR},
        {"h", USEC_PER_HOUR},
        {"days", USEC_PER_DAY},
        {"day", USEC_PER_DAY},
        {"d", USEC_PER_DAY},
        {"weeks", USEC_PER_WEEK},
        {"week", USEC_PER_WEEK},
        {"w", USEC_PER_WEEK},
        {"months", USEC_PER_MONTH},
        {"month", USEC_PER_MONTH},
        {"M", USEC_PER_MONTH},
        {"years", USEC_PER_YEAR},
        {"year", USEC_PER_YEAR},
        {"y", USEC_PER_YEAR},
    };
    const char *start = skip_space(*text);
    size_t size = strcspn(start, " \t\n\r+.0123456789");

    if (size == 0 && start == *text && *start != '\0')
        return -EINVAL; /* "12.34.56": not even a blank ends the number */
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) == size && strncmp(units[i].name, start, size) == 0) {
            *text = start + size;
            *ret_usec = units[i].usec;
            return 0;
        }
    }
    return -EINVAL;
}

/* One number and its unit, such as "1.5h". As for systemd it may begin with a plus sign, or with
 * the point. */
static int read_span(const char **text, uint64_t *ret_usec)
{
    const char *digits = *text + (**text == '+'), *fraction = NULL;
    size_t digit_count = strspn(digits, "0123456789"), fraction_count = 0;
    uint64_t unit, value = 0, usec;
    int r;

    *text = digits + digit_count;
    if (**text == '.') {
        fraction = *text + 1;
        fraction_count = strspn(fraction, "0123456789");
        *text = fraction + fraction_count;
    }
    if (fraction ? fraction_count == 0 : digit_count == 0)
        return -EINVAL;
    r = read_unit(text, &unit);
    if (r < 0)
        return r;

    for (size_t i = 0; i < digit_count; i++)
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(digits[i] - '0'), &value))
            return -ERANGE;
    if (__builtin_mul_overflow(value, unit, &usec))
        return -ERANGE;
    for (size_t i = 0; i < fraction_count; i++) {
        unit /= 10;
        if (__builtin_add_overflow(usec, unit * (uint64_t)(fraction[i] - '0'), &usec))
            return -ERANGE;
    }
    *ret_usec = usec;
    return 0;
}

int timespan_parse(const char *text, uint64_t *ret_usec)
{
    uint64_t sum = 0, usec;

    text = skip_space(text);
    do {
        int r = read_span(&text, &usec);
        if (r < 0)
            return r;
        if (__builtin_add_overflow(sum, usec, &sum))
            return -ERANGE;
        text = skip_space(text);
    } while (*text != '\0');
    *ret_usec = sum;
    return 0;
}

/* A minute and more. */
static void format_two_units(uint64_t usec, char buffer[static TIMESPAN_SIZE])
{
    static const struct {
        const char *name;
        uint64_t usec;
    } units[] = {
        {"d", USEC_PER_DAY},
        {"h", USEC_PER_HOUR},
        {"min", USEC_PER_MINUTE},
        {"s", USEC_PER_SEC},
    };
    size_t i = 0;
    uint64_t rest;
    int size;

    while (usec < units[i].usec)
        i++;
    rest = usec % units[i].usec / units[i + 1].usec;
    size = snprintf(buffer, TIMESPAN_SIZE, "%" PRIu64 "%s", usec / units[i].usec, units[i].name);
    if (rest > 0)
        snprintf(buffer + size, TIMESPAN_SIZE - (size_t)size, " %" PRIu64 "%s", rest,
                 units[i + 1].name);
}

const char *timespan_format(uint64_t usec, char buffer[static TIMESPAN_SIZE])
{
    uint64_t tenths = usec / (USEC_PER_SEC / 10);

    if (usec == 0)
        snprintf(buffer, TIMESPAN_SIZE, "0");
    else if (usec < USEC_PER_MSEC)
        snprintf(buffer, TIMESPAN_SIZE, "%" PRIu64 "us", usec);
    else if (usec < USEC_PER_SEC)
        snprintf(buffer, TIMESPAN_SIZE, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
    else if (usec >= USEC_PER_MINUTE)
        format_two_units(usec, buffer);
    else if (tenths % 10)
        snprintf(buffer, TIMESPAN_SIZE, "%" PRIu64 ".%" PRIu64 "s", tenths / 10, tenths % 10);
    else
        snprintf(buffer, TIMESPAN_SIZE, "%" PRIu64 "s", tenths / 10);
    return buffer;
}
