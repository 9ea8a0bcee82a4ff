/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/xml.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>
#include <openssl/crypto.h>

#include "common/string.h"

/* Of all names from the outermost element to the innermost; the answers of STS need a third. */
#define PATH_SIZE 256U

typedef struct Reader {
    XML_Parser parser;
    XmlField *fields;
    size_t n_fields;
    XmlField *field; /* of the element that text belongs to now, or NULL */
    char path[PATH_SIZE];
    size_t path_length;
} Reader;

/* ---- memory that is wiped ---- */

static void wiping_free(void *memory)
{
    if (memory)
        OPENSSL_cleanse(memory, malloc_usable_size(memory));
    free(memory);
}

static void *wiping_realloc(void *memory, size_t size)
{
    void *grown = malloc(size);
    size_t used;

    if (!grown || !memory)
        return grown;
    used = malloc_usable_size(memory);
    memcpy(grown, memory, used < size ? used : size);
    wiping_free(memory);
    return grown;
}

static const XML_Memory_Handling_Suite wiping_memory = {malloc, wiping_realloc, wiping_free};

/* ---- what expat reports ---- */

/* Without the handlers, the end of an empty element is not reported any more either. */
static void refuse(Reader *reader)
{
    XML_SetElementHandler(reader->parser, NULL, NULL);
    XML_StopParser(reader->parser, XML_FALSE);
}

/* Whether the path ends with these names. */
static bool ends_with(const Reader *reader, const char *names)
{
    size_t length = strlen(names);
    const char *end;

    if (length > reader->path_length)
        return false;
    end = reader->path + reader->path_length - length;
    return strcmp(end, names) == 0 && (end == reader->path || end[-1] == '/');
}

/* Without the prefix of a namespace, which is whatever the writer called it. */
static const char *local_name(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static void on_start(void *userdata, const char *qualified, const char **attributes)
{
    Reader *reader = userdata;
    const char *name = local_name(qualified);
    size_t length = strlen(name);

    (void)attributes;
    if (length + 2 > PATH_SIZE - reader->path_length) {
        refuse(reader);
        return;
    }
    if (reader->path_length > 0)
        reader->path[reader->path_length++] = '/';
    memcpy(reader->path + reader->path_length, name, length + 1);
    reader->path_length += length;

    reader->field = NULL;
    for (size_t i = 0; i < reader->n_fields && !reader->field; i++)
        if (ends_with(reader, reader->fields[i].path))
            reader->field = &reader->fields[i];
    if (!reader->field)
        return;
    if (reader->field->text.data)
        refuse(reader);
    else
        secret_text_add(&reader->field->text, "");
}

static void on_end(void *userdata, const char *qualified)
{
    Reader *reader = userdata;
    const char *name = local_name(qualified);

    assert(reader->path_length >= strlen(name)); /* expat matches ends with starts */
    reader->path_length -= strlen(name);
    if (reader->path_length > 0)
        reader->path_length--;
    reader->path[reader->path_length] = '\0';
    reader->field = NULL;
}

static void on_text(void *userdata, const char *text, int size)
{
    Reader *reader = userdata;

    if (reader->field)
        secret_text_append(&reader->field->text, text, (size_t)size);
}

static void on_doctype(void *userdata, const char *name, const char *system_id,
                       const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(userdata);
}

/* Drops the white space around it, which indents an element. */
static void trim(SecretText *text)
{
    static const char blanks[] = " \t\r\n";
    size_t n_before;

    if (!text->data)
        return;
    text->size = string_trim_end(text->data, text->size, blanks);
    text->data[text->size] = '\0';
    n_before = strspn(text->data, blanks);
    text->size -= n_before;
    memmove(text->data, text->data + n_before, text->size + 1);
}

int xml_read(const char *document, size_t size, XmlField *fields, size_t n_fields)
{
    Reader reader = {.fields = fields, .n_fields = n_fields};
    int r = 0;

    if (size > INT_MAX)
        return -EBADMSG;
    reader.parser = XML_ParserCreate_MM(NULL, &wiping_memory, NULL);
    if (!reader.parser)
        return -ENOMEM;
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    if (XML_Parse(reader.parser, size > 0 ? document : "", (int)size, true) != XML_STATUS_OK)
        r = XML_GetErrorCode(reader.parser) == XML_ERROR_NO_MEMORY ? -ENOMEM : -EBADMSG;
    XML_ParserFree(reader.parser);
    for (size_t i = 0; r == 0 && i < n_fields; i++) {
        if (fields[i].text.failed)
            r = -ENOMEM;
        trim(&fields[i].text);
    }
    return r;
}
