/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"
#include "tests/sim/long-poll.h"

#define BODY_DEPTH_MAX 32U
#define CONTENT_TYPE_JSON "application/json"

/* Handlers put the answer's body into *ret: 0; -EINVAL and an owned sentence; -ENOMEM. */
typedef int (*ControlHandler)(Sim *sim, struct evhttp_request *request, json_object **ret,
                              char **ret_error);

static int empty_answer(json_object **ret)
{
    *ret = json_object_new_object();
    return *ret ? 0 : -ENOMEM;
}

static int read_body(struct evhttp_request *request, json_object **ret, char **ret_error)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    size_t size = evbuffer_get_length(body);
    const char *text = size > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
    int r;

    if (!text)
        return -ENOMEM;
    r = json_read(text, size, BODY_DEPTH_MAX, ret);
    return r == -EBADMSG ? explain(ret_error, -EINVAL, "the body is not JSON") : r;
}

/* POSTs of one part of a scenario; what differs is the last element of the path. */
static int post_part(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

    int r = read_body(request, &body, ret_error);
    if (r == 0)
        r = sim_apply_part(sim, path + strlen(CONTROL_PREFIX), body, NULL, ret_error);
    return r < 0 ? r : empty_answer(ret);
}

/* Declares what the body says, a part of a scenario or (NULL) a whole one; answers with the ids of
 * imports. */
static int declare(Sim *sim, struct evhttp_request *request, const char *part, json_object **ret,
                   char **ret_error)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    CLEANUP(json_object_putp) json_object *body = NULL;
    json_object *ids = json_object_new_array(); /* belongs to the answer */
    int r;

    if (!answer || json_add(answer, "ids", ids) < 0)
        return -ENOMEM;
    r = read_body(request, &body, ret_error);
    if (r == 0)
        r = part ? sim_apply_part(sim, part, body, ids, ret_error)
                 : sim_apply(sim, body, ids, ret_error);
    if (r < 0)
        return r;
    *ret = TAKE(answer);
    return 0;
}

static int post_imports(Sim *sim, struct evhttp_request *request, json_object **ret,
                        char **ret_error)
{
    return declare(sim, request, "imports", ret, ret_error);
}

static int post_messages(Sim *sim, struct evhttp_request *request, json_object **ret,
                         char **ret_error)
{
    return declare(sim, request, "messages", ret, ret_error);
}

static int post_scenario(Sim *sim, struct evhttp_request *request, json_object **ret,
                         char **ret_error)
{
    return declare(sim, request, NULL, ret, ret_error);
}

static int post_reset(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    int r;

    (void)request;
    r = sim_reset(sim, ret_error);
    return r < 0 ? r : empty_answer(ret);
}

static int get_imports(Sim *sim, struct evhttp_request *request, json_object **ret,
                       char **ret_error)
{
    CLEANUP(json_object_putp) json_object *imports = json_object_new_array();
    Import *import = NULL;

    (void)request, (void)ret_error;
    if (!imports)
        return -ENOMEM;
    while ((import = imports_next(sim->imports, SERVICE_CLOUDTRAIL, import, NULL, NULL))) {
        json_object *object = import_spec(import)->service == SERVICE_LOGS
                                  ? import_task_to_json(import)
                                  : import_to_json(import);
        if (!object || json_object_array_add(imports, object) < 0)
            return -ENOMEM;
    }
    *ret = TAKE(imports);
    return 0;
}

static int get_accounts(Sim *sim, struct evhttp_request *request, json_object **ret,
                        char **ret_error)
{
    (void)request, (void)ret_error;
    *ret = accounts_to_json(sim->accounts);
    return *ret ? 0 : -ENOMEM;
}

static int get_faults(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    (void)request, (void)ret_error;
    *ret = faults_to_json(sim->faults);
    return *ret ? 0 : -ENOMEM;
}

static int delete_faults(Sim *sim, struct evhttp_request *request, json_object **ret,
                         char **ret_error)
{
    (void)request, (void)ret_error;
    faults_clear(sim->faults);
    return empty_answer(ret);
}

static int get_queues(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t now_usec = queues_now(sim->queues);
    Queue *queue = NULL;

    (void)request, (void)ret_error;
    while (array && (queue = queues_next(sim->queues, queue)))
        if (json_append(array, queue_to_json(queue, sim->url, now_usec)) < 0)
            return -ENOMEM;
    *ret = TAKE(array);
    return *ret ? 0 : -ENOMEM;
}

