/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/credentials.h"
#include "daemon/base/ini.h"
#include "daemon/base/secret-text.h"
#include "daemon/credentials/profile-section.h"

#define BLANKS " \t"

typedef enum FileKind { FILE_CONFIG, FILE_CREDENTIALS, FILE_FURTHER_CREDENTIALS, N_FILES } FileKind;

struct AwsProfiles {
    char *files[N_FILES]; /* names; NULL: no such file */
    Sections sections;
    char *warnings[AWS_PROFILES_WARNINGS_MAX];
    size_t n_warnings;
    char *error, *stale; /* see the functions of that name */
};

/* While a file is parsed. */
typedef struct Reader {
    AwsProfiles *profiles;
    FileKind file;
    unsigned line;
    Section *section;   /* NULL: this one is passed over */
    Property *property; /* NULL: this one is passed over */
    bool nesting;       /* the value is empty: the lines below are `key = value` */
} Reader;

void aws_profiles_free(AwsProfiles *profiles)
{
    if (!profiles)
        return;
    sections_clear(&profiles->sections);
    for (size_t i = 0; i < profiles->n_warnings; i++)
        free(profiles->warnings[i]);
    for (size_t i = 0; i < N_FILES; i++)
        free(profiles->files[i]);
    free(profiles->error);
    free(profiles->stale);
    free(profiles);
}

/* Names no name or key: what stands in the wrong place may be a secret. */
static int warn(Reader *reader, const char *what)
{
    AwsProfiles *profiles = reader->profiles;
    bool last;
    int r;

    if (profiles->n_warnings == AWS_PROFILES_WARNINGS_MAX)
        return 0;
    last = profiles->n_warnings + 1 == AWS_PROFILES_WARNINGS_MAX;
    r = string_format(&profiles->warnings[profiles->n_warnings], "%s:%u: %s%s",
                      profiles->files[reader->file], reader->line, what, last ? "; and more" : "");
    if (r < 0)
        return r;
    profiles->n_warnings++;
    return 0;
}

static bool is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "_-/.%@:+");
    return length > 0 && !text[length];
}

static int enter_section(Reader *reader, SectionKind kind, const char *name, bool prefixed,
                         char **ret_error)
{
    Section *section = sections_find(&reader->profiles->sections, kind, name);

    if (!section) {
        if (reader->profiles->sections.n == AWS_PROFILES_SECTIONS_MAX)
            return explain(ret_error, -EINVAL, "more than %u sections", AWS_PROFILES_SECTIONS_MAX);
        if (sections_add(&reader->profiles->sections, kind, name, &section) < 0)
            return -ENOMEM;
        section->file = reader->profiles->files[reader->file];
        section->line = reader->line;
        section->prefixed = prefixed;
    } else if (prefixed && !section->prefixed) {
        section_clear_properties(section, NULL);
        section->prefixed = true;
    } else if (!prefixed && section->prefixed && reader->file == FILE_CONFIG) {
        return 0;
    }
    reader->section = section;
    return 0;
}

/* Sections that the AWS CLI reads, and we do not. */
static bool is_for_others(const char *kind)
{
    return strcmp(kind, "sso-session") == 0 || strcmp(kind, "plugins") == 0 ||
           strcmp(kind, "preview") == 0;
}

/* As in [profile "x"], where the CLI takes either kind of quote. */
static void drop_quotes(char *name)
{
    size_t length = strlen(name);

    if (length < 2 || (*name != '"' && *name != '\'') || name[length - 1] != *name)
        return;
    memmove(name, name + 1, length - 2);
    name[length - 2] = '\0';
}

/* "[profile x]", "[services x]", "[default]", and what is for others: "[sso-session x]",
 * "[plugins]". */
