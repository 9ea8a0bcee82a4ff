/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* CURLE_TOO_LARGE, which the header has since 8.6. */
#define TOO_LARGE ((CURLcode)100)

/* libcurl has a limit for one line of a head, and called it a lack of memory too before 8.6. */
static bool is_line_too_long(const HttpTransfer *transfer, CURLcode code)
{
    curl_off_t usec = 0;

    if (code == TOO_LARGE)
        return true;
    return code == CURLE_OUT_OF_MEMORY && transfer->local_error == 0 && transfer->easy &&
           curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &usec) == CURLE_OK &&
           usec > 0;
}

static HttpFailure classify(const HttpTransfer *transfer, CURLcode code)
{
    switch (transfer->local_error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return HTTP_NO_RESOURCES;
    default:
        break;
    }
    if (transfer->ca_fault && code != CURLE_OK)
        return HTTP_TLS_FAILED;
    if (is_line_too_long(transfer, code))
        return HTTP_UNREADABLE;
    switch (code) {
    case CURLE_OK:
        return HTTP_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMED_OUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
        return HTTP_TLS_FAILED;
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: anything that does not begin like HTTP */
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR: /* over a limit of ours */
    case CURLE_BAD_CONTENT_ENCODING:
        return HTTP_UNREADABLE;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return HTTP_NO_RESOURCES;
    default:
        return HTTP_CONNECT_FAILED;
    }
}

static long get_number(const HttpTransfer *transfer, CURLINFO info)
{
    long number = 0;

    if (transfer->easy)
        (void)curl_easy_getinfo(transfer->easy, info, &number);
    return number;
}

/* Whether the request met its end before it was through the proxy: a connection is only ever made
 * to the proxy, and over one that was kept the request was through.
 */
static bool failed_at_proxy(const HttpTransfer *transfer, HttpFailure failure, CURLcode code)
{
    if (!transfer->proxy || transfer->ca_fault || failure == HTTP_NO_RESOURCES)
        return false;
    if (transfer->tunnel_floods || code == CURLE_COULDNT_RESOLVE_PROXY ||
        code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY)
        return true;
    if (get_number(transfer, CURLINFO_NUM_CONNECTS) == 0 &&
        get_number(transfer, CURLINFO_LOCAL_PORT) != 0)
        return false;
    return transfer->proxy->is_http && get_number(transfer, CURLINFO_HTTP_CONNECTCODE) / 100 != 2;
}

static const char *describe_cause(const HttpTransfer *transfer, HttpFailure failure, CURLcode code)
{
    long error = get_number(transfer, CURLINFO_OS_ERRNO);

    if (failure == HTTP_NO_RESOURCES && transfer->local_error != 0)
        return strerror(transfer->local_error);
    if (transfer->local_error == EFBIG || code == CURLE_FILESIZE_EXCEEDED ||
        is_line_too_long(transfer, code))
        return "larger than 1 MiB, or with headers larger than 64 KiB";
    if (transfer->ca_fault)
        return transfer->ca_fault;
    if (transfer->sent_in_vain)
        return "closed before an answer came";
    if (transfer->tunnel_floods)
        return "its answer to CONNECT does not end";
    /* libcurl says no more than that it could not connect. */
    if (code == CURLE_COULDNT_CONNECT && error != 0)
        return strerror((int)error);
    /* What it says of a proxy may quote the URL, and so a password. */
    if (failed_at_proxy(transfer, failure, code) && failure != HTTP_TIMED_OUT &&
        failure != HTTP_TLS_FAILED)
        return curl_easy_strerror(code);
    return transfer->cause[0] != '\0' ? transfer->cause : curl_easy_strerror(code);
}

static void describe_failure(const HttpTransfer *transfer, HttpFailure failure, CURLcode code,
                             char *buffer, size_t size)
{
    static const char *const phrases[] = {
        [HTTP_CONNECT_FAILED] = "connection failed",
        [HTTP_TIMED_OUT] = "no answer in time",
        [HTTP_TLS_FAILED] = "no secure connection",
        [HTTP_UNREADABLE] = "unreadable answer",
        [HTTP_NO_RESOURCES] = "out of resources on this host",
    };
    const char *cause = describe_cause(transfer, failure, code);
    char *host = http_transfer_url_part(transfer, CURLUPART_HOST);
    char *port = http_transfer_url_part(transfer, CURLUPART_PORT);
    long refusal = get_number(transfer, CURLINFO_HTTP_CONNECTCODE);

    if (!failed_at_proxy(transfer, failure, code))
        snprintf(buffer, size, "%s:%s: %s: %s", host ? host : "?", port ? port : "?",
                 phrases[failure], cause);
    else if (transfer->proxy->fault)
        snprintf(buffer, size, "%s", transfer->proxy->fault);
    else if (refusal != 0 && refusal / 100 != 2)
        snprintf(buffer, size, "proxy %s: answered with status %ld to CONNECT %s:%s",
                 transfer->proxy->name, refusal, host ? host : "?", port ? port : "?");
    else
        snprintf(buffer, size, "proxy %s: %s: %s", transfer->proxy->name, phrases[failure], cause);
    curl_free(port);
    curl_free(host);
}

/* One line of printable ASCII: the cause may quote what the other side sent, such as a
 * certificate's name. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

HttpResponse http_outcome_response(const HttpTransfer *transfer, CURLcode code,
                                   char buffer[static HTTP_MESSAGE_SIZE])
{
    HttpFailure failure = classify(transfer, code);
    long status = 0;

    if (failure != HTTP_OK) {
        describe_failure(transfer, failure, code, buffer, HTTP_MESSAGE_SIZE);
        make_printable(buffer);
        return (HttpResponse){.failure = failure, .message = buffer};
    }
    /* Cannot fail for a handle that has an answer; 0 would be no status of HTTP. */
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return (HttpResponse){
        .failure = HTTP_OK,
        .status = (unsigned)status,
        .headers = transfer->answer.headers,
        .n_headers = transfer->answer.n_headers,
        .body = transfer->answer.body,
        .body_size = transfer->answer.body_size,
    };
}
