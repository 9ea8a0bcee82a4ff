/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/time.h"
#include "tests/sim/canonical.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TIME_SIZE sizeof("20150830T123600Z")
#define SKEW_MAX_USEC (5 * USEC_PER_MINUTE)
#define HEX_SIZE (2 * SIGNING_KEY_SIZE + 1)

/* Copies what follows name= up to the next comma or blank. False: not there, empty, or too long. */
static bool read_parameter(const char *header, const char *name, char *ret, size_t size)
{
    size_t name_length = strlen(name);

    for (const char *at = header; *at; at += strcspn(at, ", "), at += strspn(at, ", ")) {
        size_t length;

        if (strncmp(at, name, name_length) != 0 || at[name_length] != '=')
            continue;
        at += name_length + 1;
        length = strcspn(at, ", ");
        if (length == 0 || length >= size)
            return false;
        memcpy(ret, at, length);
        ret[length] = '\0';
        return true;
    }
    return false;
}

static bool next_part(char **rest, char *ret, size_t size)
{
    const char *part = strsep(rest, "/");

    if (!part || !*part || strlen(part) >= size)
        return false;
    strcpy(ret, part);
    return true;
}

int claim_read(const struct evkeyvalq *headers, Claim *ret, Refusal *ret_refusal)
{
    char credential[512] = "";
    char *rest = credential;
    const char *header;
    char names[sizeof(ret->signed_headers) - 2];

    *ret = (Claim){0};
    header = evhttp_find_header(headers, "Authorization");
    if (!header)
        return refuse(ret_refusal, 400, "MissingAuthenticationTokenException",
                      "Missing Authentication Token");
    if (strncmp(header, ALGORITHM " ", sizeof(ALGORITHM)) != 0)
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      "Authorization header must begin with '" ALGORITHM "'.");
    header += sizeof(ALGORITHM);

    if (!read_parameter(header, "Credential", credential, sizeof(credential)))
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      "Authorization header requires 'Credential' parameter.");
    if (!next_part(&rest, ret->access_key, sizeof(ret->access_key)) ||
        !next_part(&rest, ret->date, sizeof(ret->date)) ||
        !next_part(&rest, ret->region, sizeof(ret->region)) ||
        !next_part(&rest, ret->service, sizeof(ret->service)) ||
        !next_part(&rest, ret->terminal, sizeof(ret->terminal)) || rest)
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      "Credential must have exactly 5 slash-delimited elements, e.g. "
                      "keyid/date/region/service/term, got '%s'",
                      ret->access_key);
    /* Between semicolons, so that a name is found by its neighbours. */
    if (!read_parameter(header, "SignedHeaders", names, sizeof(names)))
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      "Authorization header requires 'SignedHeaders' parameter.");
    snprintf(ret->signed_headers, sizeof(ret->signed_headers), ";%s;", names);
    if (!read_parameter(header, "Signature", ret->signature, sizeof(ret->signature)))
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      "Authorization header requires 'Signature' parameter.");
    return 0;
}

static const char *format_time(uint64_t realtime_usec, char buffer[static TIME_SIZE])
{
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    struct tm time;

    gmtime_r(&seconds, &time);
    strftime(buffer, TIME_SIZE, "%Y%m%dT%H%M%SZ", &time);
    return buffer;
}

static bool parse_time(const char *text, uint64_t *ret_usec)
{
    struct tm time = {0};

    const char *end = strptime(text, "%Y%m%dT%H%M%SZ", &time);
    if (!end || *end || strlen(text) != TIME_SIZE - 1)
        return false;
    *ret_usec = (uint64_t)timegm(&time) * USEC_PER_SEC;
    return true;
}

