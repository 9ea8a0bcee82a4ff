/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/utf8.h"
#include "daemon/base/file.h"
#include "daemon/config/option-value.h"

#define BLANKS " \t"
#define NAME_LENGTH_MAX 64U /* of a section's own name, and of what a sentence repeats */

/* Sections and keys go into sentences as they are, so they are checked first. */
static int check_name(const char *name, const char *what, char **ret_error)
{
    if (strlen(name) > NAME_LENGTH_MAX)
        return explain(ret_error, -EINVAL, "the %s is longer than %u characters", what,
                       NAME_LENGTH_MAX);
    for (const char *at = name; *at; at++)
        if (*at < ' ' || *at > '~')
            return explain(ret_error, -EINVAL, "the %s holds characters other than printable ASCII",
                           what);
    return 0;
}

/* what: "target", or another kind of those with a name. */
static int check_object_name(const char *name, const char *what, char **ret_error)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.-";
    char of_what[32];
    int r;

    if (!*name)
        return explain(ret_error, -EINVAL, "a %s needs a name: [%s NAME]", what, what);
    snprintf(of_what, sizeof(of_what), "%s's name", what);
    r = check_name(name, of_what, ret_error);
    if (r < 0)
        return r;
    if (name[strspn(name, allowed)])
        return explain(ret_error, -EINVAL,
                       "the %s \"%s\" holds characters other than letters, digits, "
                       "'_', '.' and '-'",
                       of_what, name);
    return 0;
}

static int check_value(const char *key, const char *value, char **ret_error)
{
    if (!utf8_is_valid(value, strlen(value)))
        return explain(ret_error, -EINVAL, "%s: the value is not UTF-8", key);
    for (const char *at = value; *at; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == '\x7f')
            return explain(ret_error, -EINVAL, "%s: the value holds control characters", key);
    return 0;
}

/* 1: it was one of those with a name. */
static int begin_named_section(ConfigReader *reader, const char *text, unsigned line,
                               char **ret_error)
{
    size_t length = strcspn(text, BLANKS);
    const char *name = text + length + strspn(text + length, BLANKS);

    for (size_t i = 0; i < N_NAMED_SECTIONS; i++) {
        const char *kind = option_named_sections[i];
        ConfigSection *section;
        int r;

        if (length != strlen(kind) || strncmp(text, kind, length) != 0)
            continue;
        r = check_object_name(name, kind, ret_error);
        if (r < 0)
            return r;
        r = config_add_section(reader->config, kind, name, reader->file, line, &section);
        if (r == -E2BIG)
            return explain(ret_error, -EINVAL, "there may be no more than %u sections [%s ...]",
                           CONFIG_SECTIONS_MAX, kind);
        if (r < 0)
            return r;
        reader->section = kind;
        reader->object = section;
        reader->object_origins = section->origins;
        return 1;
    }
    return 0;
}

static int begin_section(const char *name, unsigned line, void *userdata, char **ret_error)
{
    ConfigReader *reader = userdata;
    int r = begin_named_section(reader, name, line, ret_error);
    const char *near;

    if (r != 0)
        return r < 0 ? r : 0;
    reader->object = reader->config;
    reader->object_origins = reader->origins;
    r = check_name(name, "section's name", ret_error);
    if (r < 0)
        return r;
    reader->section = option_find_section(name);
    if (reader->section)
        return 0;

    near = option_suggest_section(name);
    return near
               ? explain(ret_error, -EINVAL, "unknown section [%s]; did you mean [%s]?", name, near)
               : explain(ret_error, -EINVAL, "unknown section [%s]", name);
}

static int refuse_key(const ConfigReader *reader, const char *key, char **ret_error)
{
    const char *near;
    int r = check_name(key, "key", ret_error);
    if (r < 0)
        return r;
    near = option_suggest_key(reader->section, key);
    return near ? explain(ret_error, -EINVAL, "unknown key \"%s\" in [%s]; did you mean \"%s\"?",
                          key, reader->section, near)
                : explain(ret_error, -EINVAL, "unknown key \"%s\" in [%s]", key, reader->section);
}

static int take_property(const char *key, const char *value, unsigned line, void *userdata,
                         char **ret_error)
{
    ConfigReader *reader = userdata;
    const Option *option = option_find(reader->section, key);
    int r;

    if (!option)
        return refuse_key(reader, key, ret_error);
    r = check_value(key, value, ret_error);
    if (r < 0)
        return r;
    r = option_set(option, reader->object, value, ret_error);
    if (r < 0)
        return r;
    reader->object_origins[option - options] = (ConfigOrigin){
        .file = reader->file,
        .line = line,
        .order = ++reader->n_values,
    };
    return 0;
}

/* In the AWS files a line that begins with a blank goes on with the value above; here it does not
 * matter. */
