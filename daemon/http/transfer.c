/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/environment.h"
#include "daemon/http/no-proxy.h"
#include "daemon/http/tunnel.h"

/* Answers are small; libcurl's own choice is 16 KiB a handle. */
#define RECEIVE_BUFFER_BYTES 4096L
#define SEND_BUFFER_BYTES 16384L /* the least that libcurl takes */

/* So that a change in DNS is seen also by a connection that is never idle. */
#define CONNECTION_LIFETIME_SEC 300L

#define OWN_HEADERS_MAX 2U /* besides those of the request */

DEFINE_CLEANUP(HttpTransfer, http_transfer_free)

void http_transfer_free(HttpTransfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->copy)
        OPENSSL_cleanse(transfer->copy, transfer->copy_size);
    free(transfer->copy);
    free(transfer->ca_fault);
    X509_STORE_free(transfer->trusted);
    http_answer_clear(&transfer->answer);
    free(transfer);
}

/* The memory that a request is copied into; without any, what is copied is only counted. */
typedef struct Copy {
    char *memory;
    size_t size; /* so far */
} Copy;

static char *copy_bytes(Copy *copy, const char *bytes, size_t size)
{
    char *to = copy->memory ? copy->memory + copy->size : NULL;

    if (to && size > 0)
        memcpy(to, bytes, size);
    copy->size += size;
    return to;
}

static char *copy_string(Copy *copy, const char *string)
{
    return copy_bytes(copy, string, strlen(string) + 1);
}

/* libcurl reads "Name:" as "leave this header out", and "Name;" as one with an empty value. */
static void copy_header(Copy *copy, HttpTransfer *transfer, const char *name, const char *separator,
                        const char *value)
{
    char *line = copy_bytes(copy, name, strlen(name));
    struct curl_slist *node;

    copy_bytes(copy, separator, strlen(separator));
    copy_string(copy, value);
    if (!line)
        return;
    node = &transfer->headers[transfer->n_headers++];
    *node = (struct curl_slist){.data = line};
    if (node != transfer->headers)
        node[-1].next = node;
}

static void copy_request(Copy *copy, HttpTransfer *transfer, const HttpRequest *request)
{
    bool has_type = false;

    copy->size = (request->n_headers + OWN_HEADERS_MAX) * sizeof(*transfer->headers);
    transfer->method = copy_string(copy, request->method);
    transfer->url = copy_string(copy, request->url);
    if (request->ca_bundle)
        transfer->ca_bundle = copy_string(copy, request->ca_bundle);
    transfer->body = copy_bytes(copy, request->body, request->body_size);
    for (size_t i = 0; i < request->n_headers; i++) {
        const HttpHeader *header = &request->headers[i];

        if (strcasecmp(header->name, "Content-Type") == 0)
            has_type = true;
        copy_header(copy, transfer, header->name, header->value[0] != '\0' ? ": " : ";",
                    header->value);
    }
    /* What libcurl would add by itself, and nobody asked for. */
    copy_header(copy, transfer, "Expect", ":", "");
    if (!has_type)
        copy_header(copy, transfer, "Content-Type", ":", "");
}

static bool has_line_break(const HttpRequest *request)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strpbrk(request->headers[i].name, "\r\n:;") ||
            strpbrk(request->headers[i].value, "\r\n"))
            return true;
    return false;
}

int http_transfer_new(const HttpRequest *request, HttpTransfer **ret)
{
    CLEANUP(http_transfer_freep) HttpTransfer *transfer = NULL;
    Copy copy = {0};

    if (has_line_break(request))
        return -EINVAL;
    transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        return -ENOMEM;
    copy_request(&copy, transfer, request);
    transfer->copy = malloc(copy.size);
    if (!transfer->copy)
        return -ENOMEM;
    transfer->copy_size = copy.size;
    transfer->headers = transfer->copy;
    copy.memory = transfer->copy;
    copy_request(&copy, transfer, request);
    assert(copy.size == transfer->copy_size);

    transfer->body_size = request->body_size;
    transfer->connect_timeout_usec = request->connect_timeout_usec;
    transfer->timeout_usec = request->timeout_usec;
    transfer->yields = request->yields;
    *ret = TAKE(transfer);
    return 0;
}

char *http_transfer_url_part(const HttpTransfer *transfer, CURLUPart part)
{
    CURLU *parsed = curl_url();
    char *text = NULL;

    if (parsed && curl_url_set(parsed, CURLUPART_URL, transfer->url, 0) == CURLUE_OK)
        (void)curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT);
    curl_url_cleanup(parsed);
    return text;
}

