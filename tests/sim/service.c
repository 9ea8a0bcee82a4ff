/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/service.h"

#include <errno.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/answer.h"
#include "tests/sim/call.h"
#include "tests/sim/clock.h"
#include "tests/sim/cloudtrail.h"
#include "tests/sim/container.h"
#include "tests/sim/events.h"
#include "tests/sim/instance.h"
#include "tests/sim/logs.h"
#include "tests/sim/long-poll.h"
#include "tests/sim/sqs.h"
#include "tests/sim/sts.h"

/* The first that recognizes a call has it; the last takes them all. */
static const ServiceType *const services[] = {
    &instance_service, &container_service, &sts_service,        &logs_service,
    &sqs_service,      &events_service,    &cloudtrail_service,
};

static void find_service(SimCall *call)
{
    size_t i = 0;

    do
        call->service = services[i++];
    while (!call->service->recognizes(call));
}

static Fault *take_fault(SimCall *call, bool skew)
{
    const FaultSubject subject = {
        .operation = operation_name(call->operation),
        .import_id = call->import_id,
        .queue = call->queue,
        .access_key = *call->claim.access_key ? call->claim.access_key : NULL,
    };
    Fault *fault = skew ? faults_take_skew(call->sim->faults, &subject)
                        : faults_take(call->sim->faults, &subject);
    if (fault)
        record_fault(call->sim->record, call->sequence, fault->name);
    return fault;
}

static void set_clock(SimCall *call)
{
    double offset_seconds = call->sim->settings.clock_offset_seconds;

    Fault *skew = take_fault(call, true);
    if (skew)
        offset_seconds += skew->skew_seconds;
    fault_unref(skew);
    call->realtime_usec =
        time_now_realtime() + (uint64_t)(int64_t)(offset_seconds * (double)USEC_PER_SEC);
}

static void begin_answer(SimCall *call)
{
    char request_id[REQUEST_ID_SIZE];

    answer_set_common(call->request, call_log_request_id(call->sequence, request_id),
                      call->realtime_usec);
}

static unsigned answer_refusal(SimCall *call, const Refusal *refusal)
{
    record_error(call->sim->record, call->sequence, refusal->code);
    return call->service->write_error(call, refusal->status, call->sim->settings.error_form,
                                      refusal->code, refusal->message);
}

/* What functions that decide on an answer return instead of a status while there is none yet. */
#define NOT_YET 0U

/* 0: it is who it says; else the error is set, and the status to send returned. */
static unsigned authenticate(SimCall *call)
{
    Refusal refusal;

    int r = call->service->authenticate(call, &refusal);
    if (r == 0)
        return 0;
    return r == -EACCES ? answer_refusal(call, &refusal) : HTTP_INTERNAL;
}

static bool within_quota(SimCall *call)
{
    bool is_read = call->operation != OPERATION_STOP_IMPORT &&
                   call->operation != OPERATION_START_IMPORT &&
                   call->operation != OPERATION_CANCEL_IMPORT_TASK;

    return !call->sim->settings.enforce_quota || !call->service->quota ||
           quotas_take(call->sim->quotas, call->service->quota, call->account->account_id,
                       call->claim.region, is_read, clock_monotonic_usec());
}

static unsigned answer(SimCall *call, bool wrong_types)
{
    CLEANUP(json_object_putp) json_object *document = NULL;
    Refusal refusal;

    int r = call->service->run(call, &document, &refusal);
    if (r == -EACCES)
        return answer_refusal(call, &refusal);
    if (r == -EAGAIN)
        return NOT_YET;
    if (r < 0)
        return HTTP_INTERNAL;
    if (wrong_types) {
        json_object *changed = answer_change_types(document);
        json_object_put(document);
        document = changed;
    }
    return document ? call->service->write(call, document) : HTTP_INTERNAL;
}

static unsigned answer_error_fault(SimCall *call, const Fault *fault)
{
    const char *form = fault->form ? fault->form : call->sim->settings.error_form;

    record_error(call->sim->record, call->sequence, fault->code);
    if (answer_set_fault_headers(call->request, fault) < 0)
        return HTTP_INTERNAL;
    return call->service->write_error(call, (unsigned)fault->status, form, fault->code,
                                      fault->message);
}