static int get_messages(Sim *sim, struct evhttp_request *request, json_object **ret,
                        char **ret_error)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t now_usec = queues_now(sim->queues);
    Queue *queue = NULL;

    (void)request, (void)ret_error;
    while (array && (queue = queues_next(sim->queues, queue)))
        if (queue_messages_to_json(queue, now_usec, array) < 0)
            return -ENOMEM;
    *ret = TAKE(array);
    return *ret ? 0 : -ENOMEM;
}

static int get_events(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    (void)request, (void)ret_error;
    *ret = json_object_get(sim->events);
    return 0;
}

static bool parse_count(const char *text, uint64_t *ret)
{
    int end = -1;

    return *text >= '0' && *text <= '9' && sscanf(text, "%" SCNu64 "%n", ret, &end) == 1 &&
           text[end] == '\0';
}

static int get_calls(Sim *sim, struct evhttp_request *request, json_object **ret, char **ret_error)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
    uint64_t last = UINT64_MAX, after = 0;
    struct evkeyvalq parameters;
    struct evkeyval *parameter;
    int r = 0;

    if (evhttp_parse_query_str(query ? query : "", &parameters) < 0)
        return explain(ret_error, -EINVAL, "the query cannot be read");
    TAILQ_FOREACH (parameter, &parameters, next) {
        uint64_t *value = strcmp(parameter->key, "last") == 0    ? &last
                          : strcmp(parameter->key, "after") == 0 ? &after
                                                                 : NULL;
        if (r == 0 && (!value || !parse_count(parameter->value, value)))
            r = explain(ret_error, -EINVAL, "the query may hold last=N and after=N, not '%s=%s'",
                        parameter->key, parameter->value);
    }
    evhttp_clear_headers(&parameters);
    if (r < 0)
        return r;
    *ret = record_to_json(sim->record, last, after);
    return *ret ? 0 : -ENOMEM;
}

static const struct {
    enum evhttp_cmd_type method;
    const char *name;
    ControlHandler handler;
} routes[] = {
    {EVHTTP_REQ_GET, "calls", get_calls},       {EVHTTP_REQ_GET, "imports", get_imports},
    {EVHTTP_REQ_POST, "imports", post_imports}, {EVHTTP_REQ_GET, "faults", get_faults},
    {EVHTTP_REQ_POST, "faults", post_part},     {EVHTTP_REQ_DELETE, "faults", delete_faults},
    {EVHTTP_REQ_GET, "accounts", get_accounts}, {EVHTTP_REQ_POST, "accounts", post_part},
    {EVHTTP_REQ_POST, "roles", post_part},      {EVHTTP_REQ_POST, "instance", post_part},
    {EVHTTP_REQ_POST, "containers", post_part}, {EVHTTP_REQ_POST, "settings", post_part},
    {EVHTTP_REQ_GET, "queues", get_queues},     {EVHTTP_REQ_POST, "queues", post_part},
    {EVHTTP_REQ_GET, "messages", get_messages}, {EVHTTP_REQ_POST, "messages", post_messages},
    {EVHTTP_REQ_POST, "visibility", post_part}, {EVHTTP_REQ_POST, "clock", post_part},
    {EVHTTP_REQ_GET, "events", get_events},     {EVHTTP_REQ_POST, "scenario", post_scenario},
    {EVHTTP_REQ_POST, "reset", post_reset},
};

static ControlHandler find_handler(struct evhttp_request *request)
{
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (evhttp_request_get_command(request) == routes[i].method &&
            strcmp(path + strlen(CONTROL_PREFIX), routes[i].name) == 0)
            return routes[i].handler;
    return NULL;
}

static unsigned answer_mistake(struct evhttp_request *request, unsigned status, const char *error)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_string(body, "error", error) < 0)
        return HTTP_INTERNAL;
    return answer_set_json(request, status, CONTENT_TYPE_JSON, body);
}

void control_handle(Sim *sim, struct evhttp_request *request)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    CLEANUP(freep) char *error = NULL;
    unsigned status = HTTP_INTERNAL;

    ControlHandler handler = find_handler(request);
    int r = handler ? handler(sim, request, &body, &error) : 0;
    if (!handler)
        status = answer_mistake(request, HTTP_NOTFOUND,
                                "there is no such control endpoint: see tests/sim/README.md");
    else if (r == -EINVAL)
        status = answer_mistake(request, HTTP_BADREQUEST, error);
    else if (r == 0)
        status = answer_set_json(request, HTTP_OK, CONTENT_TYPE_JSON, body);
    evhttp_send_reply(request, (int)status, NULL, NULL);
    long_polls_retry(sim->long_polls);
}