/* ---- what libcurl asks of us while it works on a transfer ---- */

static size_t on_header(char *line, size_t one, size_t size, void *userdata)
{
    HttpTransfer *transfer = userdata;
    int r = http_answer_add_line(&transfer->answer, line, one * size);

    transfer->local_error = -r;
    return r < 0 ? 0 : one * size;
}

static size_t on_body(char *data, size_t one, size_t size, void *userdata)
{
    HttpTransfer *transfer = userdata;
    int r = http_answer_add_body(&transfer->answer, data, one * size);

    transfer->local_error = -r;
    return r < 0 ? 0 : one * size;
}

/* libcurl sends a request again by itself when a kept connection breaks before the answer. That
 * would be an attempt that is not counted and not held to the caller's rate. So there is no other
 * connection for a body once it is sent. */
static bool refuse_to_repeat(HttpTransfer *transfer)
{
    transfer->sent_in_vain = transfer->body_sent > 0;
    return transfer->sent_in_vain;
}

/* A connection that is kept needs no certificates any more. */
static bool read_ca_bundle(HttpTransfer *transfer)
{
    int r = 0;

    free(TAKE(transfer->ca_fault)); /* of another address of the host */
    X509_STORE_free(TAKE(transfer->trusted));
    if (transfer->ca_bundle)
        r = trust_get(transfer->trust, transfer->ca_bundle, &transfer->trusted,
                      &transfer->ca_fault);
    if (r < 0 && !transfer->ca_fault)
        transfer->local_error = ENOMEM;
    return r >= 0;
}

static curl_socket_t on_open_socket(void *userdata, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    HttpTransfer *transfer = userdata;
    int fd;

    (void)purpose;
    if (refuse_to_repeat(transfer) || !read_ca_bundle(transfer))
        return CURL_SOCKET_BAD;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        transfer->local_error = errno;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* ---- the handle's options ---- */

/* By the variables that libcurl would look at itself, in its order. 1, 0 or -ENOMEM. */
static int is_excepted_from_proxy(const HttpTransfer *transfer)
{
    const char *list = aws_environment_get("no_proxy");
    char *host, *port;
    int r;

    if (!list)
        list = aws_environment_get("NO_PROXY");
    if (!list)
        return 0;
    host = http_transfer_url_part(transfer, CURLUPART_HOST);
    port = http_transfer_url_part(transfer, CURLUPART_PORT);
    r = host && port ? no_proxy_excepts(list, host, port) : -ENOMEM;
    curl_free(port);
    curl_free(host);
    return r;
}

/* Plain HTTP is for loopback and link-local hosts, where no proxy could reach. */
static CURLcode choose_proxy(HttpTransfer *transfer, const HttpProxy *proxy)
{
    int excepted;

    transfer->proxy = NULL;
    if ((!proxy->url && !proxy->fault) || strncasecmp(transfer->url, "http:", strlen("http:")) == 0)
        return CURLE_OK;
    excepted = is_excepted_from_proxy(transfer);
    if (excepted < 0)
        return CURLE_OUT_OF_MEMORY;
    if (!excepted)
        transfer->proxy = proxy;
    return transfer->proxy && proxy->fault ? CURLE_COULDNT_RESOLVE_PROXY : CURLE_OK;
}

static CURLcode restrict_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

static long to_msec(uint64_t usec)
{
    uint64_t msec = (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;

    return msec > INT32_MAX ? INT32_MAX : (long)msec;
}

void http_transfer_excuse(HttpTransfer *transfer, uint64_t pause_usec)
{
    assert(transfer->easy);
    transfer->excused_usec += pause_usec;
    (void)curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
                           to_msec(transfer->connect_timeout_usec + transfer->excused_usec));
}

bool http_transfer_is_connected(const HttpTransfer *transfer)
{
    curl_off_t usec = 0;

    return curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &usec) == CURLE_OK &&
           usec > 0;
}

uint64_t http_transfer_patience_usec(const HttpTransfer *transfer)
{
    if (transfer->connect_timeout_usec < transfer->timeout_usec &&
        !http_transfer_is_connected(transfer))
        return transfer->connect_timeout_usec;
    return transfer->timeout_usec;
}