static int check_scope(const Verifier *verifier, const Claim *claim, const char *date,
                       Refusal *refusal)
{
    static const char code[] = "InvalidSignatureException";

    if (verifier->region && strcmp(claim->region, verifier->region) != 0)
        return refuse(refusal, 400, code,
                      "Credential should be scoped to a valid region, not '%s'.", claim->region);
    if (strcmp(claim->service, verifier->service) != 0)
        return refuse(refusal, 400, code, "Credential should be scoped to correct service: '%s'.",
                      verifier->service);
    if (strcmp(claim->terminal, "aws4_request") != 0)
        return refuse(refusal, 400, code,
                      "Credential should be scoped with a valid terminator: 'aws4_request', "
                      "not '%s'.",
                      claim->terminal);
    if (strlen(claim->date) != 8 || strncmp(claim->date, date, 8) != 0)
        return refuse(refusal, 400, code,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                      "date from HTTP: '%s' != '%.8s', from '%s'.",
                      claim->date, date, date);
    return 0;
}

static bool is_signed(const Claim *claim, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = claim->signed_headers + 1; *at; at += strcspn(at, ";") + 1)
        if (strncasecmp(at, name, length) == 0 && at[length] == ';')
            return true;
    return false;
}

/* Lower case, each once, in order: else no canonical request has them. */
static bool names_are_canonical(const char *names)
{
    const char *before = "";
    size_t before_length = 0;

    for (const char *name = names + 1; *name; name += strcspn(name, ";") + 1) {
        size_t length = strcspn(name, ";");
        int order = memcmp(before, name, length < before_length ? length : before_length);
        if (order > 0 || (order == 0 && length <= before_length))
            return false;
        for (size_t i = 0; i < length; i++)
            if (name[i] >= 'A' && name[i] <= 'Z')
                return false;
        before = name;
        before_length = length;
    }
    return true;
}

/* AWS asks that host, content-type and every x-amz- header that a request has be signed. */
static int check_signed_headers(const SignedRequest *request, const Claim *claim, Refusal *refusal)
{
    const struct evkeyval *header;
    const char *missing = is_signed(claim, "host") ? NULL : "Host";

    TAILQ_FOREACH (header, request->headers, next) {
        bool needed = strncasecmp(header->key, "x-amz-", 6) == 0 ||
                      strcasecmp(header->key, "content-type") == 0;
        if (needed && !is_signed(claim, header->key))
            missing = header->key;
    }
    if (!names_are_canonical(claim->signed_headers))
        return refuse(refusal, 400, "InvalidSignatureException",
                      "SignedHeaders must be in lower case and in order.");
    if (missing)
        return refuse(refusal, 400, "InvalidSignatureException",
                      "'%s' must be a 'SignedHeader' in the AWS Authorization.", missing);
    return 0;
}

static int check_account(const Verifier *verifier, const SignedRequest *request,
                         const Account *account, Refusal *refusal)
{
    const char *token = evhttp_find_header(request->headers, "X-Amz-Security-Token");
    const char *wanted = account ? account->session_token : NULL;

    if (!account || !token != !wanted || (token && strcmp(token, wanted) != 0))
        return refuse(refusal, 400, "UnrecognizedClientException",
                      "The security token included in the request is invalid.");
    if (verifier->realtime_usec >= account->expires_usec)
        return refuse(refusal, 400, "ExpiredTokenException",
                      "The security token included in the request is expired");
    return 0;
}

static int check_time(const Verifier *verifier, const char *date, uint64_t signed_usec,
                      Refusal *refusal)
{
    char now[TIME_SIZE], limit[TIME_SIZE];
    uint64_t now_usec = verifier->realtime_usec;

    format_time(now_usec, now);
    if (signed_usec + SKEW_MAX_USEC < now_usec)
        return refuse(refusal, 400, verifier->skew_error,
                      "Signature expired: %s is now earlier than %s (%s - 5 min.)", date,
                      format_time(now_usec - SKEW_MAX_USEC, limit), now);
    if (signed_usec > now_usec + SKEW_MAX_USEC)
        return refuse(refusal, 400, verifier->skew_error,
                      "Signature not yet current: %s is still later than %s (%s + 5 min.)", date,
                      format_time(now_usec + SKEW_MAX_USEC, limit), now);
    return 0;
}

static bool hmac(const void *key, size_t key_size, const char *text,
                 unsigned char ret[static SIGNING_KEY_SIZE])
{
    unsigned size = SIGNING_KEY_SIZE;

    return HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), ret,
                &size);
}

