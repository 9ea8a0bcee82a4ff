#include "tests/sim/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/answer.h"
#include "tests/sim/clock.h"
#include "tests/sim/operation.h"
#include "tests/sim/verify.h"

#define SERVICE "cloudtrail"
#define BODY_DEPTH_MAX 16U

/* A call while it is decided on; delivery takes over what is left of it. */
typedef struct Call {
    Sim *sim;
    struct evhttp_request *request;
    const struct evkeyvalq *headers;
    const char *body_text; /* belongs to the request */
    size_t body_size;
    json_object *body; /* NULL: no JSON object */
    Operation operation;
    const char *import_id; /* NULL: none */
    Claim claim;
    int claim_error;
    Refusal refusal;
    uint64_t sequence;
    uint64_t realtime_usec; /* the server's clock, for this call */
    Account *account;
} Call;

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

static Operation read_operation(const Call *call)
{
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(call->request));

    if (evhttp_request_get_command(call->request) != EVHTTP_REQ_POST || strcmp(path, "/") != 0)
        return OPERATION_UNKNOWN;
    return operation_from_target(evhttp_find_header(call->headers, "X-Amz-Target"));
}

static void read_call(Call *call)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(call->request);

    call->headers = evhttp_request_get_input_headers(call->request);
    call->body_size = evbuffer_get_length(body);
    call->body_text = call->body_size > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
    call->operation = read_operation(call);
    call->claim_error = claim_read(call->headers, &call->claim, &call->refusal);
    if (json_read(call->body_text, call->body_size, BODY_DEPTH_MAX, &call->body) < 0)
        return;
    if (!json_object_is_type(call->body, json_type_object)) {
        json_object_put(call->body);
        call->body = NULL;
        return;
    }
    (void)json_get_string(call->body, "ImportId", &call->import_id);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void record(Call *call)
{
    char peer[80], *address = NULL;
    uint16_t port = 0;

    evhttp_connection_get_peer(evhttp_request_get_connection(call->request), &address, &port);
    snprintf(peer, sizeof(peer), "%s:%u", address ? address : "", port);
    const CallFacts facts = {
        .operation = operation_name(call->operation),
        .import_id = call->import_id,
        .access_key = or_null(call->claim.access_key),
        .region = or_null(call->claim.region),
        .peer = peer,
        .method = method_name(call->request),
        .uri = evhttp_request_get_uri(call->request),
        .headers = call->headers,
        .body = call->body_text,
        .body_size = call->body_size,
    };
    call->sequence = record_call(call->sim->record, &facts);
}

static Fault *take_fault(Call *call, bool skew)
{
    const FaultSubject subject = {
        .operation = operation_name(call->operation),
        .import_id = call->import_id,
        .access_key = or_null(call->claim.access_key),
    };
    Fault *fault = skew ? faults_take_skew(call->sim->faults, &subject)
                        : faults_take(call->sim->faults, &subject);
    if (fault)
        record_fault(call->sim->record, call->sequence, fault->name);
    return fault;
}

static void set_clock(Call *call)
{
    double offset_seconds = call->sim->settings.clock_offset_seconds;

    Fault *skew = take_fault(call, true);
    if (skew)
        offset_seconds += skew->skew_seconds;
    fault_unref(skew);
    call->realtime_usec =
        time_now_realtime() + (uint64_t)(int64_t)(offset_seconds * (double)USEC_PER_SEC);
}

static void begin_answer(Call *call)
{
    char request_id[REQUEST_ID_SIZE];

    answer_set_common(call->request, call_log_request_id(call->sequence, request_id),
                      call->realtime_usec);
}

static unsigned answer_error(Call *call, unsigned status, const char *code, const char *message)
{
    record_error(call->sim->record, call->sequence, code);
    return answer_set_error(call->request, status, call->sim->settings.error_form, code, message);
}

