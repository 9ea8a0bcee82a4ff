/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/option-value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/queue-url.h"

/* How much of a wrong value a sentence repeats. */
#define SHOWN_MAX 80

/* By priority of syslog(3). */
static const char *const level_names[] = {"emerg",   "alert",  "crit", "err",
                                          "warning", "notice", "info", "debug"};
_Static_assert(sizeof(level_names) / sizeof(*level_names) == LOG_DEBUG + 1, "a level has no name");

/* Says what the option takes instead. */
static int refuse(const Option *option, const char *text, const char *takes, char **ret_error)
{
    size_t shown = strlen(text);

    if (shown > SHOWN_MAX) {
        shown = SHOWN_MAX;
        while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) /* inside a character */
            shown--;
    }
    return explain(ret_error, -EINVAL, "%s: \"%.*s%s\" is not %s", option->key, (int)shown, text,
                   text[shown] ? "..." : "", takes);
}

static bool is_text(const Option *option)
{
    return option->type <= OPTION_QUEUE;
}

/* What a double holds exactly; ranges are far below it. */
#define WHOLE_MAX (UINT64_C(1) << 53)

static int parse_count(const char *text, uint64_t *ret)
{
    uint64_t value = 0;

    if (!*text)
        return -EINVAL;
    for (; isdigit((unsigned char)*text); text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > WHOLE_MAX)
            return -ERANGE;
    }
    if (*text)
        return -EINVAL;
    *ret = value;
    return 0;
}

static int parse_size(const char *text, uint64_t *ret)
{
    static const char units[] = "KMG";
    size_t length = strlen(text);
    const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;
    CLEANUP(freep) char *digits = strndup(text, unit ? length - 1 : length);
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t value;
    int r;

    if (!digits)
        return -ENOMEM;
    r = parse_count(digits, &value);
    if (r < 0)
        return r;
    if (value > WHOLE_MAX >> shift)
        return -ERANGE;
    *ret = value << shift;
    return 0;
}

static int parse_real(const char *text, double *ret)
{
    char *end;
    double value;

    /* As people write it: none of the signs, exponents, "inf" and "0x1p3" that strtod() takes. */
    if (!isdigit((unsigned char)*text) || text[strspn(text, "0123456789.")])
        return -EINVAL;
    value = strtod(text, &end);
    if (*end)
        return -EINVAL;
    *ret = value;
    return 0;
}

/* A value of one of the types that have a range. Ranges end far below 2^53, up to which a double
 * holds each whole number. 0, -EINVAL, -ERANGE, -ENOMEM. */
static int parse_number(OptionType type, const char *text, double *ret)
{
    uint64_t whole;
    int r;

    if (type == OPTION_REAL)
        return parse_real(text, ret);
    if (type == OPTION_TIMESPAN)
        r = timespan_parse(text, &whole);
    else if (type == OPTION_SIZE)
        r = parse_size(text, &whole);
    else
        r = parse_count(text, &whole);
    if (r < 0)
        return r;
    *ret = (double)whole;
    return 0;
}

static void store_number(OptionType type, void *member, double value)
{
    switch (type) {
    case OPTION_COUNT:
    case OPTION_CHOICE:
        *(unsigned *)member = (unsigned)value;
        break;
    case OPTION_SIZE:
        *(size_t *)member = (size_t)value;
        break;
    case OPTION_NUMBER:
    case OPTION_TIMESPAN:
        *(uint64_t *)member = (uint64_t)value;
        break;
    default:
        *(double *)member = value;
    }
}

static int refuse_number(const Option *option, const char *text, char **ret_error)
{
    static const char *const nouns[] = {
        [OPTION_COUNT] = "whole number", [OPTION_NUMBER] = "whole number", [OPTION_SIZE] = "size",
        [OPTION_TIMESPAN] = "time span", [OPTION_REAL] = "number",
    };
    char takes[128];

    snprintf(takes, sizeof(takes), "a %s from %s to %s", nouns[option->type], option->minimum,
             option->maximum);
    return refuse(option, text, takes, ret_error);
}

