/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/sigv4.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/sha256.h"
#include "daemon/base/secret-text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LENGTH 8 /* of the time's "20150830T123600Z" */

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_encoded(SecretText *text, const char *from, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)from[i];
        if (is_unreserved(from[i]))
            secret_text_add_char(text, from[i]);
        else
            secret_text_append(text, (char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
    }
}

/* The path without empty and dot segments, each segment encoded; the same way as botocore. */
static void add_path(SecretText *text, const char *path)
{
    size_t start = text->size, length;

    for (const char *at = path; *at;) {
        at += strspn(at, "/");
        length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0) {
            while (text->size > start && text->data[--text->size] != '/')
                ;
        } else if (length > 0 && !(length == 1 && *at == '.')) {
            secret_text_add_char(text, '/');
            add_encoded(text, at, length);
        }
        at += length;
    }
    length = strlen(path);
    if (text->size == start || path[length - 1] == '/')
        secret_text_add_char(text, '/');
}

typedef struct Parameter {
    SecretText name, value;
} Parameter;

static int compare_parameters(const void *a, const void *b)
{
    const Parameter *left = a, *right = b;
    int order = strcmp(left->name.data, right->name.data);

    return order != 0 ? order : strcmp(left->value.data, right->value.data);
}

static int hex_digit(char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = character ? strchr(digits, lower(character)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* What is encoded already is not encoded twice: decode, then encode. */
static void add_recoded(SecretText *text, const char *from, size_t size)
{
    secret_text_append(text, "", 0); /* never NULL, also for an empty value */
    for (size_t i = 0; i < size; i++) {
        char byte = from[i];
        int high, low;
        if (byte == '%' && size - i > 2 && (high = hex_digit(from[i + 1])) >= 0 &&
            (low = hex_digit(from[i + 2])) >= 0) {
            byte = (char)(high << 4 | low);
            i += 2;
        }
        add_encoded(text, &byte, 1);
    }
}

static void read_parameter(const char *from, size_t length, Parameter *ret)
{
    const char *equals = memchr(from, '=', length);
    size_t name_length = equals ? (size_t)(equals - from) : length;

    add_recoded(&ret->name, from, name_length);
    add_recoded(&ret->value, equals ? equals + 1 : "", equals ? length - name_length - 1 : 0);
}

static void add_query(SecretText *text, const char *query)
{
    size_t n = 0, n_max = 1;
    Parameter *parameters;

    for (const char *at = query; *at; at++)
        n_max += *at == '&';
    parameters = calloc(n_max, sizeof(*parameters));
    if (!parameters) {
        text->failed = true;
        return;
    }

    for (const char *at = query + strspn(query, "&"); *at; at += strspn(at, "&")) {
        size_t length = strcspn(at, "&");

        read_parameter(at, length, &parameters[n]);
        text->failed |= parameters[n].name.failed || parameters[n].value.failed;
        at += length;
        n++;
    }

    if (!text->failed)
        qsort(parameters, n, sizeof(*parameters), compare_parameters);
    for (size_t i = 0; i < n && !text->failed; i++) {
        if (i > 0)
            secret_text_add_char(text, '&');
        secret_text_append(text, parameters[i].name.data, parameters[i].name.size);
        secret_text_add_char(text, '=');
        secret_text_append(text, parameters[i].value.data, parameters[i].value.size);
    }
    for (size_t i = 0; i < n; i++) {
        secret_text_clear(&parameters[i].name);
        secret_text_clear(&parameters[i].value);
    }
    free(parameters);
}

/* By name; headers of one name stay in the order they were given in. */
static int compare_headers(const void *a, const void *b)
{
    const HttpHeader *const *left = a, *const *right = b;
    int order = strcasecmp((*left)->name, (*right)->name);

    return order != 0 ? order : (*left > *right) - (*left < *right);
}

static const HttpHeader **sort_headers(const HttpHeader *headers, size_t n)
{
    const HttpHeader **sorted = calloc(n + 1, sizeof(*sorted));

    if (!sorted)
        return NULL;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &headers[i];
    qsort(sorted, n, sizeof(*sorted), compare_headers);
    return sorted;
}

static bool same_name(const HttpHeader *const *sorted, size_t i)
{
    return i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0;
}

static void add_name(SecretText *text, const char *name)
{
    size_t start = text->size;

    secret_text_add(text, name);
    for (size_t i = start; i < text->size; i++)
        text->data[i] = lower(text->data[i]);
}

static void add_signed_names(SecretText *text, const HttpHeader *const *sorted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!same_name(sorted, i)) {
            if (i > 0)
                secret_text_add_char(text, ';');
            add_name(text, sorted[i]->name);
        }
}

/* Trimmed, each run of white space (of a folded line, too) as one space. */
static void add_value(SecretText *text, const char *value)
{
    static const char blanks[] = " \t\r\n";

    value += strspn(value, blanks);
    while (*value) {
        size_t length = strcspn(value, blanks);
        secret_text_append(text, value, length);
        value += length;
        value += strspn(value, blanks);
        if (*value)
            secret_text_add_char(text, ' ');
    }
}

static void add_headers(SecretText *text, const HttpHeader *const *sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (same_name(sorted, i)) {
            secret_text_add_char(text, ',');
        } else {
            if (i > 0)
                secret_text_add_char(text, '\n');
            add_name(text, sorted[i]->name);
            secret_text_add_char(text, ':');
        }
        add_value(text, sorted[i]->value);
    }
    if (n > 0)
        secret_text_add_char(text, '\n');
}

