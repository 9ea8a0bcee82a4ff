/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Signature Version 4, pure: no clock, no environment, no I/O. Three stages, each of which the
 * public test suite has a value for: canonical request, string to sign, authorization.
 *
 * Source: AWS IAM User Guide, "Create a signed AWS API request"; where it leaves room (white space
 * inside header values, repeated slashes) what the suite of aws-c-auth and botocore do.
 *
 * All strings handed out are owned. A canonical request holds the session token when that is among
 * the headers: free it with secret_free(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/aws/credentials.h"
#include "daemon/http/client.h"

typedef struct SigV4Scope {
    const char *region;
    const char *service;
    uint64_t realtime_usec; /* the time of signing; only whole seconds count */
} SigV4Scope;

/* Each returns 0 and an owned string, -ENOMEM, or -EIO where OpenSSL fails.
 *
 * Path and query (without '?'; NULL: none) are those of the request line: the path is normalized
 * (dot segments, repeated slashes) and encoded once more, as every service but S3 wants it, the
 * query decoded, sorted and encoded. The headers given are the ones signed, all of them, in any
 * order. */
int sigv4_canonical_request(const char *method, const char *path, const char *query,
                            const HttpHeader *headers, size_t n_headers, const void *body,
                            size_t body_size, char **ret);
int sigv4_string_to_sign(const SigV4Scope *scope, const char *canonical_request, char **ret);
int sigv4_authorization(const SigV4Scope *scope, AwsCredentials *credentials,
                        const HttpHeader *headers, size_t n_headers, const char *string_to_sign,
                        char **ret);
