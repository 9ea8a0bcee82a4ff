/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/exceptions.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/server/stop-all.h"

#define ELEMENT_SIZE 64U /* bytes, besides its text */

static const Method *find_method(const char *name)
{
    static const Method *const tables[] = {methods_job,     methods_import, methods_service,
                                           methods_systemd, methods_target, methods_queue,
                                           methods_metrics};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const Method *method = tables[i]; method->name; method++)
            if (strcmp(method->name, name) == 0)
                return method;
    return NULL;
}

static bool is_interface(const char *name, size_t length)
{
    static const char *const names[] = {TRAILSTOP_INTERFACE, VARLINK_SERVICE_INTERFACE,
                                        SYSTEMD_SERVICE_INTERFACE, SYSTEMD_METRICS_INTERFACE};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return true;
    return false;
}

json_object *methods_object(const char *key, json_object *value)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object) {
        json_object_put(value);
        return NULL;
    }
    return json_add(object, key, value) < 0 ? NULL : TAKE(object);
}

/* A method that lists things, under way. */
typedef struct Listing {
    ReplyList list;
    size_t place; /* of the next one, unless a reload moved it */
    char *names;  /* of those that were left when the client had to read first; NULL: it has not */
    size_t size, at; /* of the names; of the next one */
} Listing;

static void listing_free(void *state)
{
    Listing *listing = state;

    free(listing->names);
    free(listing);
}

int methods_list_start(Call *call, const char *member)
{
    Listing *listing = malloc(sizeof(*listing));

    if (!listing)
        return -ENOMEM;
    *listing = (Listing){.list = {.member = member}};
    call->state = listing;
    call->free_state = listing_free;
    return 0;
}

static bool listing_is_over(const Listing *listing, const Service *service, const ListedKind *kind)
{
    return listing->names ? listing->at == listing->size : listing->place >= kind->count(service);
}

/* Each with its NUL. A user whose calls hold too much already is shown the rest by place. */
static int listing_keep_names(Listing *listing, Call *call, const ListedKind *kind)
{
    size_t n = kind->count(call->service), size = 0;
    char *end;

    for (size_t i = listing->place; i < n; i++)
        size += strlen(kind->name(call->service, i)) + 1;
    if (call_charge(call, size) < 0)
        return 0;
    listing->names = end = malloc(size);
    if (!end)
        return -ENOMEM;
    for (size_t i = listing->place; i < n; i++)
        end = stpcpy(end, kind->name(call->service, i)) + 1;
    listing->size = size;
    return 0;
}

/* The place of the next one. False: it is gone. */
static bool listing_next(Listing *listing, const Service *service, const ListedKind *kind)
{
    size_t n = kind->count(service);
    const char *name;

    if (!listing->names)
        return true;
    name = listing->names + listing->at;
    listing->at += strlen(name) + 1;
    for (size_t i = 0; i < n; i++) {
        size_t place = (listing->place + i) % n; /* most of them stay beside each other */

        if (strcmp(kind->name(service, place), name) == 0) {
            listing->place = place;
            return true;
        }
    }
    return false;
}

static int listing_show_next(Listing *listing, Call *call, const ListedKind *kind)
{
    CLEANUP(json_object_putp) json_object *element = NULL;

    caller_spend(call->caller, 1);
    if (!listing_next(listing, call->service, kind))
        return 0;
    element = kind->show(call->service, listing->place++);
    return call_list(call, &listing->list, element ? json_text(element, NULL) : NULL);
}

int methods_list_pump(Call *call, const ListedKind *kind, CallProgress *ret)
{
    Listing *listing = call->state;

    while (!listing_is_over(listing, call->service, kind)) {
        int r;

        if (!call_may_go_on(call)) {
            *ret = CALL_GOES_ON;
            return listing->names ? 0 : listing_keep_names(listing, call, kind);
        }
        r = listing_show_next(listing, call, kind);
        if (r < 0)
            return r;
    }
    return call_list_end(call, &listing->list, false);
}

static int reply_not_found(Call *call, const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : strlen(name);

    if (!is_interface(name, length))
        return call_reply_error(
            call, VARLINK_SERVICE_INTERFACE ".InterfaceNotFound",
            methods_object("interface", json_object_new_string_len(name, (int)length)));
    return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".MethodNotFound",
                            methods_object("method", json_object_new_string(name)));
}

static int reply_invalid(Call *call, const char *parameter)
{
    return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".InvalidParameter",
                            methods_object("parameter", json_object_new_string(parameter)));
}

int methods_reply_target_not_found(Call *call, const char *name)
{
    return call_reply_error(
        call, TRAILSTOP_INTERFACE ".TargetNotFound",
        methods_object("target", json_object_new_string(name ? name : CONFIG_DEFAULT_TARGET)));
}

const char *methods_failure_name(const char *code)
{
    return exception_failure_name(exception_find(code)->failure);
}

int methods_reply_failure(Call *call, const CallError *error)
{
    return call_reply_error(call, methods_failure_name(error->code),
                            methods_object("cause", call_error_to_json(error)));
}