int sigv4_canonical_request(const char *method, const char *path, const char *query,
                            const HttpHeader *headers, size_t n_headers, const void *body,
                            size_t body_size, char **ret)
{
    CLEANUP(freep) const HttpHeader **sorted = sort_headers(headers, n_headers);
    CLEANUP(secret_text_clear) SecretText text = {0};
    char body_hash[SHA256_HEX_SIZE];
    int r;

    if (!sorted)
        return -ENOMEM;
    r = sha256_hex(body, body_size, body_hash);
    if (r < 0)
        return r;

    secret_text_add(&text, method);
    secret_text_add_char(&text, '\n');
    add_path(&text, path);
    secret_text_add_char(&text, '\n');
    add_query(&text, query ? query : "");
    secret_text_add_char(&text, '\n');
    add_headers(&text, sorted, n_headers);
    secret_text_add_char(&text, '\n');
    add_signed_names(&text, sorted, n_headers);
    secret_text_add_char(&text, '\n');
    secret_text_add(&text, body_hash);
    return secret_text_finish(&text, ret);
}

static void add_scope(SecretText *text, const SigV4Scope *scope)
{
    char time[TIME_BASIC_SIZE];

    secret_text_append(text, time_format_basic(scope->realtime_usec, time), DATE_LENGTH);
    secret_text_add_char(text, '/');
    secret_text_add(text, scope->region);
    secret_text_add_char(text, '/');
    secret_text_add(text, scope->service);
    secret_text_add(text, "/aws4_request");
}

int sigv4_string_to_sign(const SigV4Scope *scope, const char *canonical_request, char **ret)
{
    CLEANUP(secret_text_clear) SecretText text = {0};
    char time[TIME_BASIC_SIZE];
    char hash[SHA256_HEX_SIZE];
    int r;

    r = sha256_hex(canonical_request, strlen(canonical_request), hash);
    if (r < 0)
        return r;

    secret_text_add(&text, ALGORITHM "\n");
    secret_text_add(&text, time_format_basic(scope->realtime_usec, time));
    secret_text_add_char(&text, '\n');
    add_scope(&text, scope);
    secret_text_add_char(&text, '\n');
    secret_text_add(&text, hash);
    return secret_text_finish(&text, ret);
}

/* Derives the key of a day, region and service from the secret. */
static int derive_key(const SigV4Scope *scope, const char *time, const char *secret,
                      unsigned char ret[static SHA256_SIZE])
{
    CLEANUP(secret_text_clear) SecretText first = {0};
    unsigned char next[SHA256_SIZE];
    bool done;

    secret_text_add(&first, "AWS4");
    secret_text_add(&first, secret);
    if (first.failed)
        return -ENOMEM;
    done = sha256_hmac(first.data, first.size, time, DATE_LENGTH, ret) &&
           sha256_hmac(ret, SHA256_SIZE, scope->region, strlen(scope->region), next) &&
           sha256_hmac(next, SHA256_SIZE, scope->service, strlen(scope->service), ret) &&
           sha256_hmac(ret, SHA256_SIZE, "aws4_request", strlen("aws4_request"), next);
    memcpy(ret, next, SHA256_SIZE);
    OPENSSL_cleanse(next, sizeof(next));
    return done ? 0 : -EIO;
}

/* The same, kept with the credentials for the calls to come. */
static int prepare_key(const SigV4Scope *scope, AwsCredentials *credentials)
{
    AwsSigningKey *key = &credentials->signing_key;
    char time[TIME_BASIC_SIZE], name[sizeof(key->scope)];
    size_t length;
    int r;

    time_format_basic(scope->realtime_usec, time);
    length = (size_t)snprintf(name, sizeof(name), "%.*s/%s/%s", DATE_LENGTH, time, scope->region,
                              scope->service);
    if (length < sizeof(name) && strcmp(name, key->scope) == 0)
        return 0;
    key->scope[0] = '\0';
    r = derive_key(scope, time, credentials->secret_access_key, key->key);
    if (r == 0 && length < sizeof(name))
        memcpy(key->scope, name, length + 1);
    return r;
}

static int sign(const SigV4Scope *scope, AwsCredentials *credentials, const char *string_to_sign,
                char ret[static SHA256_HEX_SIZE])
{
    unsigned char signature[SHA256_SIZE];
    int r;

    r = prepare_key(scope, credentials);
    if (r < 0)
        return r;
    if (!sha256_hmac(credentials->signing_key.key, SHA256_SIZE, string_to_sign,
                     strlen(string_to_sign), signature))
        return -EIO;
    sha256_format(signature, ret);
    return 0;
}

int sigv4_authorization(const SigV4Scope *scope, AwsCredentials *credentials,
                        const HttpHeader *headers, size_t n_headers, const char *string_to_sign,
                        char **ret)
{
    CLEANUP(freep) const HttpHeader **sorted = sort_headers(headers, n_headers);
    CLEANUP(secret_text_clear) SecretText text = {0};
    char signature[SHA256_HEX_SIZE];
    int r;

    if (!sorted)
        return -ENOMEM;
    r = sign(scope, credentials, string_to_sign, signature);
    if (r < 0)
        return r;

    secret_text_add(&text, ALGORITHM " Credential=");
    secret_text_add(&text, credentials->access_key_id);
    secret_text_add_char(&text, '/');
    add_scope(&text, scope);
    secret_text_add(&text, ", SignedHeaders=");
    add_signed_names(&text, sorted, n_headers);
    secret_text_add(&text, ", Signature=");
    secret_text_add(&text, signature);
    return secret_text_finish(&text, ret);
}
