/* SPDX-License-Identifier: Apache-2.0 */
/* A call while it is decided on: the request as it came, and what has been found out about it.
 *
 * A service answers it in steps that are the same for all services: service.c has their order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <json-c/json.h>

#include "tests/sim/account.h"
#include "tests/sim/operation.h"
#include "tests/sim/sim.h"
#include "tests/sim/verify.h"

typedef struct SimCall SimCall;

typedef struct ServiceType {
    const char *quota;              /* whose quotas its calls count against; NULL: they have none */
    const struct JsonService *json; /* of one that speaks JSON: see json-service.h */

    /* True: the call is for this service, which is call->service already. */
    bool (*recognizes)(const SimCall *call);

    /* Finds out the operation, and sets body and import_id where there are such. */
    void (*read)(SimCall *call);

    /* Whether the caller is who it says; sets the account, where the service has accounts.
     * 0; -EACCES and the refusal; -ENOMEM. */
    int (*authenticate)(SimCall *call, Refusal *ret_refusal);

    /* Runs the operation. 0 and what it answers, as a document that write() knows how to put;
     * -EACCES and the refusal; -EAGAIN: not yet, run it again at again_usec or when something has
     * changed; -ENOMEM. */
    int (*run)(SimCall *call, json_object **ret, Refusal *ret_refusal);

    /* Put the answer into the request. Return the status to send, 500 where memory has run out.
     * form: error-form.h, for services that have the choice. */
    unsigned (*write)(SimCall *call, json_object *document);
    unsigned (*write_error)(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message);
} ServiceType;

struct SimCall {
    Sim *sim;
    struct evhttp_request *request;
    const ServiceType *service;
    /* These belong to the request. */
    const char *method, *path;
    const struct evkeyvalq *headers;
    const char *body_text;
    size_t body_size;

    Operation operation;
    json_object *body;     /* the parameters: an object, or NULL where there is none */
    const char *import_id; /* NULL: none */
    const char *queue;     /* the name of the one it is about; NULL: none */
    Claim claim;
    int claim_error; /* with its refusal */
    Refusal claim_refusal;
    uint64_t sequence;
    uint64_t realtime_usec; /* the server's clock, for this call */
    Account *account;       /* NULL: not known, none needed, or the call had to wait */
    Fault *fault;           /* what it meets, a reference; NULL: nothing */
    /* CLOCK_MONOTONIC, of a call that waits: until when (0: not yet known), when to look again. */
    uint64_t deadline_usec, again_usec;
};

/* Reads all that does not depend on the service. NULL: no memory. */
SimCall *call_new(Sim *sim, struct evhttp_request *request);
void call_free(SimCall *call); /* not the request */

/* Counts and remembers it: sets the sequence. */
void call_record(SimCall *call);

/* Checks the signature, which must be for this service's name, and sets the account. As
 * authenticate(). */
int call_verify_signature(SimCall *call, const char *service_name, Refusal *ret_refusal);
