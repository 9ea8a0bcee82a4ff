/* SPDX-License-Identifier: Apache-2.0 */
/* What the services that speak JSON over HTTP have in common: POST /, an X-Amz-Target header that
 * names the operation, parameters and answers as JSON objects, lists in pages.
 *
 * Source: Smithy, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol". */
#pragma once

#include "tests/sim/call.h"

#define CONTENT_TYPE_JSON_1_0 "application/x-amz-json-1.0"
#define CONTENT_TYPE_JSON_1_1 "application/x-amz-json-1.1"

typedef struct JsonOperation {
    Operation operation;
    /* As ServiceType.run(); the body is an object. */
    int (*run)(SimCall *call, json_object **ret, Refusal *refusal);
} JsonOperation;

typedef struct JsonService {
    const char *signing_name;
    const char *const *target_prefixes; /* before the operation's name; ended by NULL */
    const JsonOperation *operations;
    size_t n_operations;
    const char *content_type; /* of its version of the protocol */
    const char
        *id_member; /* of the parameters: names the import that a call is about; NULL: none */
} JsonService;

/* Members of a ServiceType whose json is set. */
bool json_service_recognizes(const SimCall *call);
void json_service_read(SimCall *call);
int json_service_authenticate(SimCall *call, Refusal *ret_refusal);
int json_service_run(SimCall *call, json_object **ret, Refusal *ret_refusal);
unsigned json_service_write(SimCall *call, json_object *document);
unsigned json_service_write_error(SimCall *call, unsigned status, const char *form,
                                  const char *code, const char *message);

/* How a service names the parts of a page. */
typedef struct PageNames {
    const char *size, *token;
    int64_t size_max;
    const char *token_error; /* the code of the answer to a token that is not ours */
} PageNames;

typedef struct Page {
    uint64_t size;  /* items at most */
    uint64_t after; /* the sequence number of the last item that the client has */
} Page;

int page_read(SimCall *call, const PageNames *names, Page *ret, Refusal *refusal);

/* {items_name: array, token}, the token only where there is more. Takes the array. 0 or -ENOMEM. */
int page_answer(const PageNames *names, const char *items_name, json_object *array, bool more,
                uint64_t last, json_object **ret);
