/* SPDX-License-Identifier: Apache-2.0 */
#include "client/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client/streams.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "common/utf8.h"

static char *escape(const char *text, bool (*is_hidden)(uint32_t code_point))
{
    size_t size = strlen(text);
    /* \xNN for each byte at most: \uNNNN stands for three or two, \UNNNNNNNN for four. */
    char *escaped = malloc(4 * size + 1), *out = escaped;

    if (!escaped)
        return NULL;
    while (size > 0) {
        size_t step = utf8_character_size(text, size);
        uint32_t character = step ? utf8_decode(text, step) : 0;

        if (step == 0 || (step == 1 && is_hidden(character))) {
            out += sprintf(out, "\\x%02x", (unsigned char)*text);
            step = 1;
        } else if (is_hidden(character)) {
            out += sprintf(out, step < 4 ? "\\u%04x" : "\\U%08x", character);
        } else {
            memcpy(out, text, step);
            out += step;
        }
        text += step;
        size -= step;
    }
    *out = '\0';
    return escaped;
}

char *text_escape(const char *text)
{
    return escape(text, utf8_is_deceptive);
}

static bool is_deceptive_or_invisible(uint32_t code_point)
{
    return utf8_is_deceptive(code_point) || utf8_is_invisible(code_point);
}

size_t text_columns(const char *text)
{
    size_t columns = 0;

    for (; *text; text++)
        if ((*text & 0xC0) != 0x80)
            columns++;
    return columns;
}

bool text_format_time(const char *time, bool local, char buffer[static TEXT_TIME_SIZE])
{
    uint64_t at_usec;
    struct tm tm;
    time_t at;

    if (time_parse_rfc3339(time, &at_usec) < 0)
        return false;
    at = (time_t)(at_usec / USEC_PER_SEC);
    if (local)
        return localtime_r(&at, &tm) &&
               strftime(buffer, TEXT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) > 0;
    return gmtime_r(&at, &tm) && strftime(buffer, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list arguments)
{
    CLEANUP(freep) char *sentence = NULL, *escaped = NULL;

    if (string_vformat(&sentence, format, arguments) >= 0)
        escaped = escape(sentence, is_deceptive_or_invisible);
    fflush(stdout);
    fprintf(stderr, "trailstopctl: %s\n", escaped ? escaped : "out of memory");
}

void text_complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
}

void text_remark(const Options *options, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!options->quiet)
        complain(format, arguments);
    va_end(arguments);
}

void text_print_json(json_object *document)
{
    if (json_print(document, stdout) < 0) {
        text_complain("out of memory");
        exit(EXIT_FAILURE); /* like output that cannot be written */
    }
    text_flush();
}

void text_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    if (streams_output_error() != EPIPE)
        text_complain("Cannot write to standard output: %s", strerror(streams_output_error()));
    _exit(EXIT_FAILURE);
}

bool text_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale)
            return strcasestr(locale, "UTF-8") || strcasestr(locale, "UTF8");
    }
    return false;
}

const char *text_ellipsis(void)
{
    return text_is_utf8() ? "…" : "~";
}
