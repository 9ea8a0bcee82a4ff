/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a transfer: libcurl's codes as our few kinds of failure, with a sentence. Part of
 * the HTTP client; everybody else includes daemon/http/client.h. */
#pragma once

#include <curl/curl.h>

#include "daemon/http/transfer.h"

#define HTTP_MESSAGE_SIZE (CURL_ERROR_SIZE + 512U)

/* The response for the caller of a transfer that ended with this code. The response borrows from
 * the transfer and from the buffer. */
HttpResponse http_outcome_response(const HttpTransfer *transfer, CURLcode code,
                                   char buffer[static HTTP_MESSAGE_SIZE]);