/* What was asked for is named as far as it could be read. */
static void log_denied(const Call *call)
{
    const Requester *requester = &call->caller->peer.process;
    const Parameters *parameters = &call->parameters;
    JournalEntry entry;
    unsigned n_left_out;

    if (!log_limit_take(&call->service->denied, time_now_boottime(), &n_left_out))
        return;
    journal_begin(&entry, EVENT_REQUEST_DENIED);
    journal_add(&entry, "TRAILSTOP_METHOD", "%s", call->method->name);
    job_journal_add_requester(&entry, requester, parameters->reason);
    if (parameters->id)
        journal_add(&entry, "TRAILSTOP_JOB", "%s", parameters->id);
    if (parameters->target)
        journal_add(&entry, "TRAILSTOP_TARGET", "%s", parameters->target);
    if (*parameters->import_id)
        journal_add(&entry, "TRAILSTOP_IMPORT_ID", "%s", parameters->import_id);
    journal_add(&entry, "TRAILSTOP_UNTOLD", "%u", n_left_out);
    journal_send(&entry, "Denied: uid %u %s and called %s", requester->uid,
                 operators_know(requester->uid) ? "is not an operator"
                                                : "is a user of another namespace",
                 call->method->name);
}

int methods_reply_denied(Call *call)
{
    stats_add(STAT_REQUESTS_DENIED, 1);
    log_denied(call);
    return call_reply_error(call, TRAILSTOP_INTERFACE ".NotAuthorized", json_object_new_object());
}

uint64_t methods_timeout_usec(const Call *call)
{
    if (call->parameters.has_timeout)
        return (uint64_t)call->parameters.timeout * USEC_PER_SEC;
    return call->service->config->polling_timeout_usec;
}

typedef struct Header {
    const char *method;
    json_object *parameters;
    bool more, oneway, upgrade;
} Header;

static bool *find_flag(Header *header, const char *key)
{
    if (strcmp(key, "more") == 0)
        return &header->more;
    if (strcmp(key, "oneway") == 0)
        return &header->oneway;
    return strcmp(key, "upgrade") == 0 ? &header->upgrade : NULL;
}

/* A member whose name has a dot is somebody's extension. -EBADMSG: the message is not a call. */
static int read_header(json_object *message, Header *ret)
{
    Header header = {0};

    json_object_object_foreach (message, key, value) {
        bool *flag = find_flag(&header, key);

        if (!flag && strcmp(key, "method") != 0 && strcmp(key, "parameters") != 0 &&
            !strchr(key, '.'))
            return -EBADMSG;
        if (flag && value && !json_object_is_type(value, json_type_boolean))
            return -EBADMSG;
        if (flag)
            *flag = json_object_get_boolean(value); /* null: false */
    }
    if (header.more + header.oneway + header.upgrade > 1 ||
        json_get_string(message, "method", &header.method) <= 0 ||
        json_get_object(message, "parameters", &header.parameters) < 0)
        return -EBADMSG;
    *ret = header;
    return 0;
}

int methods_check(json_object *message)
{
    Header header;

    return read_header(message, &header);
}

/* No method hands its connection over to another protocol; a reply without an error would mean that
 * it does. */
static int reply_cannot_upgrade(Call *call)
{
    return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".MethodNotImplemented",
                            methods_object("method", json_object_new_string(call->method->name)));
}

const char *methods_target_name(const Call *call)
{
    return call->parameters.target ? call->parameters.target : CONFIG_DEFAULT_TARGET;
}

bool methods_is_operator(const Call *call, const char *target)
{
    return operators_include(call->service->operators, target, &call->caller->peer);
}

/* A call whose parameters could not be read acts on no target. */
static bool may_act(const Call *call, bool is_valid)
{
    if (!is_valid)
        return operators_include_any(call->service->operators, &call->caller->peer);
    return call->parameters.targets ? stop_all_is_allowed(call)
                                    : methods_is_operator(call, methods_target_name(call));
}

/* They mean nothing here, and a call may wait for long. */
static void drop_extensions(json_object *message)
{
    json_object_object_foreach (message, name, value) {
        (void)value;
        if (strchr(name, '.'))
            json_object_object_del(message, name);
    }
}

/* Of a list each element is an object of its own. */
static size_t size_of_lists(const Parameters *parameters)
{
    size_t n = parameters->ids ? json_object_array_length(parameters->ids) : 0;

    if (parameters->targets)
        n += json_object_array_length(parameters->targets);
    return n * ELEMENT_SIZE;
}

int methods_start(Call *call)
{
    const char *at_fault;
    Header header;
    int r = read_header(call->message, &header);

    if (r < 0)
        return r;
    drop_extensions(call->message);
    call->oneway = header.oneway;
    call->method = find_method(header.method);
    if (!call->method)
        return reply_not_found(call, header.method);
    if (header.upgrade)
        return reply_cannot_upgrade(call);
    call->more = header.more && call->method->streams;
    if (call->method->more_only && !call->more)
        return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".ExpectedMore",
                                json_object_new_object());
    r = parameters_read(call->method->parameters, header.parameters, &call->parameters, &at_fault);
    if (call->method->operators_only && !may_act(call, r >= 0))
        return methods_reply_denied(call);
    if (r < 0)
        return reply_invalid(call, at_fault);
    call_hold(call, size_of_lists(&call->parameters));
    if (output_is_closed(call->caller->output) && !call->method->acts) /* nobody reads its reply */
        return call_reply(call, json_object_new_object());
    return call->method->start ? call->method->start(call) : 0;
}

int methods_pump(Call *call, CallProgress *ret)
{
    const Method *method = call->method;

    *ret = CALL_DONE;
    return method->answer ? method->answer(call) : method->pump(call, ret);
}
