/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#define BODY_CAPACITY_FIRST ((size_t)2048)
#define HEADERS_CAPACITY_FIRST 16U

const char *http_response_header(const HttpResponse *response, const char *name)
{
    for (size_t i = 0; i < response->n_headers; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return NULL;
}

static void clear_headers(HttpAnswer *answer)
{
    for (size_t i = 0; i < answer->n_headers; i++)
        free((char *)answer->headers[i].name); /* the value lies in the same allocation */
    free(answer->headers);
    answer->headers = NULL;
    answer->n_headers = 0;
}

static void clear_body(HttpAnswer *answer)
{
    if (answer->body)
        OPENSSL_cleanse(answer->body, answer->body_capacity);
    free(answer->body);
    answer->body = NULL;
    answer->body_size = 0;
    answer->body_capacity = 0;
}

void http_answer_clear(HttpAnswer *answer)
{
    clear_headers(answer);
    answer->header_bytes = 0;
    clear_body(answer);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The array grows at each power of two from HEADERS_CAPACITY_FIRST on, so it needs no capacity of
 * its own. */
static int reserve_header(HttpAnswer *answer)
{
    size_t n = answer->n_headers;
    HttpHeader *grown;

    if (n > 0 && (n < HEADERS_CAPACITY_FIRST || (n & (n - 1)) != 0))
        return 0;
    grown = reallocarray(answer->headers, n > 0 ? 2 * n : HEADERS_CAPACITY_FIRST, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    answer->headers = grown;
    return 0;
}

int http_answer_add_line(HttpAnswer *answer, const char *line, size_t size)
{
    const char *colon, *value, *end = line + size;
    char *copy;
    size_t name_size, cost = size > HTTP_HEADER_COST_MIN ? size : HTTP_HEADER_COST_MIN;

    if (cost > HTTP_HEADER_BYTES_MAX - answer->header_bytes)
        return -EFBIG;
    answer->header_bytes += cost;
    if (size >= strlen("HTTP/") && memcmp(line, "HTTP/", strlen("HTTP/")) == 0) {
        clear_headers(answer);
        return 0;
    }
    colon = memchr(line, ':', size);
    if (!colon || memchr(line, '\0', size))
        return 0; /* the empty line at the end, or nothing that could be meant for us */
    for (value = colon + 1; value < end && is_space(*value); value++)
        ;
    while (end > value && is_space(end[-1]))
        end--;
    if (reserve_header(answer) < 0)
        return -ENOMEM;
    name_size = (size_t)(colon - line);
    copy = malloc(name_size + (size_t)(end - value) + 2);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, line, name_size);
    copy[name_size] = '\0';
    memcpy(copy + name_size + 1, value, (size_t)(end - value));
    copy[name_size + 1 + (size_t)(end - value)] = '\0';

    answer->headers[answer->n_headers++] =
        (HttpHeader){.name = copy, .value = copy + name_size + 1};
    return 0;
}

int http_answer_add_body(HttpAnswer *answer, const char *data, size_t size)
{
    size_t needed, capacity = answer->body_capacity;

    assert(answer->body_size <= capacity && answer->body_size <= HTTP_BODY_MAX);
    if (size > HTTP_BODY_MAX - answer->body_size)
        return -EFBIG;
    needed = answer->body_size + size;
    if (needed > capacity) {
        HttpAnswer grown = *answer;

        if (capacity == 0)
            capacity = BODY_CAPACITY_FIRST;
        while (capacity < needed)
            capacity *= 2;
        /* Not realloc(): it would leave the old copy unwiped. */
        grown.body = malloc(capacity);
        grown.body_capacity = capacity;
        if (!grown.body)
            return -ENOMEM;
        if (answer->body)
            memcpy(grown.body, answer->body, answer->body_size);
        clear_body(answer);
        *answer = grown;
    }
    if (size > 0)
        memcpy(answer->body + answer->body_size, data, size);
    answer->body_size = needed;
    return 0;
}
