/* SPDX-License-Identifier: Apache-2.0 */
/* What all sources of credentials have in common: how they begin and how they end. */
#include "daemon/credentials/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"

#define SENTENCE_MAX 4096U /* where it quotes an answer, that may be far longer */

int aws_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                   const char *name, const char *profile, AwsSource **ret)
{
    AwsSource *source = calloc(1, size);

    if (!source)
        return -ENOMEM;
    source->type = type;
    source->context = context;
    if (string_copy(name, &source->name) < 0 || string_copy(profile, &source->profile) < 0) {
        aws_source_free(source);
        return -ENOMEM;
    }
    *ret = source;
    return 0;
}

static int check(AwsSource *source, const char **ret_key, char **ret_error)
{
    *ret_key = NULL;
    return source->type->check ? source->type->check(source, ret_key, ret_error) : 0;
}

static int put_name_before(const AwsSource *source, const char *sentence, char **ret)
{
    return explain(ret, -EINVAL, "%s: %s", source->name, sentence);
}

int aws_source_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;

    int r = check(source, ret_key, &sentence);
    return r == -EINVAL ? put_name_before(source, sentence, ret_error) : r;
}

void aws_source_start(AwsSource *source, AwsSourceDone done, void *userdata)
{
    const char *key;
    char *sentence = NULL;

    assert(!source->done); /* started once */
    source->done = done;
    source->userdata = userdata;
    if (check(source, &key, &sentence) < 0)
        aws_source_fail_sentence(source, sentence);
    else
        source->type->start(source);
}

void aws_source_free(AwsSource *source)
{
    if (!source)
        return;
    free(TAKE(source->name));
    free(TAKE(source->profile));
    source->type->free(source);
}

/* Its owner may free the source from within done(): nothing of it may be touched afterwards. */
static void end(AwsSource *source, AwsCredentials *credentials, const CallError *error)
{
    assert(source->done && !source->ended); /* under way, and ends once */
    assert(!credentials != !error);
    source->ended = true;
    source->done(credentials, error, source->userdata);
}

void aws_source_succeed(AwsSource *source, AwsCredentials *credentials)
{
    end(source, credentials, NULL);
    aws_credentials_unref(credentials);
}

void aws_source_fail(AwsSource *source, const CallError *error)
{
    end(source, NULL, error);
}

/* What a command that fails prints may be its environment. */
static void mask(const AwsSource *source, CallError *error)
{
    static const char *const variables[] = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                            "AWS_SECURITY_TOKEN",
                                            "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

    call_error_mask(error, source->secret);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        call_error_mask(error, getenv(variables[i]));
}

void aws_source_fail_sentence(AwsSource *source, char *sentence)
{
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(freep) char *owned = sentence;
    CLEANUP(freep) char *whole = NULL;

    if (owned)
        owned[strnlen(owned, SENTENCE_MAX)] = '\0';
    if (!owned || put_name_before(source, owned, &whole) == -ENOMEM ||
        call_error_set(&error, CALL_ERROR_CREDENTIALS, whole, 0, NULL) < 0) {
        aws_source_fail(source, &call_error_no_memory);
        return;
    }
    mask(source, &error);
    aws_source_fail(source, &error);
}

static bool is_too_long(const char *key)
{
    return key && strnlen(key, AWS_SECRET_MAX + 1) > AWS_SECRET_MAX;
}

/* They go into headers. */
static bool fits_into_header(const char *key)
{
    return !key || string_is_visible(key, strlen(key));
}

int aws_source_check_keys(const char *access_key_id, const char *secret_access_key,
                          const char *session_token, char **ret_error)
{
    if (!access_key_id || !*access_key_id)
        return explain(ret_error, -EINVAL, "there is no access key id");
    if (!secret_access_key || !*secret_access_key)
        return explain(ret_error, -EINVAL, "an access key id without its secret access key");
    if (is_too_long(access_key_id) || is_too_long(secret_access_key) || is_too_long(session_token))
        return explain(ret_error, -EINVAL, "a key of more than %u characters", AWS_SECRET_MAX);
    if (!fits_into_header(access_key_id) || !fits_into_header(secret_access_key) ||
        !fits_into_header(session_token))
        return explain(ret_error, -EINVAL, "a key with white space or control characters inside");
    return 0;
}

void aws_source_end_with_keys(AwsSource *source, const char *access_key_id,
                              const char *secret_access_key, const char *session_token,
                              uint64_t expires_usec)
{
    AwsCredentials *credentials = NULL;
    char *sentence = NULL;

    if (aws_source_check_keys(access_key_id, secret_access_key, session_token, &sentence) < 0)
        aws_source_fail_sentence(source, sentence);
    else if (aws_credentials_new(access_key_id, secret_access_key,
                                 session_token && *session_token ? session_token : NULL,
                                 expires_usec, &credentials) < 0)
        aws_source_fail_sentence(source, NULL);
    else
        aws_source_succeed(source, credentials);
}
