/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the signature of a request as AWS does, from what is on the wire.
 *
 * Written on OpenSSL alone, apart from the code that signs: each is a check on the other.
 * Source: AWS IAM User Guide, "Create a signed AWS API request"; the messages are those of AWS. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/keyvalq_struct.h>

#include "tests/sim/account.h"
#include "tests/sim/refusal.h"

typedef struct SignedRequest {
    const char *method;
    const char *path;  /* as on the wire, without the query */
    const char *query; /* as on the wire; NULL: none */
    const struct evkeyvalq *headers;
    const void *body;
    size_t body_size;
} SignedRequest;

/* What a request claims, whether it is true or not; all texts are empty where it claims nothing. */
typedef struct Claim {
    char access_key[129];
    char date[17];
    char region[65];
    char service[33];
    char terminal[17];
    char signed_headers[1025]; /* names, between semicolons */
    char signature[129];
} Claim;

/* Reads the Authorization header. 0; -EACCES and the refusal: there is none, or it is incomplete.
 */
int claim_read(const struct evkeyvalq *headers, Claim *ret, Refusal *ret_refusal);

typedef struct Verifier {
    const char *service;
    const char *region;         /* NULL: any */
    const char *skew_error;     /* the code of the answer to a time that is off */
    uint64_t realtime_usec;     /* the server's clock */
    struct evbuffer *canonical; /* room to work in */
} Verifier;

/* 0 and the account; -EACCES and the refusal; -ENOMEM. */
int verify_request(const Verifier *verifier, const SignedRequest *request, const Claim *claim,
                   Accounts *accounts, Account **ret, Refusal *ret_refusal);
