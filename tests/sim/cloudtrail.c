/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/cloudtrail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "tests/sim/answer.h"

#define TARGET_PREFIX "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
#define BODY_DEPTH_MAX 16U
#define MAX_RESULTS_LIMIT 1000
/* NextToken is opaque to clients: the sequence number of the last import (or failure) they have. */
#define NEXT_TOKEN_FORMAT "trailstop-sim-after-%" PRIu64

typedef struct Page {
    uint64_t size;
    uint64_t after;
} Page;

static int get_import_id(SimCall *call, const char **ret, Refusal *refusal)
{
    char id[IMPORT_ID_SIZE];

    int r = json_get_string(call->body, "ImportId", ret);
    if (r <= 0 || import_id_parse(*ret, strlen(*ret), id) < 0 || strcmp(*ret, id) != 0)
        return refuse(refusal, 400, "InvalidParameterException",
                      "ImportId must be there, with 36 characters of [a-f0-9-].");
    return 0;
}

static int find_import(SimCall *call, Import **ret, Refusal *refusal)
{
    const char *id;

    int r = get_import_id(call, &id, refusal);
    if (r < 0)
        return r;
    *ret = imports_find(call->sim->imports, id, call->account, call->claim.region);
    if (!*ret)
        return refuse(refusal, 404, "ImportNotFoundException", "Import %s was not found.", id);
    return 0;
}

static int answer_import(Import *import, json_object **ret)
{
    *ret = import_to_json(import);
    return *ret ? 0 : -ENOMEM;
}

static int stop_import(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;

    int r = find_import(call, &import, refusal);
    if (r < 0)
        return r;
    const char *answer = import_spec(import)->ended_stop;
    if (import_has_ended(import) && strcmp(answer, "answer") != 0)
        return refuse(refusal, 400, answer, "Import %s is %s and cannot be stopped.",
                      import_id(import), import_status(import));
    import_stop(import);
    return answer_import(import, ret);
}

static int get_import(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;

    int r = find_import(call, &import, refusal);
    if (r < 0)
        return r;
    import_poll(import);
    return answer_import(import, ret);
}

static int get_page(SimCall *call, Page *ret, Refusal *refusal)
{
    int64_t max_results = (int64_t)call->sim->settings.page_size;
    const char *token = NULL;
    char expected[64] = "";
    Page page = {0};

    if (json_get_int64(call->body, "MaxResults", &max_results) < 0 || max_results < 1 ||
        max_results > MAX_RESULTS_LIMIT)
        return refuse(refusal, 400, "InvalidParameterException",
                      "MaxResults must be an integer from 1 to %d.", MAX_RESULTS_LIMIT);
    page.size = (uint64_t)max_results < call->sim->settings.page_size
                    ? (uint64_t)max_results
                    : call->sim->settings.page_size;

    int r = json_get_string(call->body, "NextToken", &token);
    if (r > 0 && sscanf(token, NEXT_TOKEN_FORMAT, &page.after) == 1)
        snprintf(expected, sizeof(expected), NEXT_TOKEN_FORMAT, page.after);
    if (r < 0 || (r > 0 && strcmp(token, expected) != 0))
        return refuse(refusal, 400, "InvalidNextTokenException", "The NextToken is invalid.");
    *ret = page;
    return 0;
}

/* {name: array, "NextToken"}, the token only where there is more. Takes the array. */
static int answer_page(const char *name, json_object *array, bool more, uint64_t last,
                       json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    char token[64];

    if (!answer) {
        json_object_put(array);
        return -ENOMEM;
    }
    snprintf(token, sizeof(token), NEXT_TOKEN_FORMAT, last);
    if (json_add(answer, name, array) < 0 ||
        json_add_string(answer, "NextToken", more ? token : NULL) < 0)
        return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}

static bool is_known_status(const char *status)
{
    static const char *const known[] = {"INITIALIZING", "IN_PROGRESS", "FAILED", "STOPPED",
                                        "COMPLETED"};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(status, known[i]) == 0)
            return true;
    return false;
}

