/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/role.h"

#define SECRET_BYTES 30 /* 40 characters */
#define TOKEN_BYTES 270

/* Random bytes in base64: with all the characters that real ones have. */
static int make_random_text(size_t n_bytes, char *ret)
{
    unsigned char bytes[TOKEN_BYTES];

    if (RAND_bytes(bytes, (int)n_bytes) != 1)
        return -ENOMEM;
    EVP_EncodeBlock((unsigned char *)ret, bytes, (int)n_bytes);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return 0;
}

static uint64_t end_usec(const SimCall *call, double seconds)
{
    double wanted = call->sim->settings.session_seconds;
    double end_seconds =
        ceil((double)call->realtime_usec / (double)USEC_PER_SEC + (wanted != 0 ? wanted : seconds));

    return end_seconds > 0 ? (uint64_t)end_seconds * USEC_PER_SEC : 0;
}

int session_new(SimCall *call, const char *role_arn, double seconds, const Account **ret)
{
    char secret[SECRET_BYTES * 4 / 3 + 1], token[TOKEN_BYTES * 4 / 3 + 1];
    CLEANUP(freep) char *error = NULL;
    RoleArn arn;
    int r = role_arn_parse(role_arn, &arn, &error);
    Account session;

    if (r == 0)
        r = make_random_text(SECRET_BYTES, secret);
    if (r == 0)
        r = make_random_text(TOKEN_BYTES, token);
    if (r < 0)
        return r;
    session = (Account){
        .secret_key = secret,
        .session_token = token,
        .account_id = arn.account_id,
        .role_arn = (char *)role_arn,
        .expires_usec = end_usec(call, seconds),
    };
    r = accounts_add_session(call->sim->accounts, &session, ret);
    OPENSSL_cleanse(secret, sizeof(secret));
    return r;
}

const char *session_format_time(uint64_t realtime_usec, char buffer[static SESSION_TIME_SIZE])
{
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    struct tm time;

    gmtime_r(&seconds, &time);
    strftime(buffer, SESSION_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &time);
    return buffer;
}

int session_add(json_object *object, const Account *session, const char *token_name)
{
    char expiration[SESSION_TIME_SIZE];

    session_format_time(session->expires_usec, expiration);
    if (json_add_string(object, "AccessKeyId", session->access_key) < 0 ||
        json_add_string(object, "SecretAccessKey", session->secret_key) < 0 ||
        json_add_string(object, token_name, session->session_token) < 0 ||
        json_add_string(object, "Expiration", expiration) < 0)
        return -ENOMEM;
    return 0;
}
