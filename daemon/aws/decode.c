/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/decode.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"

/* The functions below leave *ret NULL for a value that is left out; they return 0 or -ENOMEM. */
static int decode_object(json_object *from, const Member *members, json_object **ret);

static void decode_string(json_object *from, json_object **ret)
{
    if (json_string(from))
        *ret = json_object_get(from);
}

/* members NULL: of strings. */
static int decode_array(json_object *from, const Member *members, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *array = NULL;

    if (!json_object_is_type(from, json_type_array))
        return 0;
    array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(from); i++) {
        json_object *element = json_object_array_get_idx(from, i);
        CLEANUP(json_object_putp) json_object *decoded = NULL;

        if (!members)
            decode_string(element, &decoded);
        else if (decode_object(element, members, &decoded) < 0)
            return -ENOMEM;
        if (decoded && json_append(array, TAKE(decoded)) < 0)
            return -ENOMEM;
    }
    *ret = TAKE(array);
    return 0;
}

/* The digits that the text begins with. */
static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Appends a digit, which is below 0 in a negative number. False: int64_t does not hold it. */
static bool append_digit(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, INT64_C(10), value) &&
           !__builtin_add_overflow(*value, digit, value);
}

/* A number as JSON writes it, such as "-12.50e+3". False: it is not whole, or int64_t does not hold
 * it. double would lose digits of the one and hide the fraction of the other. */
static bool read_whole(const char *text, int64_t *ret)
{
    int sign = *text == '-' ? -1 : 1;
    const char *digits = text + (sign < 0), *end = digits + strcspn(digits, "eE");
    const char *point = memchr(digits, '.', (size_t)(end - digits));
    long exponent = *end ? strtol(end + 1, NULL, 10) : 0; /* or its limit */
    int64_t left, value = 0; /* left: digits before the point, as the exponent moves it */

    if (__builtin_add_overflow((point ? point : end) - digits, exponent, &left))
        left = exponent;
    for (; digits < end; digits++) {
        if (digits == point)
            continue;
        if (left > 0 ? !append_digit(&value, sign * (*digits - '0')) : *digits != '0')
            return false;
        left -= left > 0;
    }
    for (; left > 0 && value != 0; left--)
        if (!append_digit(&value, 0))
            return false;
    *ret = value;
    return true;
}

static bool read_count(json_object *from, int64_t *ret)
{
    const char *text = json_string(from);

    if (json_object_is_type(from, json_type_int)) {
        *ret = json_object_get_int64(from);
        return true;
    }
    if (json_object_is_type(from, json_type_double))
        text = json_object_get_string(from); /* as it was read */
    else if (!text || *text == '\0' || text[count_digits(text)] != '\0')
        return false;
    return text && read_whole(text, ret);
}

static int decode_count(json_object *from, json_object **ret)
{
    int64_t count;

    if (!read_count(from, &count))
        return 0;
    *ret = json_object_new_int64(count);
    return *ret ? 0 : -ENOMEM;
}

/* "1763813025" or "1763813025.25" */
static bool is_decimal(const char *text)
{
    size_t whole = count_digits(text);

    if (whole == 0 || text[whole] == '\0')
        return whole > 0;
    text += whole + 1;
    return text[-1] == '.' && *text != '\0' && text[count_digits(text)] == '\0';
}

/* units: so many a second. */
static bool read_time(json_object *from, double units, uint64_t *ret_usec)
{
    static const double latest =
        253402300799; /* 9999-12-31T23:59:59Z, the last that RFC 3339 has */
    const char *text = json_string(from);
    double seconds;

    if (text && !is_decimal(text))
        return time_parse_iso8601(text, ret_usec) == 0;
    if (text)
        seconds = strtod(text, NULL);
    else if (json_object_is_type(from, json_type_int) ||
             json_object_is_type(from, json_type_double))
        seconds = json_object_get_double(from);
    else
        return false;
    seconds /= units;
    if (!(seconds >= 0)) /* before there was a CloudTrail: as good as missing */
        return false;
    if (seconds > latest)
        seconds = latest;
    /* Through whole milliseconds, because 1.234 s as a double is a little less than 1234 ms. */
    *ret_usec = (uint64_t)llround(seconds * 1e3) * USEC_PER_MSEC;
    return true;
}

static int decode_time(json_object *from, double units, json_object **ret)
{
    char text[RFC3339_SIZE];
    uint64_t usec;

    if (!read_time(from, units, &usec))
        return 0;
    *ret = json_object_new_string(time_format_rfc3339(usec, text));
    return *ret ? 0 : -ENOMEM;
}

static int decode_value(json_object *from, const Member *member, json_object **ret)
{
    switch (member->kind) {
    case MEMBER_STRING:
        decode_string(from, ret);
        break;
    case MEMBER_STRINGS:
    case MEMBER_OBJECTS:
        return decode_array(from, member->members, ret);
    case MEMBER_COUNT:
        return decode_count(from, ret);
    case MEMBER_TIME:
        return decode_time(from, 1, ret);
    case MEMBER_TIME_MSEC:
        return decode_time(from, 1e3, ret);
    case MEMBER_OBJECT:
        return decode_object(from, member->members, ret);
    }
    return 0;
}

/* Takes the value over. The table names no member twice, and outlives the object. */
static int add_member(json_object *object, const Member *member, json_object *value)
{
    if (json_object_object_add_ex(object, member->name, value,
                                  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT) <
        0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

static int decode_object(json_object *from, const Member *members, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *object = NULL;

    if (!json_object_is_type(from, json_type_object))
        return 0;
    object = json_object_new_object();
    if (!object)
        return -ENOMEM;
    for (const Member *member = members; member->name; member++) {
        json_object *value = json_object_object_get(from, member->name), *decoded = NULL;

        if (decode_value(value, member, &decoded) < 0 ||
            (decoded && add_member(object, member, decoded) < 0))
            return -ENOMEM;
    }
    *ret = TAKE(object);
    return 0;
}

/* Nothing in it is AWS's. */
static bool is_foreign(json_object *answer, const Member *members)
{
    for (const Member *member = members; member->name; member++)
        if (json_object_object_get_ex(answer, member->name, NULL))
            return false;
    return json_object_object_length(answer) > 0;
}

int decode_answer(json_object *answer, const Member *members, json_object **ret)
{
    if (!json_object_is_type(answer, json_type_object) || is_foreign(answer, members))
        return -EBADMSG;
    return decode_object(answer, members, ret);
}