static bool prepare_signing_key(Account *account, const Claim *claim, const char *scope)
{
    char secret[512];
    unsigned char key[SIGNING_KEY_SIZE];
    int length;
    bool done;

    if (strcmp(account->signing_scope, scope) == 0)
        return true;
    length = snprintf(secret, sizeof(secret), "AWS4%s", account->secret_key);
    done = length < (int)sizeof(secret) && hmac(secret, (size_t)length, claim->date, key) &&
           hmac(key, sizeof(key), claim->region, key) &&
           hmac(key, sizeof(key), claim->service, key) &&
           hmac(key, sizeof(key), claim->terminal, key);
    if (done) {
        memcpy(account->signing_key, key, sizeof(key));
        snprintf(account->signing_scope, sizeof(account->signing_scope), "%s", scope);
    }
    OPENSSL_cleanse(secret, sizeof(secret));
    OPENSSL_cleanse(key, sizeof(key));
    return done;
}

static int check_signature(const Verifier *verifier, const SignedRequest *request,
                           const Claim *claim, const char *date, Account *account, Refusal *refusal)
{
    char scope[sizeof(account->signing_scope)], hash[HEX_SIZE], expected[HEX_SIZE];
    char string_to_sign[sizeof(scope) + 128];
    unsigned char mac[SIGNING_KEY_SIZE];
    int r = canonical_request(request, claim->signed_headers, verifier->canonical);
    size_t size;
    const char *canonical;

    if (r < 0)
        return r;
    size = evbuffer_get_length(verifier->canonical);
    canonical = (const char *)evbuffer_pullup(verifier->canonical, -1);
    if (!canonical || !canonical_hash(canonical, size, hash))
        return -ENOMEM;
    snprintf(scope, sizeof(scope), "%s/%s/%s/%s", claim->date, claim->region, claim->service,
             claim->terminal);
    snprintf(string_to_sign, sizeof(string_to_sign), ALGORITHM "\n%s\n%s\n%s", date, scope, hash);
    if (!prepare_signing_key(account, claim, scope) ||
        !hmac(account->signing_key, sizeof(account->signing_key), string_to_sign, mac))
        return -ENOMEM;
    canonical_hex(mac, expected);

    if (strlen(claim->signature) == HEX_SIZE - 1 &&
        CRYPTO_memcmp(claim->signature, expected, HEX_SIZE - 1) == 0)
        return 0;
    return refuse(refusal, 400, "InvalidSignatureException",
                  "The request signature we calculated does not match the signature you provided. "
                  "Check your AWS Secret Access Key and signing method. Consult the service "
                  "documentation for details.\n\nThe Canonical String for this request should have "
                  "been\n'%.*s'\n\nThe String-to-Sign should have been\n'%s'\n",
                  (int)size, canonical, string_to_sign);
}

int verify_request(const Verifier *verifier, const SignedRequest *request, const Claim *claim,
                   Accounts *accounts, Account **ret, Refusal *ret_refusal)
{
    uint64_t signed_usec;
    const char *date = evhttp_find_header(request->headers, "X-Amz-Date");
    Account *account;
    int r;

    if (!date || !parse_time(date, &signed_usec))
        return refuse(ret_refusal, 400, "IncompleteSignatureException",
                      date ? "Date must be in ISO-8601 'basic format'. Got '%s'."
                           : "Authorization header requires existence of either a 'X-Amz-Date' or "
                             "a 'Date' header.%s",
                      date ? date : "");
    account = accounts_find(accounts, claim->access_key);
    r = check_scope(verifier, claim, date, ret_refusal);
    if (r == 0)
        r = check_signed_headers(request, claim, ret_refusal);
    if (r == 0)
        r = check_account(verifier, request, account, ret_refusal);
    if (r == 0)
        r = check_time(verifier, date, signed_usec, ret_refusal);
    if (r == 0)
        r = check_signature(verifier, request, claim, date, account, ret_refusal);
    if (r == 0)
        *ret = account;
    return r;
}
