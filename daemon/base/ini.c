/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/utf8.h"

#define BLANKS " \t"

struct IniParser {
    const IniHandler *handler;
    void *userdata;
    const char *name;
    char *copy, *rest; /* rest NULL: the last line was taken */
    size_t size;       /* of the copy */
    unsigned line;
    bool in_section;
    bool in_property; /* a continuation has something to continue */
};

static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    text[string_trim_end(text, strlen(text), BLANKS)] = '\0';
    return text;
}

static bool is_comment(char character)
{
    return character == '#' || character == ';';
}

int ini_split(char *text, char **ret_key, char **ret_value, char **ret_error)
{
    char *equals, *key;

    for (char *at = text; *at; at++)
        if (is_comment(*at) && at > text && strchr(BLANKS, at[-1])) {
            *at = '\0';
            break;
        }

    equals = strchr(text, '=');
    if (!equals)
        return explain(ret_error, -EINVAL,
                       "expected a [section], a comment or 'key = value', found no '='");
    *equals = '\0';
    key = trim(text);
    if (!*key)
        return explain(ret_error, -EINVAL, "there is no key before the '='");

    *ret_key = key;
    *ret_value = trim(equals + 1);
    return 0;
}

static int parse_section(IniParser *parser, char *line, char **ret_error)
{
    size_t length;

    line[strcspn(line, "#;")] = '\0';
    line = trim(line);
    length = strlen(line);
    if (line[length - 1] != ']')
        return explain(ret_error, -EINVAL, "the section's name lacks its closing ']'");
    line[length - 1] = '\0';

    parser->in_section = true;
    parser->in_property = false;
    return parser->handler->section(trim(line + 1), parser->line, parser->userdata, ret_error);
}

static int parse_continuation(IniParser *parser, char *line, char **ret_error)
{
    if (!parser->in_property || !parser->handler->continuation)
        return explain(
            ret_error, -EINVAL,
            "a line that begins with a blank continues the value above it, and here there "
            "is none; remove the blanks at its start");
    return parser->handler->continuation(trim(line), parser->line, parser->userdata, ret_error);
}

static int parse_property(IniParser *parser, char *line, char **ret_error)
{
    char *key, *value;
    int r;

    if (!parser->in_section)
        return explain(ret_error, -EINVAL, "expected a [section] before the first key");
    r = ini_split(line, &key, &value, ret_error);
    if (r < 0)
        return r;
    parser->in_property = true;
    return parser->handler->property(key, value, parser->line, parser->userdata, ret_error);
}

static int parse_line(IniParser *parser, char *line, char **ret_error)
{
    size_t length = strlen(line);
    const char *first;

    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    first = line + strspn(line, BLANKS);
    if (!*first || is_comment(*first))
        return 0;
    if (*line == '[')
        return parse_section(parser, line, ret_error);
    if (strchr(BLANKS, *line))
        return parse_continuation(parser, line, ret_error);
    return parse_property(parser, line, ret_error);
}

int ini_parser_new(const char *text, const char *name, const IniHandler *handler, void *userdata,
                   IniParser **ret)
{
    CLEANUP(ini_parser_freep) IniParser *parser = malloc(sizeof(*parser));

    if (!parser)
        return -ENOMEM;
    *parser = (IniParser){.handler = handler, .userdata = userdata, .name = name};
    if (strncmp(text, UTF8_BYTE_ORDER_MARK, strlen(UTF8_BYTE_ORDER_MARK)) == 0)
        text += strlen(UTF8_BYTE_ORDER_MARK);
    parser->size = strlen(text) + 1;
    parser->rest = parser->copy = OPENSSL_memdup(text, parser->size);
    if (!parser->copy)
        return -ENOMEM;
    *ret = TAKE(parser);
    return 0;
}

void ini_parser_free(IniParser *parser)
{
    if (!parser)
        return;
    OPENSSL_clear_free(parser->copy, parser->size);
    free(parser);
}

int ini_parser_step(IniParser *parser, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;
    char *line = strsep(&parser->rest, "\n");
    int r;

    if (!line)
        return 0;
    parser->line++;
    r = parse_line(parser, line, &sentence);
    if (r < 0 && sentence)
        return explain(ret_error, r, "%s:%u: %s", parser->name, parser->line, sentence);
    return r < 0 ? r : 1;
}

int ini_parse(const char *text, const char *name, const IniHandler *handler, void *userdata,
              char **ret_error)
{
    CLEANUP(ini_parser_freep) IniParser *parser = NULL;
    int r = ini_parser_new(text, name, handler, userdata, &parser);

    if (r < 0)
        return r;
    do
        r = ini_parser_step(parser, ret_error);
    while (r > 0);
    return r;
}