/* 0 and the account; else the error is set, and the status to send returned. */
static unsigned authenticate(Call *call)
{
    const Settings *settings = &call->sim->settings;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(call->request);
    const SignedRequest request = {
        .method = method_name(call->request),
        .path = evhttp_uri_get_path(uri),
        .query = evhttp_uri_get_query(uri),
        .headers = call->headers,
        .body = call->body_text,
        .body_size = call->body_size,
    };
    const Verifier verifier = {
        .service = SERVICE,
        .region = or_null(settings->region),
        .skew_error = settings->skew_error,
        .realtime_usec = call->realtime_usec,
        .canonical = call->sim->canonical,
    };

    int r = call->claim_error;
    if (r == 0)
        r = verify_request(&verifier, &request, &call->claim, call->sim->accounts, &call->account,
                           &call->refusal);
    if (r == 0)
        return 0;
    if (r == -ENOMEM)
        return HTTP_INTERNAL;
    return answer_error(call, HTTP_BADREQUEST, call->refusal.code, call->refusal.message);
}

static bool within_quota(Call *call)
{
    return !call->sim->settings.enforce_quota ||
           quotas_take(call->sim->quotas, call->account->account_id, call->claim.region,
                       call->operation != OPERATION_STOP_IMPORT, clock_monotonic_usec());
}

/* As operation_run(). */
static int run(Call *call, json_object **ret, OperationError *ret_error)
{
    const OperationRequest request = {
        .operation = call->operation,
        .body = call->body,
        .account = call->account,
        .region = call->claim.region,
        .page_size = call->sim->settings.page_size,
    };

    if (call->body)
        return operation_run(call->sim->imports, &request, ret, ret_error);
    *ret_error =
        (OperationError){HTTP_BADREQUEST, "SerializationException", "The body is no JSON object."};
    return -EACCES;
}

static unsigned answer(Call *call, bool wrong_types)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    OperationError error;

    int r = run(call, &body, &error);
    if (r == -EACCES)
        return answer_error(call, error.status, error.code, error.message);
    if (r < 0)
        return HTTP_INTERNAL;
    if (wrong_types) {
        json_object *changed = answer_change_types(body);
        json_object_put(body);
        body = changed;
    }
    return answer_set_json(call->request, HTTP_OK, NULL, body);
}

/* Decides how the fault answers. Returns the status. */
static unsigned answer_fault(Call *call, const Fault *fault, DeliveryKind *ret_kind)
{
    CLEANUP(json_object_putp) json_object *unseen = NULL;
    unsigned status = HTTP_INTERNAL;
    OperationError error;

    switch (fault->kind) {
    case FAULT_SLOW:
    case FAULT_SKEW:
        return answer(call, false);
    case FAULT_WRONG_TYPES:
        return answer(call, true);
    case FAULT_TRUNCATED:
        status = answer(call, false);
        return answer_truncate(call->request) < 0 ? HTTP_INTERNAL : status;
    case FAULT_HUGE:
        status = answer(call, false);
        return answer_make_huge(call->request) < 0 ? HTTP_INTERNAL : status;
    case FAULT_ERROR:
        record_error(call->sim->record, call->sequence, fault->code);
        status = answer_set_fault(call->request, fault, call->sim->settings.error_form);
        break;
    case FAULT_HTTP:
        status = answer_set_fault(call->request, fault, NULL);
        break;
    case FAULT_RESET:
        *ret_kind = DELIVERY_RESET;
        break;
    case FAULT_CLOSE:
        *ret_kind = DELIVERY_CLOSE;
        break;
    case FAULT_HANG:
        *ret_kind = DELIVERY_HANG;
        break;
    }
    if (fault->apply)
        (void)run(call, &unseen, &error);
    return status;
}

/* Decides on a call whose signature is right. Returns the status. */
static unsigned answer_call(Call *call, DeliveryKind *ret_kind, double *ret_delay_seconds)
{
    if (!within_quota(call))
        return answer_error(call, HTTP_BADREQUEST, "ThrottlingException", "Rate exceeded");
    Fault *fault = take_fault(call, false);
    if (!fault)
        return answer(call, false);
    unsigned status = answer_fault(call, fault, ret_kind);
    *ret_delay_seconds = fault->delay_seconds;
    fault_unref(fault);
    return status;
}

void service_handle(Sim *sim, struct evhttp_request *request)
{
    Call call = {.sim = sim, .request = request};
    DeliveryKind kind = DELIVERY_ANSWER;
    double delay_seconds = 0;

    read_call(&call);
    record(&call);
    set_clock(&call);
    begin_answer(&call);
    unsigned status = authenticate(&call);
    if (status == 0)
        status = answer_call(&call, &kind, &delay_seconds);
    json_object_put(call.body);
    delivery_start(sim->deliveries, request, call.sequence, kind, status, delay_seconds);
}
