/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>

static const char *method_name(struct evhttp_request *request)
{
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    default:
        return "OTHER";
    }
}

SimCall *call_new(Sim *sim, struct evhttp_request *request)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    SimCall *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->sim = sim;
    call->request = request;
    call->method = method_name(request);
    call->path = path ? path : "";
    call->headers = evhttp_request_get_input_headers(request);
    call->body_size = evbuffer_get_length(body);
    call->body_text = call->body_size > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
    call->claim_error = claim_read(call->headers, &call->claim, &call->claim_refusal);
    return call;
}

void call_free(SimCall *call)
{
    json_object_put(call->body);
    fault_unref(call->fault);
    free(call);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

void call_record(SimCall *call)
{
    char peer[80], *address = NULL;
    uint16_t port = 0;
    const Account *account;
    CallFacts facts;

    evhttp_connection_get_peer(evhttp_request_get_connection(call->request), &address, &port);
    snprintf(peer, sizeof(peer), "%s:%u", address ? address : "", port);
    account = accounts_find(call->sim->accounts, call->claim.access_key);
    facts = (CallFacts){
        .operation = operation_name(call->operation),
        .import_id = call->import_id,
        .queue = call->queue,
        .access_key = or_null(call->claim.access_key),
        .account_id = account ? account->account_id : NULL,
        .region = or_null(call->claim.region),
        .peer = peer,
        .method = call->method,
        .uri = evhttp_request_get_uri(call->request),
        .headers = call->headers,
        .body = call->body_text,
        .body_size = call->body_size,
    };
    call->sequence = record_call(call->sim->record, &facts);
}

int call_verify_signature(SimCall *call, const char *service_name, Refusal *ret_refusal)
{
    const Settings *settings = &call->sim->settings;
    const SignedRequest request = {
        .method = call->method,
        .path = call->path,
        .query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(call->request)),
        .headers = call->headers,
        .body = call->body_text,
        .body_size = call->body_size,
    };
    const Verifier verifier = {
        .service = service_name,
        .region = or_null(settings->region),
        .skew_error = settings->skew_error,
        .realtime_usec = call->realtime_usec,
        .canonical = call->sim->canonical,
    };

    if (call->claim_error < 0) {
        *ret_refusal = call->claim_refusal;
        return call->claim_error;
    }
    return verify_request(&verifier, &request, &call->claim, call->sim->accounts, &call->account,
                          ret_refusal);
}
