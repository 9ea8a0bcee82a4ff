/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/memory.h"

static const char blanks[] = " \t\r\n";

void words_free(char **words)
{
    for (char **word = words; word && *word; word++) {
        OPENSSL_cleanse(*word, strlen(*word));
        free(*word);
    }
    free(words);
}

/* Reads what is behind a double quote, up to the one that ends it. */
static int read_quoted(const char **at, char **to)
{
    for (const char *from = *at; *from; from++) {
        if (*from == '"') {
            *at = from + 1;
            return 0;
        }
        if (*from == '\\' && from[1] && strchr("$`\"\\\n", from[1]) && *++from == '\n')
            continue;
        *(*to)++ = *from;
    }
    return -EINVAL;
}

static int read_literal(const char **at, char **to)
{
    const char *end = strchr(*at, '\'');

    if (!end)
        return -EINVAL;
    memcpy(*to, *at, (size_t)(end - *at));
    *to += end - *at;
    *at = end + 1;
    return 0;
}

/* Reads one word, which begins here, into to. */
static int read_word(const char **at, char *to)
{
    int r = 0;

    while (r >= 0 && **at && !strchr(blanks, **at)) {
        char character = *(*at)++;
        if (character == '\'') {
            r = read_literal(at, &to);
        } else if (character == '"') {
            r = read_quoted(at, &to);
        } else if (character != '\\') {
            *to++ = character;
        } else if (!**at) {
            r = -EINVAL;
        } else if (*(*at)++ != '\n') { /* else the line goes on */
            *to++ = (*at)[-1];
        }
    }
    *to = '\0';
    return r;
}

/* And the ends of lines that go on. */
static const char *skip_blanks(const char *text)
{
    while (*text && (strchr(blanks, *text) || strncmp(text, "\\\n", 2) == 0))
        text += *text == '\\' ? 2 : 1;
    return text;
}

int words_split(const char *text, char ***ret)
{
    /* No text has more words than every other character, nor a word more than all. */
    size_t size = strlen(text) + 1, n = 0;
    char **words = calloc(size / 2 + 2, sizeof(words[0]));
    char *buffer = malloc(size);
    int r = words && buffer ? 0 : -ENOMEM;

    while (r >= 0 && *(text = skip_blanks(text))) {
        r = read_word(&text, buffer);
        if (r >= 0 && !(words[n++] = strdup(buffer)))
            r = -ENOMEM;
    }
    if (buffer)
        OPENSSL_cleanse(buffer, size);
    free(buffer);
    if (r >= 0 && n == 0)
        r = -EINVAL;
    if (r < 0) {
        words_free(words);
        return r;
    }
    *ret = words;
    return 0;
}