static void drop_indentation(char *text)
{
    char *to = text;
    bool at_start = true;

    for (const char *from = text; *from; from++) {
        if (at_start && strchr(BLANKS, *from))
            continue;
        at_start = *from == '\n';
        *to++ = *from;
    }
    *to = '\0';
}

/* The Config keeps the name: origins and sections borrow it. */
static int keep_file_name(Config *config, const char *path, const char **ret)
{
    char *name;
    char **files = reallocarray(config->files, config->n_files + 1, sizeof(*files));
    if (!files)
        return -ENOMEM;
    config->files = files;

    name = strdup(path);
    if (!name)
        return -ENOMEM;
    files[config->n_files++] = name;
    *ret = name;
    return 0;
}

typedef struct ConfigText {
    TAILQ_ENTRY(ConfigText) entry;
    char *path;
    char *text; /* NULL: it is read when its turn comes */
} ConfigText;

static void text_free(ConfigText *text)
{
    free(text->path);
    free(text->text);
    free(text);
}

static int add_text(ConfigReader *reader, const char *path, const char *text)
{
    ConfigText *added = calloc(1, sizeof(*added));

    if (!added || string_copy(path, &added->path) < 0 || string_copy(text, &added->text) < 0) {
        if (added)
            text_free(added);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&reader->texts, added, entry);
    return 0;
}

static int take_text(const char *path, char *text, void *userdata, char **ret_error)
{
    (void)ret_error;
    return add_text(userdata, path, text);
}

static int add_drop_in(ConfigReader *reader, const char *directory, const char *name)
{
    CLEANUP(freep) char *path = NULL;

    if (string_format(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    return add_text(reader, path, NULL);
}

static int add_drop_ins_one_by_one(ConfigReader *reader, const char *directory, char **ret_error)
{
    CLEANUP(freep) char *names = NULL;
    CLEANUP(freep) char *error = NULL;
    int r = file_list(directory, ".conf", &names, &error);

    if (r == -ENOENT)
        return 0;
    if (r < 0) {
        *ret_error = TAKE(error);
        return r;
    }
    for (const char *name = names; r >= 0 && *name; name += strlen(name) + 1)
        r = add_drop_in(reader, directory, name);
    return r;
}

static int add_drop_ins(ConfigReader *reader, const char *directory, char **ret_error)
{
    CLEANUP(freep) char *error = NULL;
    int r = file_read_each(directory, ".conf", take_text, reader, &error);

    if (r == FILE_NOT_TOGETHER)
        return add_drop_ins_one_by_one(reader, directory, ret_error);
    if (r < 0 && error)
        *ret_error = TAKE(error);
    return r;
}

static int add_file(ConfigReader *reader, const char *path, bool must_exist, char **ret_error)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;
    int r = file_read_text(path, &text, &error);

    if (r == -ENOENT && !must_exist)
        return 0;
    if (r < 0) {
        if (error)
            *ret_error = TAKE(error);
        return r;
    }
    return add_text(reader, path, text);
}

int config_reader_begin(ConfigReader *reader, Config *config, const char *path, bool must_exist,
                        char **ret_error)
{
    CLEANUP(freep) char *directory = NULL;
    int r;

    *reader = (ConfigReader){.config = config};
    TAILQ_INIT(&reader->texts);
    r = add_file(reader, path, must_exist, ret_error);
    if (r < 0)
        return r;
    if (string_format(&directory, "%s.d", path) < 0)
        return -ENOMEM;
    return add_drop_ins(reader, directory, ret_error);
}

static int begin_text(ConfigReader *reader, ConfigText *text, char **ret_error)
{
    static const IniHandler handler = {.section = begin_section, .property = take_property};
    int r = text->text ? 0 : file_read_text(text->path, &text->text, ret_error);

    if (r < 0 || (r = keep_file_name(reader->config, text->path, &reader->file)) < 0)
        return r;
    drop_indentation(text->text);
    reader->section = NULL;
    return ini_parser_new(text->text, reader->file, &handler, reader, &reader->parser);
}

static void end_text(ConfigReader *reader, ConfigText *text)
{
    ini_parser_free(TAKE(reader->parser));
    TAILQ_REMOVE(&reader->texts, text, entry);
    text_free(text);
}

int config_reader_step(ConfigReader *reader, char **ret_error)
{
    ConfigText *text = TAILQ_FIRST(&reader->texts);
    int r;

    if (!text)
        return 0;
    if (!reader->parser) {
        r = begin_text(reader, text, ret_error);
    } else {
        r = ini_parser_step(reader->parser, ret_error);
        if (r == 0)
            end_text(reader, text);
    }
    return r < 0 ? r : 1;
}

void config_reader_end(ConfigReader *reader)
{
    while (!TAILQ_EMPTY(&reader->texts))
        end_text(reader, TAILQ_FIRST(&reader->texts));
}

const ConfigOrigin *config_find_origin(const ConfigReader *reader, const char *section,
                                       const char *key)
{
    return &reader->origins[option_find(section, key) - options];
}
