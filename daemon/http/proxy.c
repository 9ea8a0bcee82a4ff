/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/proxy.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/base/environment.h"

#define BLANKS " \t\r\n"
#define NOT_OF_A_HOST " !\"#$%&'()*+,/;<=>?@\\^`{|}"

static const struct {
    const char *scheme, *port;
} kinds[] = {{"http", "80"},      {"https", "443"},   {"socks4", "1080"},
             {"socks4a", "1080"}, {"socks5", "1080"}, {"socks5h", "1080"}};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A proxy's URL in pieces, all of them within one buffer, which is wiped. */
typedef struct Pieces {
    size_t kind;
    char *user, *password; /* still percent-encoded; NULL: none */
    char *host;            /* with ":port" where there is one */
} Pieces;

static const char *take_apart(char *text, Pieces *ret)
{
    char *rest = strstr(text, "://"), *end, *at;
    Pieces pieces = {0};

    if (*text == '"' || *text == '\'')
        return "it begins with a quotation mark";
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '\177')
            return "it holds a control character";
    if (rest) {
        *rest = '\0';
        while (pieces.kind < N_KINDS && strcasecmp(text, kinds[pieces.kind].scheme) != 0)
            pieces.kind++;
        if (pieces.kind == N_KINDS)
            return "what stands before \"://\" is not http, https, socks4, socks4a, socks5 or "
                   "socks5h";
        text = rest + strlen("://");
    }
    end = text + strcspn(text, "/?#");
    if (*end && strcmp(end, "/") != 0)
        return "more than a \"/\" follows its host; in a user name or password, '/' is written "
               "%2F, '?' %3F and '#' %23";
    *end = '\0';
    at = strrchr(text, '@');
    if (at) {
        *at = '\0';
        pieces.user = text;
        pieces.password = strchr(text, ':');
        if (pieces.password)
            *pieces.password++ = '\0';
        text = at + 1;
    }
    pieces.host = text;
    *ret = pieces;
    return NULL;
}

/* Sets user or password of the URL, percent-decoded and, for the URL, encoded again. */
static CURLUcode set_secret(CURLU *url, CURLUPart part, const char *encoded)
{
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    int length = 0;
    char *decoded;

    if (!encoded)
        return CURLUE_OK;
    decoded = curl_easy_unescape(NULL, encoded, 0, &length);
    if (!decoded)
        return code;
    code = memchr(decoded, '\0', (size_t)length)
               ? CURLUE_URLDECODE
               : curl_url_set(url, part, decoded, CURLU_URLENCODE);
    OPENSSL_cleanse(decoded, (size_t)length);
    curl_free(decoded);
    return code;
}

/* The host, and its port or the scheme's. */
static CURLUcode set_host(CURLU *url, const Pieces *pieces)
{
    CLEANUP(freep) char *bare = NULL;
    char *port = NULL;
    unsigned number;
    CURLUcode code;

    if (pieces->host[0] == '\0' || pieces->host[strcspn(pieces->host, NOT_OF_A_HOST)] != '\0')
        return CURLUE_MALFORMED_INPUT;
    if (string_format(&bare, "%s://%s", kinds[pieces->kind].scheme, pieces->host) < 0)
        return CURLUE_OUT_OF_MEMORY;
    code = curl_url_set(url, CURLUPART_URL, bare, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK)
        return code;
    code = curl_url_get(url, CURLUPART_PORT, &port, 0);
    if (code == CURLUE_NO_PORT)
        code = curl_url_set(url, CURLUPART_PORT, kinds[pieces->kind].port, 0);
    else if (code == CURLUE_OK && !string_to_number(port, 1, UINT16_MAX, &number))
        code = CURLUE_BAD_PORT_NUMBER; /* 0 */
    curl_free(port);
    return code;
}

static CURLUcode put_together(CURLU *url, const Pieces *pieces, HttpProxy *proxy)
{
    char *host = NULL, *port = NULL, *whole = NULL;
    CURLUcode code = set_host(url, pieces);

    if (code == CURLUE_OK)
        code = set_secret(url, CURLUPART_USER, pieces->user);
    if (code == CURLUE_OK)
        code = set_secret(url, CURLUPART_PASSWORD, pieces->password);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_PORT, &port, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_URL, &whole, 0);
    if (code == CURLUE_OK && (string_format(&proxy->name, "%s:%s", host, port) < 0 ||
                              string_copy(whole, &proxy->url) < 0))
        code = CURLUE_OUT_OF_MEMORY;
    if (whole)
        OPENSSL_cleanse(whole, strlen(whole));
    curl_free(whole);
    curl_free(port);
    curl_free(host);
    proxy->is_http = pieces->kind < 2;
    return code;
}

/* NULL: no fault. *ret_r is -ENOMEM where not even that could be found out. */
static const char *read_value(HttpProxy *proxy, char *text, int *ret_r)
{
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    Pieces pieces;
    const char *fault = take_apart(text, &pieces);
    CURLU *url = fault ? NULL : curl_url();

    if (fault)
        return fault;
    if (url)
        code = put_together(url, &pieces, proxy);
    curl_url_cleanup(url);
    switch (code) {
    case CURLUE_OK:
        return NULL;
    case CURLUE_OUT_OF_MEMORY:
        *ret_r = -ENOMEM;
        return NULL;
    case CURLUE_BAD_PORT_NUMBER:
        return "its port is not a number from 1 to 65535";
    case CURLUE_URLDECODE:
        return "its user name or password holds a NUL character (%00)";
    default:
        return "its host is neither a name nor an address";
    }
}

int http_proxy_read(HttpProxy *proxy, const char *variable, const char *value)
{
    size_t skip = strspn(value, BLANKS);
    size_t length = string_trim_end(value + skip, strlen(value + skip), BLANKS);
    char *text = strndup(value + skip, length);
    const char *fault;
    int r = 0;

    if (!text)
        return -ENOMEM;
    fault = read_value(proxy, text, &r);
    OPENSSL_cleanse(text, length);
    free(text);
    if (fault)
        r = string_format(&proxy->fault, "%s is not the URL of a proxy: %s", variable, fault);
    if (r < 0)
        http_proxy_clear(proxy);
    return r;
}

int http_proxy_read_environment(HttpProxy *proxy)
{
    static const char *const variables[] = {"https_proxy", "HTTPS_PROXY"}; /* libcurl's order */

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = aws_environment_get_nonblank(variables[i]);

        if (value)
            return http_proxy_read(proxy, variables[i], value);
    }
    return 0;
}

void http_proxy_clear(HttpProxy *proxy)
{
    if (proxy->url)
        OPENSSL_cleanse(proxy->url, strlen(proxy->url));
    free(proxy->url);
    free(proxy->name);
    free(proxy->fault);
    *proxy = (HttpProxy){0};
}