bool http_transfer_is_overdue(HttpTransfer *transfer, uint64_t had_usec)
{
    bool is_over = had_usec >= transfer->timeout_usec;

    if (!is_over &&
        (had_usec < transfer->connect_timeout_usec || http_transfer_is_connected(transfer)))
        return false;
    snprintf(
        transfer->cause, sizeof(transfer->cause), "%s within %llu ms",
        http_transfer_is_connected(transfer) ? "no whole answer" : "not connected",
        (unsigned long long)(is_over ? transfer->timeout_usec : transfer->connect_timeout_usec) /
            USEC_PER_MSEC);
    return true;
}

static CURLcode first_failure(CURLcode one, CURLcode other)
{
    return one != CURLE_OK ? one : other;
}

#define SET(option, value) (code = first_failure(code, curl_easy_setopt(easy, option, value)))

static CURLcode set_policy(CURL *easy)
{
    CURLcode code = restrict_protocols(easy);

    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER_BYTES);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFETIME_SEC);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Else a transfer that is given up waits for a resolver that hangs. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return code;
}

#if LIBCURL_VERSION_NUM >= 0x075000

/* Comes before each request, over whatever connection. */
static int on_request(void *userdata, char *peer, char *local, int peer_port, int local_port)
{
    HttpTransfer *transfer = userdata;

    (void)peer, (void)local, (void)peer_port, (void)local_port;
    if (refuse_to_repeat(transfer))
        return CURL_PREREQFUNC_ABORT;
    transfer->body_sent = transfer->body_size;
    return CURL_PREREQFUNC_OK;
}

static CURLcode set_body(CURL *easy, HttpTransfer *transfer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_size);
    SET(CURLOPT_POSTFIELDS, transfer->body);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, transfer);
    return code;
}

#else /* libcurl asks for the body alone, and sends it behind the headers, apart */

static size_t on_send(char *buffer, size_t one, size_t size, void *userdata)
{
    HttpTransfer *transfer = userdata;
    size_t left = transfer->body_size - transfer->body_sent;
    size_t n = one * size < left ? one * size : left;

    assert(transfer->body_sent <= transfer->body_size);
    if (n > 0)
        memcpy(buffer, transfer->body + transfer->body_sent, n);
    transfer->body_sent += n;
    return n;
}

static int on_rewind(void *userdata, curl_off_t offset, int origin)
{
    HttpTransfer *transfer = userdata;

    (void)offset, (void)origin;
    transfer->sent_in_vain = true;
    return CURL_SEEKFUNC_FAIL;
}

static CURLcode set_body(CURL *easy, HttpTransfer *transfer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_size);
    SET(CURLOPT_READFUNCTION, on_send);
    SET(CURLOPT_READDATA, transfer);
    SET(CURLOPT_SEEKFUNCTION, on_rewind);
    SET(CURLOPT_SEEKDATA, transfer);
    return code;
}

#endif

static CURLcode set_request(CURL *easy, HttpTransfer *transfer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, transfer->url);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    /* Its share is what an address of several gets; the client judges by a clock of its own. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, to_msec(transfer->connect_timeout_usec));
    /* Both are always set: else libcurl reads the environment itself, ALL_PROXY included. */
    SET(CURLOPT_PROXY, transfer->proxy ? transfer->proxy->url : "");
    SET(CURLOPT_NOPROXY, "");
    if (strcmp(transfer->method, "GET") == 0)
        return code;

    SET(CURLOPT_POST, 1L);
    if (strcmp(transfer->method, "POST") != 0)
        SET(CURLOPT_CUSTOMREQUEST, transfer->method);
    return first_failure(code, set_body(easy, transfer));
}

static CURLcode set_callbacks(CURL *easy, HttpTransfer *transfer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->cause);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    return code;
}

CURLcode http_transfer_setup(HttpTransfer *transfer, const HttpProxy *proxy, Trust *trust,
                             CURL *easy)
{
    CURLcode code = set_policy(easy);

    assert(!transfer->easy && transfer->body_sent == 0);
    transfer->trust = trust;
    code = first_failure(code, choose_proxy(transfer, proxy));
    code = first_failure(code, set_request(easy, transfer));
    if (transfer->proxy && transfer->proxy->is_http)
        code = first_failure(code, http_tunnel_limit(easy, transfer));
    if (transfer->ca_bundle)
        code = first_failure(code, trust_setup(easy, transfer->ca_bundle, &transfer->trusted));
    return first_failure(code, set_callbacks(easy, transfer));
}