static int set_number(const Option *option, void *member, const char *text, char **ret_error)
{
    double value, minimum, maximum;
    int r;

    if ((r = parse_number(option->type, option->minimum, &minimum)) < 0 ||
        (r = parse_number(option->type, option->maximum, &maximum)) < 0)
        return r;
    r = parse_number(option->type, text, &value);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || value < minimum || value > maximum)
        return refuse_number(option, text, ret_error);
    store_number(option->type, member, value);
    return 0;
}

static int check_url(const Option *option, const char *text, char **ret_error)
{
    CLEANUP(freep) char *cause = NULL;
    int r = option->type == OPTION_URL ? aws_endpoint_validate(text, &cause)
                                       : queue_url_validate(text, &cause);

    return r == -EINVAL ? explain(ret_error, r, "%s: %s", option->key, cause) : r;
}

static bool names_directory(const char *path)
{
    const char *last = strrchr(path, '/') + 1;

    return !last[strspn(last, ".")] && strlen(last) <= strlen("..");
}

static int check_path(const Option *option, const char *text, char **ret_error)
{
    char takes[64] = "the path of a file";
    uint64_t length_max;
    int r = parse_count(option->maximum, &length_max);

    if (r < 0)
        return r;
    if (*text != '/' || strlen(text) > length_max)
        snprintf(takes, sizeof(takes), "an absolute path of at most %" PRIu64 " bytes", length_max);
    else if (option->type != OPTION_FILE || !names_directory(text))
        return 0;
    return refuse(option, text, takes, ret_error);
}

static int set_string(const Option *option, char **member, const char *text, char **ret_error)
{
    int r = 0;
    char *copy;

    if (option->type == OPTION_URL || option->type == OPTION_QUEUE)
        r = check_url(option, text, ret_error);
    else if (option->type == OPTION_PATH || option->type == OPTION_FILE)
        r = check_path(option, text, ret_error);
    if (r < 0)
        return r;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*member);
    *member = copy;
    return 0;
}

static void list_freep(char ***list)
{
    for (char **item = *list; item && *item; item++)
        free(*item);
    free(*list);
    *list = NULL;
}

