/* SPDX-License-Identifier: Apache-2.0 */
/* common/time.h: points in time as RFC 3339, spans of time as systemd writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"

static void test_formats_points_in_time(void **state)
{
    static const struct {
        uint64_t usec;
        const char *text;
    } samples[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(951782400000000), "2000-02-29T00:00:00.000Z"},
        {UINT64_C(1763814225678999), "2025-11-22T12:23:45.678Z"},
        {UINT64_C(253402300799999999), "9999-12-31T23:59:59.999Z"},
        {UINT64_C(253402300800000000), "9999-12-31T23:59:59.999Z"},
        {UINT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    char buffer[RFC3339_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_ptr_equal(time_format_rfc3339(samples[i].usec, buffer), buffer);
        assert_string_equal(buffer, samples[i].text);
    }
}

static void test_formats_the_basic_form(void **state)
{
    static const struct {
        uint64_t usec;
        const char *text;
    } samples[] = {
        {0, "19700101T000000Z"},
        {UINT64_C(1440938160000000), "20150830T123600Z"},
        {UINT64_C(1440938160999999), "20150830T123600Z"},
        {UINT64_MAX, "99991231T235959Z"},
    };
    char buffer[TIME_BASIC_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_ptr_equal(time_format_basic(samples[i].usec, buffer), buffer);
        assert_string_equal(buffer, samples[i].text);
    }
}

static void test_parses_points_in_time(void **state)
{
    static const struct {
        const char *text;
        uint64_t usec;
    } samples[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"2000-02-29T00:00:00Z", UINT64_C(951782400000000)},
        {"2025-11-22T12:23:45.6Z", UINT64_C(1763814225600000)},
        {"2025-11-22T12:23:45.678Z", UINT64_C(1763814225678000)},
        {"2025-11-22T12:23:45.678999999999Z", UINT64_C(1763814225678999)},
        {"9999-12-31T23:59:59.999Z", UINT64_C(253402300799999000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(time_parse_rfc3339(samples[i].text, &usec), 0);
        assert_true(usec == samples[i].usec);
    }
}

static void test_refuses_other_points_in_time(void **state)
{
    static const char *const texts[] = {
        "",
        "2025-11-22",
        "2025-11-22T12:23:45",
        "2025-11-22T12:23:45.Z",
        "2025-11-22T1Z",
        "2025-11-22T12",
        "2025-11-22T12:Z",
        "2025-11-22T12.5Z",
        "2025-11-22T12:23:45,5Z",
        "2025-11-22T12:23:45+00:00",
        "2025-11-22T12:23:45Z ",
        " 2025-11-22T12:23:45Z",
        "2025-11-22 12:23:45Z",
        "2025-11-22T12:23:45z",
        "2025-13-22T12:23:45Z",
        "2025-00-22T12:23:45Z",
        "2025-02-29T12:23:45Z",
        "2025-11-31T12:23:45Z",
        "2025-11-00T12:23:45Z",
        "2025-11-22T24:00:00Z",
        "2025-11-22T12:60:45Z",
        "2025-11-22T12:23:60Z",
        "2025-11-22T12:23:-5Z",
        "2x25-11-22T12:23:45Z",
        "2025-1x-22T12:23:45Z",
        "2025-11-2xT12:23:45Z",
        "2025-11-22Tx2:23:45Z",
        "2025-11-22T12:2x:45Z",
        "2025-11-22T12:23:4xZ",
        "2025-11-22T12:23:45.Z",
        "2025-11-22T12:23:45.-Z",
        "225-11-22T12:23:45Z",
        "1969-12-31T23:59:59Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(time_parse_rfc3339(texts[i], &usec), -EINVAL);
        assert_true(usec == 42);
    }
}

static void test_parses_spans(void **state)
{
    static const struct {
        const char *text;
        uint64_t usec;
    } samples[] = {
        {"0", 0},
        {"90", 90 * USEC_PER_SEC},
        {"90s", 90 * USEC_PER_SEC},
        {"5min", 5 * USEC_PER_MINUTE},
        {"5 m", 5 * USEC_PER_MINUTE},
        {"1h 30min", 90 * USEC_PER_MINUTE},
        {"1h30min", 90 * USEC_PER_MINUTE},
        {"1.5h", 90 * USEC_PER_MINUTE},
        {"  2 days\t3 hours ", 51 * USEC_PER_HOUR},
        {"1 30", 31 * USEC_PER_SEC},
        {"1w", 7 * USEC_PER_DAY},
        {"1M", UINT64_C(2629800000000)},
        {"1year", UINT64_C(31557600000000)},
        {"350ms", 350 * USEC_PER_MSEC},
        {"0.1us", 0},
        {"0.123456789s", 123456},
        {"1usec", 1},
        {"5µs", 5},
        {"5 μs", 5},
        {"+5", 5 * USEC_PER_SEC},
        {"1h+5min", 65 * USEC_PER_MINUTE},
        {".5s", 500 * USEC_PER_MSEC},
        {"12.3s.5", 12800 * USEC_PER_MSEC},
        {"18446744073709551615us", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(timespan_parse(samples[i].text, &usec), 0);
        assert_true(usec == samples[i].usec);
    }
}

static void test_refuses_other_spans(void **state)
{
    static const struct {
        const char *text;
        int error;
    } samples[] = {
        {"", -EINVAL},
        {" ", -EINVAL},
        {"s", -EINVAL},
        {"-5s", -EINVAL},
        {"++5s", -EINVAL},
        {"+ 5s", -EINVAL},
        {"5+5", -EINVAL},
        {"5parsec", -EINVAL},
        {"5S", -EINVAL},
        {"5m!", -EINVAL},
        {"5.s", -EINVAL},
        {".s", -EINVAL},
        {"12.34.56", -EINVAL},
        {"5\xC2s", -EINVAL},
        {"1h 30min soon", -EINVAL},
        {"infinity", -EINVAL},
        {"18446744073709551616us", -ERANGE},
        {"18446744073709551615s", -ERANGE},
        {"99999999999999999999999", -ERANGE},
        {"18446744073709551615us 1us", -ERANGE},
        {"18446744073709.9s", -ERANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(timespan_parse(samples[i].text, &usec), samples[i].error);
        assert_true(usec == 42);
    }
}

static void test_formats_spans(void **state)
{
    static const struct {
        uint64_t usec;
        const char *text;
    } samples[] = {
        {0, "0"},
        {999, "999us"},
        {350 * USEC_PER_MSEC + 999, "350ms"},
        {USEC_PER_SEC, "1s"},
        {4200 * USEC_PER_MSEC, "4.2s"},
        {59999 * USEC_PER_MSEC, "59.9s"},
        {USEC_PER_MINUTE, "1min"},
        {USEC_PER_MINUTE + 2 * USEC_PER_SEC + 999, "1min 2s"},
        {90 * USEC_PER_MINUTE + 5 * USEC_PER_SEC, "1h 30min"},
        {USEC_PER_HOUR + 5 * USEC_PER_SEC, "1h"},
        {3 * USEC_PER_DAY + 4 * USEC_PER_HOUR, "3d 4h"},
        {UINT64_MAX, "213503982d 8h"},
    };
    char buffer[TIMESPAN_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_string_equal(timespan_format(samples[i].usec, buffer), samples[i].text);
}

static void test_parses_every_form_of_iso_8601(void **state)
{
    static const struct {
        const char *text;
        uint64_t usec;
    } samples[] = {
        {"2025-11-22T12:23:45Z", UINT64_C(1763814225000000)},
        {"2025-11-22T12:23:45z", UINT64_C(1763814225000000)},
        {"2025-11-22t12:23:45Z", UINT64_C(1763814225000000)},
        {"2025-11-22 12:23:45Z", UINT64_C(1763814225000000)},
        {"2025-11-22T13:23:45+01:00", UINT64_C(1763814225000000)},
        {"2025-11-22T13:23:45+0100", UINT64_C(1763814225000000)},
        {"2025-11-22T13:23:45+01", UINT64_C(1763814225000000)},
        {"2025-11-22T08:53:45-03:30", UINT64_C(1763814225000000)},
        {"2025-11-23T02:23:45+14:00", UINT64_C(1763814225000000)},
        {"2025-11-22T12:23:45.25+00:00", UINT64_C(1763814225250000)},
        {"2025-11-22T12:23:45,25Z", UINT64_C(1763814225250000)},
        {"2025-11-22T12:23:45.123456789Z", UINT64_C(1763814225123456)},
        {"2025-11-22T12:23Z", UINT64_C(1763814180000000)},
        {"2025-11-22T12:23+00", UINT64_C(1763814180000000)},
        {"2025-11-22T12Z", UINT64_C(1763812800000000)},
        {"2025-11-22T13+0100", UINT64_C(1763812800000000)},
        {"20251122T12Z", UINT64_C(1763812800000000)},
        {"20251122T122345Z", UINT64_C(1763814225000000)},
        {"20251122T122345.5+0000", UINT64_C(1763814225500000)},
        {"20251122T1223Z", UINT64_C(1763814180000000)},
        {"20251122T12:23:45Z", UINT64_C(1763814225000000)},
        {"1970-01-01T00:00:00-01:00", UINT64_C(3600000000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(time_parse_iso8601(samples[i].text, &usec), 0);
        assert_true(usec == samples[i].usec);
    }
}

static void test_refuses_what_is_not_iso_8601(void **state)
{
    static const char *const texts[] = {
        "",
        "Z",
        "2025-11-22",
        "2025-11-22Z",
        "2025-11-22T",
        "2025-11-22T12:23:45",
        "2025-11-22T12:23:45.Z",
        "2025-11-22T12:23.5Z",
        "2025-11-22T12:2345Z",
        "2025-11-22T1223:45Z",
        "2025-1122T12:23:45Z",
        "2025-11-22T12:23:45Z ",
        " 2025-11-22T12:23:45Z",
        "2025-11-22  12:23:45Z",
        "2025-11-22T12:23:45+",
        "2025-11-22T12:23:45+1",
        "2025-11-22T12:23:45+24:00",
        "2025-11-22T12:23:45+01:60",
        "2025-11-22T12:23:45+01:",
        "2025-11-22T12:23:45 CET",
        "2x25-11-22T12:23:45Z",
        "2025-x1-22T12:23:45Z",
        "2025-11-2xT12:23:45Z",
        "2025-11-22Tx2:23:45Z",
        "2025-11-22T12:x3:45Z",
        "2025-11-22T12:23:x5Z",
        "20251122T12234xZ",
        "20251122T1223-Z",
        "2025-13-22T12:23:45Z",
        "2025-02-29T12:23:45Z",
        "2025-11-22T24:00:00Z",
        "2025-11-22T12:23:60Z",
        "1763814225",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(time_parse_iso8601(texts[i], &usec), -EINVAL);
        assert_int_equal(usec, 42);
    }
}

static void test_a_time_before_1970_is_out_of_range(void **state)
{
    static const char *const texts[] = {
        "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z", "19691231T235959Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint64_t usec = 42;
        assert_int_equal(time_parse_iso8601(texts[i], &usec), -ERANGE);
        assert_int_equal(usec, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_points_in_time),
        cmocka_unit_test(test_formats_the_basic_form),
        cmocka_unit_test(test_parses_points_in_time),
        cmocka_unit_test(test_refuses_other_points_in_time),
        cmocka_unit_test(test_parses_every_form_of_iso_8601),
        cmocka_unit_test(test_refuses_what_is_not_iso_8601),
        cmocka_unit_test(test_a_time_before_1970_is_out_of_range),
        cmocka_unit_test(test_parses_spans),
        cmocka_unit_test(test_refuses_other_spans),
        cmocka_unit_test(test_formats_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