static int list_imports(SimCall *call, json_object **ret, Refusal *refusal)
{
    const char *destination = NULL, *status = NULL;
    uint64_t n_listed = 0, last = 0;
    Page page;

    int r = get_page(call, &page, refusal);
    if (r < 0)
        return r;
    if (json_get_string(call->body, "Destination", &destination) < 0)
        return refuse(refusal, 400, "InvalidParameterException", "Destination must be one ARN.");
    if (json_get_string(call->body, "ImportStatus", &status) < 0 ||
        (status && !is_known_status(status)))
        return refuse(refusal, 400, "InvalidParameterException",
                      "ImportStatus must be INITIALIZING, IN_PROGRESS, FAILED, STOPPED or "
                      "COMPLETED.");

    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    Import *import = NULL;
    while ((import = imports_next(call->sim->imports, import, call->account, call->claim.region))) {
        if (import_sequence(import) <= page.after ||
            (status && strcmp(status, import_status(import)) != 0) ||
            (destination && strcmp(destination, import_spec(import)->destination) != 0))
            continue;
        if (n_listed++ == page.size)
            break;
        last = import_sequence(import);
        json_object *item = import_to_list_item(import);
        if (!item || json_object_array_add(array, item) < 0)
            return -ENOMEM;
    }
    return answer_page("Imports", TAKE(array), import, last, ret);
}

static int list_import_failures(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;
    Page page;

    int r = find_import(call, &import, refusal);
    if (r == 0)
        r = get_page(call, &page, refusal);
    if (r < 0)
        return r;

    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    uint64_t n_failures = import_spec(import)->failures, at = page.after;
    for (; at < n_failures && at - page.after < page.size; at++) {
        json_object *failure = import_failure_to_json(import, at);
        if (!failure || json_object_array_add(array, failure) < 0)
            return -ENOMEM;
    }
    return answer_page("Failures", TAKE(array), at < n_failures, at, ret);
}

typedef int (*Run)(SimCall *call, json_object **ret, Refusal *refusal);

static const Run operations[] = {
    [OPERATION_STOP_IMPORT] = stop_import,
    [OPERATION_GET_IMPORT] = get_import,
    [OPERATION_LIST_IMPORTS] = list_imports,
    [OPERATION_LIST_IMPORT_FAILURES] = list_import_failures,
};
#define N_OPERATIONS (sizeof(operations) / sizeof(*operations))

static bool recognizes(const SimCall *call)
{
    (void)call;
    return true;
}

static Operation read_operation(const SimCall *call)
{
    const char *target = evhttp_find_header(call->headers, "X-Amz-Target");

    if (strcmp(call->method, "POST") != 0 || strcmp(call->path, "/") != 0 || !target ||
        strncmp(target, TARGET_PREFIX, strlen(TARGET_PREFIX)) != 0)
        return OPERATION_UNKNOWN;
    Operation operation = operation_from_name(target + strlen(TARGET_PREFIX));
    return operation < N_OPERATIONS ? operation : OPERATION_UNKNOWN;
}

static void read_call(SimCall *call)
{
    call->operation = read_operation(call);
    if (json_read(call->body_text, call->body_size, BODY_DEPTH_MAX, &call->body) < 0)
        return;
    if (!json_object_is_type(call->body, json_type_object)) {
        json_object_put(call->body);
        call->body = NULL;
        return;
    }
    (void)json_get_string(call->body, "ImportId", &call->import_id);
}

static int authenticate(SimCall *call, Refusal *ret_refusal)
{
    return call_verify_signature(call, "cloudtrail", ret_refusal);
}

static int run(SimCall *call, json_object **ret, Refusal *ret_refusal)
{
    if (!call->body)
        return refuse(ret_refusal, 400, "SerializationException", "The body is no JSON object.");
    if (call->operation == OPERATION_UNKNOWN)
        return refuse(ret_refusal, 400, "UnknownOperationException",
                      "Operations are called by POST / and an X-Amz-Target header that names one.");
    return operations[call->operation](call, ret, ret_refusal);
}

static unsigned write_answer(SimCall *call, json_object *document)
{
    return answer_set_json(call->request, HTTP_OK, NULL, document);
}

static unsigned write_error(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message)
{
    return answer_set_error(call->request, status, form, code, message);
}

const ServiceType cloudtrail_service = {
    .recognizes = recognizes,
    .read = read_call,
    .authenticate = authenticate,
    .run = run,
    .write = write_answer,
    .write_error = write_error,
};