static int set_list(const Option *option, char ***member, const char *text, char **ret_error)
{
    static const char separators[] = " \t,";
    CLEANUP(list_freep) char **list = NULL;
    size_t n = 0;

    /* At most every other byte begins an item. */
    list = calloc(strlen(text) / 2 + 2, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (const char *at = text + strspn(text, separators); *at; at += strspn(at, separators)) {
        size_t length = strcspn(at, separators);

        if (*at == '@' && length == 1)
            return refuse(option, text, "a list of users and @groups", ret_error);
        list[n] = strndup(at, length);
        if (!list[n])
            return -ENOMEM;
        n++;
        at += length;
    }
    list_freep(member);
    *member = TAKE(list);
    return 0;
}

static int set_level(const Option *option, int *member, const char *text, char **ret_error)
{
    for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
        if (strcmp(text, level_names[level]) == 0) {
            *member = level;
            return 0;
        }
    return refuse(option, text, "one of emerg, alert, crit, err, warning, notice, info, debug",
                  ret_error);
}

/* The word at this place, or NULL; its length is up to the next '|'. */
static const char *choice_word(const Option *option, unsigned place)
{
    const char *word = option->maximum;

    for (; word && place > 0; place--) {
        word = strchr(word, '|');
        word += word != NULL;
    }
    return word;
}

static int set_choice(const Option *option, unsigned *member, const char *text, char **ret_error)
{
    const char *word;
    char takes[128] = "one of";
    size_t n;

    for (unsigned place = 0; (word = choice_word(option, place)); place++) {
        size_t length = strcspn(word, "|");

        if (strlen(text) == length && strncmp(word, text, length) == 0) {
            *member = place;
            return 0;
        }
        n = strlen(takes);
        snprintf(takes + n, sizeof(takes) - n, "%s %.*s", place > 0 ? "," : "", (int)length, word);
    }
    return refuse(option, text, takes, ret_error);
}

static int set_bool(const Option *option, int *member, const char *text, char **ret_error)
{
    enum { N_WORDS = 6 }; /* those of systemd */
    static const char *const words[2][N_WORDS] = {{"no", "n", "false", "f", "off", "0"},
                                                  {"yes", "y", "true", "t", "on", "1"}};

    for (int value = 0; value <= 1; value++)
        for (size_t i = 0; i < N_WORDS; i++)
            if (strcasecmp(text, words[value][i]) == 0) {
                *member = value;
                return 0;
            }
    return refuse(option, text, "yes or no", ret_error);
}

int option_set(const Option *option, void *object, const char *text, char **ret_error)
{
    void *member = (char *)object + option->offset;

    if (!*text && option->type != OPTION_LIST) {
        if (option->default_text)
            return explain(ret_error, -EINVAL, "%s: a value is missing", option->key);
        option_clear(option, object);
        return 0;
    }
    if (is_text(option))
        return set_string(option, member, text, ret_error);
    switch (option->type) {
    case OPTION_LIST:
        return set_list(option, member, text, ret_error);
    case OPTION_LEVEL:
        return set_level(option, member, text, ret_error);
    case OPTION_CHOICE:
        return set_choice(option, member, text, ret_error);
    case OPTION_BOOL:
        return set_bool(option, member, text, ret_error);
    default:
        return set_number(option, member, text, ret_error);
    }
}

int option_set_default(const Option *option, void *object)
{
    CLEANUP(freep) char *error = NULL;

    if (option->default_text)
        return option_set(option, object, option->default_text, &error);
    option_clear(option, object);
    return 0;
}

void option_clear(const Option *option, void *object)
{
    void *member = (char *)object + option->offset;

    if (is_text(option)) {
        free(*(char **)member);
        *(char **)member = NULL;
        return;
    }
    switch (option->type) {
    case OPTION_LIST:
        list_freep(member);
        break;
    case OPTION_LEVEL:
        *(int *)member = LOG_INFO;
        break;
    case OPTION_BOOL:
        *(int *)member = -1;
        break;
    default:
        store_number(option->type, member, 0);
    }
}

static json_object *list_to_json(char *const *list)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    if (!array)
        return NULL;
    for (; *list; list++)
        if (json_append(array, json_object_new_string(*list)) < 0)
            return NULL;
    return TAKE(array);
}

/* Up to six digits after the point, which is what a microsecond needs, and no more digits than
 * that: json-c would write 0.1 with all the seventeen that tell a double from its neighbours. */
static json_object *real_to_json(double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%.6f", value);
    for (size_t length = strlen(text); text[length - 1] == '0'; length--)
        text[length - 1] = '\0';
    if (text[strlen(text) - 1] == '.')
        return json_object_new_int64((int64_t)value);
    return json_object_new_double_s(value, text);
}

int option_to_json(const Option *option, const void *object, json_object **ret)
{
    const void *member = (const char *)object + option->offset;
    json_object *value = NULL;
    const char *word;
    uint64_t number;

    if (is_text(option) && !*(char *const *)member)
        return 0;
    switch (option->type) {
    case OPTION_LIST:
        if (!*(char **const *)member)
            return 0;
        value = list_to_json(*(char **const *)member);
        break;
    case OPTION_LEVEL:
        value = json_object_new_string(level_names[*(const int *)member]);
        break;
    case OPTION_CHOICE:
        word = choice_word(option, *(const unsigned *)member);
        value = json_object_new_string_len(word, (int)strcspn(word, "|"));
        break;
    case OPTION_BOOL:
        if (*(const int *)member < 0)
            return 0;
        value = json_object_new_boolean(*(const int *)member);
        break;
    case OPTION_COUNT:
        value = json_object_new_int64(*(const unsigned *)member);
        break;
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_TIMESPAN:
        number = option->type == OPTION_SIZE ? *(const size_t *)member : *(const uint64_t *)member;
        if (number == 0 && !option->default_text)
            return 0;
        value = real_to_json((double)number /
                             (option->type == OPTION_TIMESPAN ? (double)USEC_PER_SEC : 1));
        break;
    case OPTION_REAL:
        value = real_to_json(*(const double *)member);
        break;
    default:
        value = json_object_new_string(*(char *const *)member);
    }
    if (!value)
        return -ENOMEM;
    *ret = value;
    return 1;
}
