/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/json-write.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/utf8.h"

char *fuzz_take_part(const uint8_t **data, size_t *size, size_t *ret_size)
{
    const uint8_t *end = *size > 0 ? memchr(*data, 0xff, *size) : NULL;
    size_t length = end ? (size_t)(end - *data) : *size;
    size_t used = end ? length + 1 : length;
    char *part = malloc(length + 1);

    REQUIRE(part);
    if (length > 0)
        memcpy(part, *data, length);
    part[length] = '\0';
    if (ret_size)
        *ret_size = length;
    *data = used > 0 ? *data + used : *data;
    *size -= used;
    return part;
}

void fuzz_require_text(const char *text)
{
    REQUIRE(!text || utf8_is_valid(text, strlen(text)));
}

void fuzz_require_document(json_object *document, unsigned max_depth)
{
    CLEANUP(json_object_putp) json_object *again = NULL;
    CLEANUP(freep) char *first = NULL, *written = NULL;
    JsonWriter writer = {0};
    const char *text;
    size_t size;

    text = json_text(document, &size);
    REQUIRE(text && strlen(text) == size && utf8_is_valid(text, size));
    first = strdup(text);
    REQUIRE(first && json_read(first, size, max_depth, &again) == 0);
    text = json_text(again, &size);
    REQUIRE(text && strcmp(text, first) == 0);
    json_write_value(&writer, NULL, document);
    written = json_writer_take(&writer, &size);
    REQUIRE(written && strcmp(written, first) == 0 && size == strlen(first));
}