static int read_config_section(Reader *reader, const char *text, char **ret_error)
{
    size_t length = strcspn(text, BLANKS);
    CLEANUP(freep) char *kind = strndup(text, length);
    CLEANUP(freep) char *name = strdup(text + length + strspn(text + length, BLANKS));
    bool profile, services;

    if (!kind || !name)
        return -ENOMEM;
    if (!*name && strcmp(kind, "default") == 0)
        return enter_section(reader, SECTION_PROFILE, kind, false, ret_error);
    if (is_for_others(kind))
        return 0;
    profile = strcmp(kind, "profile") == 0;
    services = strcmp(kind, "services") == 0;
    if (!profile && !services)
        return warn(reader, "this section is ignored: in this file a profile's is [profile NAME]");
    drop_quotes(name);
    if (!is_name(name))
        return warn(reader, "this section is ignored: its name is invalid");
    return enter_section(reader, profile ? SECTION_PROFILE : SECTION_SERVICES, name, profile,
                         ret_error);
}

static int on_section(const char *name, unsigned line, void *userdata, char **ret_error)
{
    Reader *reader = userdata;

    reader->line = line;
    reader->section = NULL;
    reader->property = NULL;
    if (reader->file == FILE_CONFIG)
        return read_config_section(reader, name, ret_error);
    if (!is_name(name))
        return warn(reader, "this section is ignored: its name is invalid");
    return enter_section(reader, SECTION_PROFILE, name, false, ret_error);
}

static char *lower(char *text)
{
    for (char *at = text; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return text;
}

/* outer NULL: a key of its own. */
static int set_property(Reader *reader, const char *outer, const char *key, const char *value,
                        Property **ret, char **ret_error)
{
    CLEANUP(freep) char *name = NULL;
    Section *section = reader->section;
    Property *property;

    if (string_format(&name, "%s%s%s", outer ? outer : "", outer ? "." : "", key) < 0)
        return -ENOMEM;
    lower(name);
    if (!outer)
        section_clear_properties(section, name);

    property = section_find_property(section, name);
    if (!property) {
        if (section->n_properties == AWS_PROFILES_KEYS_MAX)
            return explain(ret_error, -EINVAL, "more than %u keys in one section",
                           AWS_PROFILES_KEYS_MAX);
        if (section_add_property(section, name, &property) < 0)
            return -ENOMEM;
        name = NULL; /* it is the property's */
    }
    secret_text_clear(&property->value);
    secret_text_add(&property->value, value);
    if (property->value.failed)
        return -ENOMEM;
    property->nested = outer != NULL;
    property->file = reader->profiles->files[reader->file];
    property->line = reader->line;
    *ret = property;
    return 0;
}

static int on_property(const char *key, const char *value, unsigned line, void *userdata,
                       char **ret_error)
{
    Reader *reader = userdata;

    reader->line = line;
    reader->property = NULL;
    reader->nesting = !*value;
    if (!reader->section)
        return 0;
    if (!is_name(key))
        return warn(reader, "this key is ignored: its name is invalid");
    return set_property(reader, NULL, key, value, &reader->property, ret_error);
}

static int append_line(Property *property, const char *text)
{
    secret_text_add_char(&property->value, '\n');
    secret_text_add(&property->value, text);
    return property->value.failed ? -ENOMEM : 0;
}

static int on_continuation(const char *text, unsigned line, void *userdata, char **ret_error)
{
    Reader *reader = userdata;
    Property *nested;
    char *key, *value;

    reader->line = line;
    if (reader->nesting) {
        int r;
        CLEANUP(secret_freep) char *copy = strdup(text);
        if (!copy)
            return -ENOMEM;
        r = ini_split(copy, &key, &value, ret_error);
        if (r >= 0 && reader->property)
            r = is_name(key)
                    ? set_property(reader, reader->property->key, key, value, &nested, ret_error)
                    : warn(reader, "this nested key is ignored: its name is invalid");
        if (r < 0)
            return r;
    }
    return reader->property ? append_line(reader->property, text) : 0;
}

static int parse_file(AwsProfiles *profiles, FileKind file, const char *text, const char *name,
                      char **ret_error)
{
    static const IniHandler handler = {on_section, on_property, on_continuation};
    Reader reader = {.profiles = profiles, .file = file};

    if (!name)
        return 0;
    profiles->files[file] = strdup(name);
    if (!profiles->files[file])
        return -ENOMEM;
    return text ? ini_parse(text, name, &handler, &reader, ret_error) : 0;
}

int aws_profiles_parse(const char *config_text, const char *config_name,
                       const char *credentials_text, const char *credentials_name,
                       AwsProfiles **ret, char **ret_error)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = calloc(1, sizeof(*profiles));
    int r;

    if (!profiles)
        return -ENOMEM;
    r = parse_file(profiles, FILE_CONFIG, config_text, config_name, ret_error);
    if (r >= 0)
        r = parse_file(profiles, FILE_CREDENTIALS, credentials_text, credentials_name, ret_error);
    if (r < 0)
        return r;
    *ret = TAKE(profiles);
    return 0;
}

