/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and HMAC with it, by OpenSSL, whose algorithms are looked up once for the process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32U
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1)

/* Has OpenSSL load what hashing takes. What it cannot load once, for want of memory, it does not
 * load later either: to be called at the start. 0; -EIO; -ENOMEM. */
int sha256_load(void);

/* In lower case. Returns the buffer. */
const char *sha256_format(const unsigned char hash[static SHA256_SIZE],
                          char buffer[static SHA256_HEX_SIZE]);

int sha256_hex(const void *data, size_t size, char ret[static SHA256_HEX_SIZE]); /* 0 or -EIO */

/* ret may be the key. False: OpenSSL fails. */
bool sha256_hmac(const void *key, size_t key_size, const char *data, size_t size,
                 unsigned char ret[static SHA256_SIZE]);
