/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP answer while it arrives: its headers, and its body up to HTTP_BODY_MAX. Bodies may hold
 * credentials, so no copy of one is left behind in freed memory. */
#pragma once

#include <stddef.h>

#include "daemon/http/client.h"

typedef struct HttpAnswer {
    HttpHeader *headers;
    size_t n_headers;
    size_t header_bytes;
    char *body;
    size_t body_size;
    size_t body_capacity;
} HttpAnswer;

/* What all lines before and behind a body may take together, those of interim answers and folded
 * ones too; AWS sends well under 1 KiB. A line counts for so much at least: each is a header of
 * ours, and libcurl copies a header for each line that it is folded into. */
#define HTTP_HEADER_BYTES_MAX ((size_t)64 * 1024)
#define HTTP_HEADER_COST_MIN ((size_t)64)

/* One line of the head, line end included. A status line begins a new head: what came before was
 * interim (RFC 9110, section 15.2). 0, -EFBIG over the limit, -ENOMEM. */
int http_answer_add_line(HttpAnswer *answer, const char *line, size_t size);

/* The next part of the body. 0, -EFBIG over HTTP_BODY_MAX, -ENOMEM. */
int http_answer_add_body(HttpAnswer *answer, const char *data, size_t size);

void http_answer_clear(HttpAnswer *answer); /* takes an empty one */
