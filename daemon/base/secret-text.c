/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/secret-text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/memory.h"

void secret_text_clear(SecretText *text)
{
    if (text->data)
        OPENSSL_cleanse(text->data, text->capacity);
    free(text->data);
    *text = (SecretText){0};
}

void secret_text_append(SecretText *text, const char *data, size_t size)
{
    assert(text->size < text->capacity || (text->size == 0 && !text->data));
    if (text->failed)
        return;
    if (size >= text->capacity - text->size) {
        size_t used = text->size;
        /* Nothing may follow on the first piece, and it may be kept for long. */
        size_t capacity = text->data ? 2 * (used + size) + 256 : size + 1;
        char *grown = malloc(capacity);

        if (!grown) {
            text->failed = true;
            return;
        }
        if (used > 0)
            memcpy(grown, text->data, used);
        secret_text_clear(text);
        *text = (SecretText){.data = grown, .size = used, .capacity = capacity};
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void secret_text_add(SecretText *text, const char *string)
{
    secret_text_append(text, string, strlen(string));
}

void secret_text_add_char(SecretText *text, char character)
{
    secret_text_append(text, &character, 1);
}

int secret_text_finish(SecretText *text, char **ret)
{
    if (text->failed)
        return -ENOMEM;
    *ret = TAKE(text->data);
    return 0;
}
