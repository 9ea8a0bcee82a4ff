/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/fault.h"

#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/error-form.h"
#include "tests/sim/fields.h"
#include "tests/sim/operation.h"

struct Faults {
    Fault *first;
};

typedef struct FaultType {
    const char *name;
    FaultKind kind;
    bool apply;
    unsigned status;
    const char *code, *message, *body, *content_type, *location;
} FaultType;

static const char proxy_page[] =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><h1>Example proxy</h1><p>Please sign in to use the network.</p></body></html>\n";

static const FaultType fault_types[] = {
    {.name = "slow", .kind = FAULT_SLOW, .apply = true},
    {.name = "throttle",
     .kind = FAULT_ERROR,
     .status = 400,
     .code = "ThrottlingException",
     .message = "Rate exceeded"},
    {.name = "error",
     .kind = FAULT_ERROR,
     .status = 500,
     .code = "InternalFailure",
     .message = "The request processing has failed because of an unknown error, exception or "
                "failure."},
    {.name = "expired-token",
     .kind = FAULT_ERROR,
     .status = 400,
     .code = "ExpiredTokenException",
     .message = "The security token included in the request is expired"},
    {.name = "http", .kind = FAULT_HTTP, .status = 503},
    {.name = "not-json",
     .kind = FAULT_HTTP,
     .status = 200,
     .body = proxy_page,
     .content_type = "text/html"},
    {.name = "redirect",
     .kind = FAULT_HTTP,
     .status = 307,
     .location = "https://cloudtrail.example.com/"},
    {.name = "truncated", .kind = FAULT_TRUNCATED, .apply = true},
    {.name = "wrong-types", .kind = FAULT_WRONG_TYPES, .apply = true},
    {.name = "huge", .kind = FAULT_HUGE, .apply = true},
    {.name = "reset", .kind = FAULT_RESET},
    {.name = "close", .kind = FAULT_CLOSE},
    {.name = "hang", .kind = FAULT_HANG},
    {.name = "skew", .kind = FAULT_SKEW},
    {.name = "entry-error",
     .kind = FAULT_ENTRY_ERROR,
     .code = "InternalFailure",
     .message = "The service could not take this entry."},
};

static const Field fault_fields[] = {
    {"fault", FIELD_STRING, offsetof(Fault, name)},
    {"operation", FIELD_STRING, offsetof(Fault, operation)},
    {"importId", FIELD_STRING, offsetof(Fault, import_id)},
    {"queue", FIELD_STRING, offsetof(Fault, queue)},
    {"accessKey", FIELD_STRING, offsetof(Fault, access_key)},
    {"skip", FIELD_COUNT, offsetof(Fault, skip)},
    {"calls", FIELD_COUNT, offsetof(Fault, calls)},
    {"apply", FIELD_BOOL, offsetof(Fault, apply)},
    {"delaySeconds", FIELD_SECONDS, offsetof(Fault, delay_seconds)},
    {"status", FIELD_COUNT, offsetof(Fault, status)},
    {"code", FIELD_STRING, offsetof(Fault, code)},
    {"message", FIELD_STRING, offsetof(Fault, message)},
    {"form", FIELD_STRING, offsetof(Fault, form)},
    {"body", FIELD_STRING, offsetof(Fault, body)},
    {"contentType", FIELD_STRING, offsetof(Fault, content_type)},
    {"location", FIELD_STRING, offsetof(Fault, location)},
    {"retryAfter", FIELD_STRING, offsetof(Fault, retry_after)},
    {"retryAfterSeconds", FIELD_STRING, offsetof(Fault, retry_after_seconds)},
    {"seconds", FIELD_SECONDS, offsetof(Fault, skew_seconds)},
};
#define N_FAULT_FIELDS (sizeof(fault_fields) / sizeof(*fault_fields))

void fault_unref(Fault *fault)
{
    if (!fault || --fault->references > 0)
        return;
    fields_clear(fault_fields, N_FAULT_FIELDS, fault);
    free(fault);
}
DEFINE_CLEANUP(Fault, fault_unref)

int faults_new(Faults **ret)
{
    Faults *faults = calloc(1, sizeof(*faults));
    if (!faults)
        return -ENOMEM;
    *ret = faults;
    return 0;
}

void faults_clear(Faults *faults)
{
    while (faults->first) {
        Fault *fault = faults->first;
        faults->first = fault->next;
        fault_unref(fault);
    }
}

void faults_free(Faults *faults)
{
    if (!faults)
        return;
    faults_clear(faults);
    free(faults);
}

static const FaultType *find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof(fault_types) / sizeof(*fault_types); i++)
        if (strcmp(fault_types[i].name, name) == 0)
            return &fault_types[i];
    return NULL;
}