/* The right answer, spoiled on its way. */
static unsigned answer_spoiled(SimCall *call, int (*spoil)(struct evhttp_request *request))
{
    unsigned status = answer(call, false);

    if (status == NOT_YET)
        return NOT_YET;
    return spoil(call->request) < 0 ? HTTP_INTERNAL : status;
}

/* Whether a fault that loses the answer lets the call take effect, and that has to wait. */
static bool must_wait_to_apply(SimCall *call)
{
    CLEANUP(json_object_putp) json_object *unseen = NULL;
    Refusal refusal;

    return call->fault->apply && call->service->run(call, &unseen, &refusal) == -EAGAIN;
}

static unsigned answer_lost(SimCall *call, DeliveryKind *ret_kind)
{
    if (must_wait_to_apply(call))
        return NOT_YET;
    switch (call->fault->kind) {
    case FAULT_ERROR:
        return answer_error_fault(call, call->fault);
    case FAULT_HTTP:
        return answer_set_fault(call->request, call->fault);
    case FAULT_RESET:
        *ret_kind = DELIVERY_RESET;
        break;
    case FAULT_CLOSE:
        *ret_kind = DELIVERY_CLOSE;
        break;
    default:
        *ret_kind = DELIVERY_HANG;
        break;
    }
    return HTTP_INTERNAL;
}

/* Decides how the fault answers. Returns the status. */
static unsigned answer_fault(SimCall *call, DeliveryKind *ret_kind)
{
    switch (call->fault->kind) {
    case FAULT_SLOW:
    case FAULT_SKEW:
    case FAULT_ENTRY_ERROR:
        return answer(call, false);
    case FAULT_WRONG_TYPES:
        return answer(call, true);
    case FAULT_TRUNCATED:
        return answer_spoiled(call, answer_truncate);
    case FAULT_HUGE:
        return answer_spoiled(call, answer_make_huge);
    case FAULT_ERROR:
    case FAULT_HTTP:
    case FAULT_RESET:
    case FAULT_CLOSE:
    case FAULT_HANG:
        break;
    }
    return answer_lost(call, ret_kind);
}

/* Lets in a call whose caller is who it says. 0; or the status that it is refused with. */
static unsigned admit(SimCall *call)
{
    if (!within_quota(call)) {
        Refusal refusal;
        refuse(&refusal, HTTP_BADREQUEST, "ThrottlingException", "Rate exceeded");
        return answer_refusal(call, &refusal);
    }
    call->fault = take_fault(call, false);
    return 0;
}

static void finish(SimCall *call, DeliveryKind kind, unsigned status)
{
    delivery_start(call->sim->deliveries, call->request, call->sequence, kind, status,
                   call->fault ? call->fault->delay_seconds : 0);
    call_free(call);
}

bool service_decide(SimCall *call)
{
    DeliveryKind kind = DELIVERY_ANSWER;

    unsigned status = call->fault ? answer_fault(call, &kind) : answer(call, false);
    if (status == NOT_YET)
        return false;
    finish(call, kind, status);
    return true;
}

static void wait_on(SimCall *call)
{
    call->account = NULL; /* it may be gone by then */
    if (long_polls_add(call->sim->long_polls, call) < 0)
        finish(call, DELIVERY_CLOSE, HTTP_INTERNAL);
}

void service_handle(Sim *sim, struct evhttp_request *request)
{
    unsigned status;
    SimCall *call = call_new(sim, request);

    if (!call) {
        evhttp_send_reply(request, HTTP_INTERNAL, NULL, NULL);
        return;
    }
    find_service(call);
    call->service->read(call);
    call_record(call);
    set_clock(call);
    begin_answer(call);
    status = authenticate(call);
    if (status == 0)
        status = admit(call);
    if (status != 0)
        finish(call, DELIVERY_ANSWER, status);
    else if (!service_decide(call))
        wait_on(call);
    long_polls_retry(sim->long_polls);
}
