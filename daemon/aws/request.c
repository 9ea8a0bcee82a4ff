/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "daemon/aws/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/time.h"

/* An application id may hold what a token of HTTP may (RFC 9110, section 5.6.2), except '#', which
 * parts a name from its version in the SDKs' User-Agent; the SDKs put '-' in place of the rest. */
int aws_request_make_user_agent(char **ret)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "!$%&'*+-.^_`|~";
    const char *variable = getenv("AWS_SDK_UA_APP_ID"), *id = variable ? variable : "";
    size_t size = strlen(PACKAGE_VERSION) + strlen(id) + 64, length;
    char *text = malloc(size);

    if (!text)
        return -ENOMEM;
    length = (size_t)snprintf(text, size, "trailstop/%s os/linux lang/c%s", PACKAGE_VERSION,
                              *id != '\0' ? " app/" : "");
    for (; *id != '\0'; id++)
        text[length++] = (char)(strchr(allowed, *id) ? *id : '-');
    text[length] = '\0';
    *ret = text;
    return 0;
}

/* The authority without the port that the scheme has anyway. */
static char *copy_host(const char *authority, size_t length, const char *default_port)
{
    size_t suffix = strlen(default_port);

    if (length > suffix && memcmp(authority + length - suffix, default_port, suffix) == 0)
        length -= suffix;
    return strndup(authority, length);
}

int aws_route_init(AwsRoute *route, const char *endpoint, const char *region, const char *service,
                   const char *user_agent)
{
    const char *authority, *path, *default_port;
    size_t url_size = strlen(endpoint) + 2;

    *route = (AwsRoute){.region = region, .service = service, .user_agent = user_agent};
    if (strncasecmp(endpoint, "https://", strlen("https://")) == 0) {
        authority = endpoint + strlen("https://");
        default_port = ":443";
    } else if (strncasecmp(endpoint, "http://", strlen("http://")) == 0) {
        authority = endpoint + strlen("http://");
        default_port = ":80";
    } else {
        return -EINVAL;
    }
    path = authority + strcspn(authority, "/");

    route->url = malloc(url_size);
    route->host = copy_host(authority, (size_t)(path - authority), default_port);
    if (!route->url || !route->host) {
        aws_route_clear(route);
        return -ENOMEM;
    }
    snprintf(route->url, url_size, "%s%s", endpoint, path[0] != '\0' ? "" : "/");
    route->path = route->url + (path - endpoint);
    return 0;
}

void aws_route_clear(AwsRoute *route)
{
    free(route->url);
    free(route->host);
    *route = (AwsRoute){0};
}

void aws_request_make_id(const Random *random, AwsInvocationId *ret)
{
    for (size_t i = 0; i < sizeof(ret->random) / sizeof(ret->random[0]); i++)
        ret->random[i] = (uint32_t)(random->uniform(random->userdata) * 0x1p32);
}

static void format_id(const AwsInvocationId *id, char buffer[static AWS_INVOCATION_ID_SIZE])
{
    static const char form[AWS_INVOCATION_ID_SIZE] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0, n = 0; i < sizeof(form); i++) {
        unsigned digit;

        buffer[i] = form[i];
        if (form[i] != 'x' && form[i] != 'y')
            continue;
        digit = id->random[n / 8] >> (28 - 4 * (n % 8)) & 0x0f;
        buffer[i] = digits[form[i] == 'y' ? 8 | (digit & 3) : digit];
        n++;
    }
}

static void add_header(AwsRequest *request, const char *name, const char *value)
{
    request->headers[request->n_headers++] = (HttpHeader){.name = name, .value = value};
}

static int sign(AwsRequest *request, const AwsRoute *route, const AwsAttempt *attempt)
{
    CLEANUP(freep) char *canonical_request = NULL, *string_to_sign = NULL;
    SigV4Scope scope = {
        .region = route->region,
        .service = route->service,
        .realtime_usec = attempt->realtime_usec,
    };
    int r;

    r = sigv4_canonical_request("POST", route->path, NULL, request->headers, request->n_headers,
                                attempt->body, attempt->body_size, &canonical_request);
    if (r < 0)
        return r;
    r = sigv4_string_to_sign(&scope, canonical_request, &string_to_sign);
    secret_free(TAKE(canonical_request)); /* the session token is in it */
    if (r < 0)
        return r;
    return sigv4_authorization(&scope, attempt->credentials, request->headers, request->n_headers,
                               string_to_sign, &request->authorization);
}

int aws_request_sign(AwsRequest *request, const AwsRoute *route, const AwsAttempt *attempt)
{
    AwsCredentials *credentials = attempt->credentials;
    int r;

    *request = (AwsRequest){0};
    add_header(request, "Content-Type", attempt->content_type);
    add_header(request, "Host", route->host);
    if (attempt->target)
        add_header(request, "X-Amz-Target", attempt->target);
    if (credentials) {
        add_header(request, "X-Amz-Date", time_format_basic(attempt->realtime_usec, request->date));
        if (credentials->session_token)
            add_header(request, "X-Amz-Security-Token", credentials->session_token);
        r = sign(request, route, attempt);
        if (r < 0)
            return r;
        add_header(request, "Authorization", request->authorization);
    }

    /* Not signed, because whatever lies between may change them. */
    snprintf(request->attempt, sizeof(request->attempt), "attempt=%u; max=%u", attempt->number,
             attempt->max);
    add_header(request, "User-Agent", route->user_agent);
    format_id(attempt->invocation_id, request->invocation_id);
    add_header(request, "amz-sdk-invocation-id", request->invocation_id);
    add_header(request, "amz-sdk-request", request->attempt);
    return 0;
}

void aws_request_clear(AwsRequest *request)
{
    secret_free(request->authorization);
    *request = (AwsRequest){0};
}
