/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"

static const struct {
    const char *target; /* X-Amz-Target after its last dot */
    ImportService service;
    Operation operation;
} operations[] = {
    {".StopImport", SERVICE_CLOUDTRAIL, OPERATION_STOP},
    {".StartImport", SERVICE_CLOUDTRAIL, OPERATION_START},
    {".GetImport", SERVICE_CLOUDTRAIL, OPERATION_GET},
    {".ListImports", SERVICE_CLOUDTRAIL, OPERATION_LIST},
    {".CancelImportTask", SERVICE_LOGS, OPERATION_STOP},
    {".DescribeImportTasks", SERVICE_LOGS, OPERATION_GET}, /* with an id; else it is a list */
};

const char *request_header(const HttpRequest *http, const char *name)
{
    for (size_t i = 0; i < http->n_headers; i++)
        if (strcasecmp(http->headers[i].name, name) == 0)
            return http->headers[i].value;
    return "";
}

uint64_t request_signing_time_usec(const HttpRequest *http)
{
    struct tm tm = {0};
    const char *end = strptime(request_header(http, "X-Amz-Date"), "%Y%m%dT%H%M%SZ", &tm);

    assert_true(end && *end == '\0');
    return (uint64_t)timegm(&tm) * USEC_PER_SEC;
}

json_object *request_body(const HttpRequest *http)
{
    json_tokener *tokener = json_tokener_new();
    json_object *body;

    assert_non_null(tokener);
    body = json_tokener_parse_ex(tokener, http->body, (int)http->body_size);
    assert_non_null(body);
    json_tokener_free(tokener);
    return body;
}

static void parse_operation(const HttpRequest *http, Request *request)
{
    const char *name = strrchr(request_header(http, "X-Amz-Target"), '.');
    size_t i = 0;

    assert_non_null(name);
    while (strcmp(name, operations[i].target) != 0) {
        i++;
        assert_true(i < sizeof(operations) / sizeof(operations[0]));
    }
    request->service = operations[i].service;
    request->operation = operations[i].operation;
}

static unsigned find_import(const ScriptedAccount *account, const Request *request, const char *id)
{
    for (unsigned i = 0; i < N_IMPORTS; i++)
        if (account->imports[i].service == request->service &&
            strcmp(account->imports[i].id, id) == 0)
            return i;
    fail_msg("a request for import %s, which nobody has asked for", id);
    return N_IMPORTS;
}

static void parse_body(const HttpRequest *http, const ScriptedAccount *account, Request *request)
{
    bool logs = request->service == SERVICE_LOGS;
    json_object *body = request_body(http);
    const char *id, *status, *token;

    request->import = N_IMPORTS;
    if (json_get_string(body, logs ? "importId" : "ImportId", &id) > 0)
        request->import = find_import(account, request, id);
    else if (request->service == SERVICE_LOGS)
        request->operation = OPERATION_LIST;
    assert_true((request->import == N_IMPORTS) == (request->operation == OPERATION_LIST));
    if (json_get_string(body, logs ? "importStatus" : "ImportStatus", &status) > 0)
        snprintf(request->status, sizeof(request->status), "%s", status);
    if (json_get_string(body, logs ? "nextToken" : "NextToken", &token) > 0)
        assert_int_equal(sscanf(token, "page %u", &request->page), 1);
    json_object_put(body);
}

unsigned request_attempt(const HttpRequest *http)
{
    unsigned number;

    assert_string_equal(http->method, "POST");
    assert_non_null(strstr(request_header(http, "Authorization"), "Signature="));
    assert_int_equal(sscanf(request_header(http, "amz-sdk-request"), "attempt=%u;", &number), 1);
    return number;
}

void request_parse(const HttpRequest *http, const ScriptedAccount *account, Request *ret)
{
    *ret = (Request){.timeout_usec = http->timeout_usec};
    ret->signed_usec = request_signing_time_usec(http);
    parse_operation(http, ret);
    parse_body(http, account, ret);
}
