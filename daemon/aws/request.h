/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of an AWS operation as an HTTP request, signed again each time.
 *
 * Source: Smithy, "AWS JSON 1.1 protocol" and "AWS Query protocol"; AWS SDKs and Tools Reference
 * Guide, "Retry behavior" (amz-sdk-*) and "Application ID" (User-Agent). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/time.h"
#include "daemon/aws/credentials.h"
#include "daemon/aws/sigv4.h"
#include "daemon/base/timer.h"
#include "daemon/http/client.h"

/* What all requests of one client have in common. */
typedef struct AwsRoute {
    char *url;        /* the endpoint, with a path */
    char *host;       /* value of the Host header: with the port where it is not the scheme's own */
    const char *path; /* within the URL */
    const char *region, *service, *user_agent; /* borrowed */
} AwsRoute;

/* Copies the endpoint. 0; -EINVAL: it is not an http or https URL; -ENOMEM. */
int aws_route_init(AwsRoute *route, const char *endpoint, const char *region, const char *service,
                   const char *user_agent);
void aws_route_clear(AwsRoute *route); /* takes one that is half made, or all zero */

/* The User-Agent, owned. 0 or -ENOMEM. */
int aws_request_make_user_agent(char **ret);

/* A random UUID (RFC 9562, version 4), which tells calls apart. It need not be secret. */
typedef struct AwsInvocationId {
    uint32_t random[4];
} AwsInvocationId;

#define AWS_INVOCATION_ID_SIZE sizeof("01234567-89ab-4cde-8f01-23456789abcd")

void aws_request_make_id(const Random *random, AwsInvocationId *ret);

typedef struct AwsAttempt {
    const char *content_type;
    const char *target; /* value of X-Amz-Target; NULL: none */
    const char *body;
    size_t body_size;
    AwsCredentials *credentials;          /* NULL: the request is not signed */
    uint64_t realtime_usec;               /* the time of signing */
    const AwsInvocationId *invocation_id; /* the same for all attempts of a call */
    unsigned number;                      /* 1 for the first */
    unsigned max;
} AwsAttempt;

#define AWS_REQUEST_HEADERS_MAX 9U

typedef struct AwsRequest {
    HttpHeader headers[AWS_REQUEST_HEADERS_MAX];
    size_t n_headers;
    char date[TIME_BASIC_SIZE];
    char attempt[48];
    char invocation_id[AWS_INVOCATION_ID_SIZE];
    char *authorization;
} AwsRequest;

/* Fills the headers in; they borrow from route, attempt and the request itself. 0, or -errno of
 * signing. */
int aws_request_sign(AwsRequest *request, const AwsRoute *route, const AwsAttempt *attempt);
void aws_request_clear(AwsRequest *request); /* wipes the signature */