int aws_profiles_add_credentials(AwsProfiles *profiles, const char *text, const char *name,
                                 char **ret_error)
{
    return parse_file(profiles, FILE_FURTHER_CREDENTIALS, text, name, ret_error);
}

int aws_profiles_add_fault(AwsProfiles *profiles, const char *sentence, bool stale)
{
    char **member = stale ? &profiles->stale : &profiles->error;
    CLEANUP(freep) char *before = TAKE(*member);

    return string_format(member, "%s%s%s%s", before ? before : "", before ? "; " : "", sentence,
                         stale ? " (its last good version stays in force)" : "");
}

const char *aws_profiles_error(const AwsProfiles *profiles)
{
    return profiles->error;
}

const char *aws_profiles_stale(const AwsProfiles *profiles)
{
    return profiles->stale;
}

static const Property *look_up(const AwsProfiles *profiles, SectionKind kind, const char *name,
                               const char *key)
{
    const Section *section = sections_find(&profiles->sections, kind, name);

    return section ? section_find_property(section, key) : NULL;
}

bool aws_profiles_has(const AwsProfiles *profiles, const char *profile)
{
    return sections_find(&profiles->sections, SECTION_PROFILE, profile) != NULL;
}

bool aws_profiles_has_services(const AwsProfiles *profiles, const char *services)
{
    return sections_find(&profiles->sections, SECTION_SERVICES, services) != NULL;
}

const char *aws_profiles_get(const AwsProfiles *profiles, const char *profile, const char *key)
{
    const Property *property = look_up(profiles, SECTION_PROFILE, profile, key);

    return property ? property->value.data : NULL;
}

const char *aws_profiles_get_service(const AwsProfiles *profiles, const char *services,
                                     const char *key)
{
    const Property *property = look_up(profiles, SECTION_SERVICES, services, key);

    return property ? property->value.data : NULL;
}

const char *aws_profiles_file(const AwsProfiles *profiles, const char *profile, const char *key)
{
    const Property *property = look_up(profiles, SECTION_PROFILE, profile, key);

    return property ? property->file : NULL;
}

unsigned aws_profiles_line(const AwsProfiles *profiles, const char *profile, const char *key)
{
    const Property *property = look_up(profiles, SECTION_PROFILE, profile, key);

    return property ? property->line : 0;
}

const char *aws_profiles_section_file(const AwsProfiles *profiles, const char *profile,
                                      unsigned *ret_line)
{
    const Section *section = sections_find(&profiles->sections, SECTION_PROFILE, profile);

    if (!section)
        return NULL;
    *ret_line = section->line;
    return section->file;
}

const char *aws_profiles_config_file(const AwsProfiles *profiles)
{
    return profiles->files[FILE_CONFIG];
}

const char *aws_profiles_warning(const AwsProfiles *profiles, size_t i)
{
    return i < profiles->n_warnings ? profiles->warnings[i] : NULL;
}
