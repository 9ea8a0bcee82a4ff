/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical request of Signature Version 4, put together from a request as it came.
 *
 * Source: AWS IAM User Guide, "Create a signed AWS API request", steps 1 and 2. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "tests/sim/verify.h"

/* signed_headers: names between semicolons, ";host;x-amz-date;". Replaces what is in the buffer. 0
 * or -ENOMEM. */
int canonical_request(const SignedRequest *request, const char *signed_headers,
                      struct evbuffer *ret);

/* SHA-256 as lower-case hexadecimal digits. False: OpenSSL failed. */
bool canonical_hash(const void *data, size_t size, char ret[static 65]);
void canonical_hex(const unsigned char digest[static 32], char ret[static 65]);
