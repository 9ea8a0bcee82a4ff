#include "client/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/utf8.h"

static uint32_t decode(const unsigned char *byte, size_t size)
{
    switch (size) {
    case 1:
        return byte[0];
    case 2:
        return (uint32_t)(byte[0] & 0x1F) << 6 | (byte[1] & 0x3F);
    case 3:
        return (uint32_t)(byte[0] & 0x0F) << 12 | (uint32_t)(byte[1] & 0x3F) << 6 |
               (byte[2] & 0x3F);
    default:
        return (uint32_t)(byte[0] & 0x07) << 18 | (uint32_t)(byte[1] & 0x3F) << 12 |
               (uint32_t)(byte[2] & 0x3F) << 6 | (byte[3] & 0x3F);
    }
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character <= 0x9F);
}

/* Line and paragraph separators and the overrides of bidirectional text (Unicode Standard Annex 9).
 */
static bool is_misleading(uint32_t character)
{
    return character == 0x061C || character == 0x200E || character == 0x200F ||
           (character >= 0x2028 && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

char *text_escape(const char *text)
{
    size_t size = strlen(text);
    char *escaped =
        malloc(4 * size + 1); /* \xNN for each byte at most: \uNNNN stands for three or two */
    char *out = escaped;

    if (!escaped)
        return NULL;
    while (size > 0) {
        size_t step = utf8_character_size(text, size);
        uint32_t character = step ? decode((const unsigned char *)text, step) : 0;
        if (step == 0 || (step == 1 && is_control(character))) {
            out += sprintf(out, "\\x%02x", (unsigned char)*text);
            step = 1;
        } else if (is_control(character) || is_misleading(character)) {
            out += sprintf(out, "\\u%04x", character);
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

size_t text_columns(const char *text)
{
    size_t columns = 0;

    for (; *text; text++)
        if ((*text & 0xC0) != 0x80)
            columns++;
    return columns;
}

void text_complain(const char *format, ...)
{
    CLEANUP(freep) char *sentence = NULL, *escaped = NULL;
    va_list arguments;

    va_start(arguments, format);
    int r = string_vformat(&sentence, format, arguments);
    va_end(arguments);
    if (r >= 0)
        escaped = text_escape(sentence);
    fflush(stdout);
    fprintf(stderr, "trailstopctl: %s\n", escaped ? escaped : "out of memory");
}

void text_print_json(json_object *document)
{
    size_t size;
    const char *text = json_text(document, &size);

    if (!text) {
        text_complain("out of memory");
        exit(EXIT_FAILURE); /* like output that cannot be written */
    }
    /* json-c leaves DEL and U+0080 to U+009F as they are, which terminals obey too. They can only
     * be inside a string. */
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == 0x7F)
            fputs("\\u007f", stdout);
        else if (byte == 0xC2 && (unsigned char)text[i + 1] <= 0x9F)
            printf("\\u%04x", (unsigned char)text[++i]);
        else
            putchar(byte);
    }
    putchar('\n');
    text_flush();
}

void text_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    if (errno != EPIPE)
        text_complain("Cannot write to standard output: %s", strerror(errno));
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