static int set_default(char **field, const char *value)
{
    return *field || !value ? 0 : fields_set_string(field, value);
}

/* The status that AWS answers with: a code of one's own is a "no" unless it says otherwise. */
static uint64_t default_status(const Fault *fault, const FaultType *type)
{
    if (type->kind != FAULT_ERROR || !fault->code)
        return type->status;
    if (strcmp(fault->code, "ImportNotFoundException") == 0)
        return 404;
    return strcmp(fault->code, "AccessDenied") == 0 ? 403 : 400;
}

static int complete(Fault *fault, const FaultType *type)
{
    fault->kind = type->kind;
    fault->apply |= type->apply;
    if (fault->status == 0)
        fault->status = default_status(fault, type);
    if (set_default(&fault->code, type->code) < 0 ||
        set_default(&fault->message, type->message) < 0 ||
        set_default(&fault->body, type->body) < 0 ||
        set_default(&fault->content_type, type->content_type) < 0 ||
        set_default(&fault->location, type->location) < 0)
        return -ENOMEM;
    return 0;
}

static int check(const Fault *fault, char **ret_error)
{
    if (fault->operation && operation_from_name(fault->operation) == OPERATION_UNKNOWN)
        return explain(ret_error, -EINVAL, "there is no operation '%s'", fault->operation);
    if (fault->form && !error_form_is_known(fault->form))
        return explain(ret_error, -EINVAL, "there is no form '%s'", fault->form);
    if (fault->status != 0 && (fault->status < 200 || fault->status > 599))
        return explain(ret_error, -EINVAL, "'status' must be from 200 to 599");
    if (fault->delay_seconds < 0)
        return explain(ret_error, -EINVAL, "'delaySeconds' must not be negative");
    if (fault->calls == 0)
        return explain(ret_error, -EINVAL, "'calls' must be 1 or more; left out, it is always");
    return 0;
}

int faults_add(Faults *faults, json_object *declaration, char **ret_error)
{
    CLEANUP(fault_unrefp) Fault *fault = calloc(1, sizeof(*fault));
    int r;
    const FaultType *type;
    Fault **last;

    if (!fault)
        return -ENOMEM;
    fault->references = 1;
    fault->calls = UINT64_MAX;

    r = fields_read(declaration, fault_fields, N_FAULT_FIELDS, fault, ret_error);
    if (r < 0)
        return r;
    type = find_type(fault->name);
    if (!type)
        return explain(ret_error, -EINVAL, "there is no fault '%s'",
                       fault->name ? fault->name : "");
    r = check(fault, ret_error);
    if (r == 0)
        r = complete(fault, type);
    if (r < 0)
        return r;

    last = &faults->first;
    while (*last)
        last = &(*last)->next;
    *last = TAKE(fault);
    return 0;
}

static bool fits(const char *wanted, const char *value)
{
    return !wanted || (value && strcmp(wanted, value) == 0);
}

static Fault *take(Faults *faults, const FaultSubject *subject, bool skew)
{
    for (Fault **at = &faults->first; *at; at = &(*at)->next) {
        Fault *fault = *at;
        if ((fault->kind == FAULT_SKEW) != skew || !fits(fault->operation, subject->operation) ||
            !fits(fault->import_id, subject->import_id) || !fits(fault->queue, subject->queue) ||
            !fits(fault->access_key, subject->access_key))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        fault->references++;
        if (fault->calls != UINT64_MAX && --fault->calls == 0) {
            *at = fault->next;
            fault_unref(fault); /* the list's reference */
        }
        return fault;
    }
    return NULL;
}

Fault *faults_take_skew(Faults *faults, const FaultSubject *subject)
{
    return take(faults, subject, true);
}

Fault *faults_take(Faults *faults, const FaultSubject *subject)
{
    return take(faults, subject, false);
}

static json_object *fault_to_json(const Fault *fault)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_string(object, "fault", fault->name) < 0 ||
        json_add_string(object, "operation", fault->operation) < 0 ||
        json_add_string(object, "importId", fault->import_id) < 0 ||
        json_add_string(object, "queue", fault->queue) < 0 ||
        json_add_string(object, "accessKey", fault->access_key) < 0 ||
        (fault->skip > 0 && json_add_int64(object, "skip", (int64_t)fault->skip) < 0) ||
        (fault->calls != UINT64_MAX && json_add_int64(object, "calls", (int64_t)fault->calls) < 0))
        return NULL;
    return TAKE(object);
}

json_object *faults_to_json(const Faults *faults)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    for (const Fault *fault = faults->first; array && fault; fault = fault->next) {
        json_object *object = fault_to_json(fault);
        if (!object || json_object_array_add(array, object) < 0)
            return NULL;
    }
    return TAKE(array);
}
