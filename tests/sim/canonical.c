/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/canonical.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <openssl/evp.h>

#include "common/memory.h"

/* evbuffer_add() fails for want of memory alone. */
static bool add(struct evbuffer *buffer, const char *text, size_t size)
{
    return evbuffer_add(buffer, text, size) == 0;
}

static bool add_text(struct evbuffer *buffer, const char *text)
{
    return add(buffer, text, strlen(text));
}

/* Services other than S3 encode the path, which is encoded already, once more. */
static bool add_path(struct evbuffer *buffer, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    while (*path) {
        size_t length = strspn(path, unreserved);
        if (!add(buffer, path, length))
            return false;
        path += length;
        if (*path) {
            const char escape[3] = {'%', digits[(unsigned char)*path >> 4], digits[*path & 15]};
            if (!add(buffer, escape, sizeof(escape)))
                return false;
            path++;
        }
    }
    return true;
}

static int compare_parameters(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Parameters come encoded; what is left is their order, and a '=' where a value is missing. */
static bool add_query(struct evbuffer *buffer, const char *query)
{
    char *parameters[64], *rest;
    size_t n_parameters = 0;
    CLEANUP(freep) char *copy = NULL;
    bool done;

    if (!query)
        return true;
    copy = strdup(query);
    if (!copy)
        return false;
    for (char *parameter = strtok_r(copy, "&", &rest); parameter && n_parameters < 64;
         parameter = strtok_r(NULL, "&", &rest))
        parameters[n_parameters++] = parameter;
    qsort(parameters, n_parameters, sizeof(*parameters), compare_parameters);

    done = true;
    for (size_t i = 0; i < n_parameters; i++)
        done = done && add(buffer, "&", i > 0) && add_text(buffer, parameters[i]) &&
               add(buffer, "=", !strchr(parameters[i], '='));
    return done;
}

/* Without white space around, runs of spaces inside as one. */
static bool add_value(struct evbuffer *buffer, const char *value)
{
    value += strspn(value, " \t");
    while (*value) {
        size_t length = strcspn(value, " \t");
        if (!add(buffer, value, length))
            return false;
        value += length;
        value += strspn(value, " \t");
        if (*value && !add(buffer, " ", 1))
            return false;
    }
    return true;
}

/* Headers of one name are joined in the order in which they came. */
static bool add_header(struct evbuffer *buffer, const struct evkeyvalq *headers, const char *name,
                       size_t length)
{
    const struct evkeyval *header;
    const char *separator = ":";

    if (!add(buffer, name, length))
        return false;
    TAILQ_FOREACH (header, headers, next) {
        if (strlen(header->key) != length || strncasecmp(header->key, name, length) != 0)
            continue;
        if (!add_text(buffer, separator) || !add_value(buffer, header->value))
            return false;
        separator = ",";
    }
    return add(buffer, ":", *separator == ':') && add_text(buffer, "\n");
}

int canonical_request(const SignedRequest *request, const char *signed_headers,
                      struct evbuffer *ret)
{
    char hash[65];
    size_t names_length = strlen(signed_headers) - 2;

    evbuffer_drain(ret, evbuffer_get_length(ret));
    if (!add_text(ret, request->method) || !add_text(ret, "\n") || !add_path(ret, request->path) ||
        !add_text(ret, "\n") || !add_query(ret, request->query) || !add_text(ret, "\n"))
        return -ENOMEM;
    for (const char *name = signed_headers + 1; *name; name += strcspn(name, ";") + 1)
        if (!add_header(ret, request->headers, name, strcspn(name, ";")))
            return -ENOMEM;
    if (!canonical_hash(request->body, request->body_size, hash) || !add_text(ret, "\n") ||
        !add(ret, signed_headers + 1, names_length) || !add_text(ret, "\n") || !add_text(ret, hash))
        return -ENOMEM;
    return 0;
}

bool canonical_hash(const void *data, size_t size, char ret[static 65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (!EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL))
        return false;
    canonical_hex(digest, ret);
    return true;
}

void canonical_hex(const unsigned char digest[static 32], char ret[static 65])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < 32; i++) {
        ret[2 * i] = digits[digest[i] >> 4];
        ret[2 * i + 1] = digits[digest[i] & 15];
    }
    ret[64] = '\0';
}
