/* SPDX-License-Identifier: Apache-2.0 */
/* The role of an EC2 instance, by the instance metadata service, version 2: a session token, then
 * the role's name, then its credentials. There is no way back to version 1, which any request that
 * this host can be made to send would open.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service"; AWS SDKs and Tools Reference
 * Guide, "IMDS credential provider". */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/environment.h"
#include "daemon/credentials/chain-role.h"
#include "daemon/credentials/metadata.h"

#define TOKEN_PATH "/latest/api/token"
#define ROLES_PATH "/latest/meta-data/iam/security-credentials/"

#define TOKEN_HEADER "x-aws-ec2-metadata-token"
#define TOKEN_TTL_HEADER "x-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN_TTL_SECONDS 21600
#define TEXT(number) TEXT_(number)
#define TEXT_(number) #number

#define ROLE_MAX 128U /* characters of its name; IAM's have 64 */

/* A token is not used up to its last moment. */
#define TOKEN_MARGIN_USEC USEC_PER_MINUTE

#define TIMEOUT_SECONDS 1U
#define TIMEOUT_SECONDS_MAX 600U
#define ATTEMPTS 3U /* an SDK makes one, because someone waits; a daemon has the time */
#define ATTEMPTS_MAX 100U

typedef struct InstanceSource {
    AwsSource source;
    char *endpoint; /* without a slash at its end */
    char *url;      /* of the request under way */
    char *token;    /* of the same, its own copy */
    char *role;     /* NULL: not known yet */
    bool renewed;   /* the token, because it was refused */
    AwsMetadataCall call;
} InstanceSource;

static void ask_next(InstanceSource *self);

/* ---- settings: the environment's, then the profile's ---- */

typedef struct Setting {
    const char *variable, *key;
} Setting;

/* *ret_where: which of the two it is; *ret_key: the same where it is the profile's. */
static const char *find_setting(const InstanceSource *self, const Setting *setting,
                                const char **ret_where, const char **ret_key)
{
    const char *value = aws_environment_get(setting->variable);

    *ret_where = value ? setting->variable : setting->key;
    *ret_key = value ? NULL : setting->key;
    if (value)
        return value;
    return aws_chain_get(self->source.context->profiles, self->source.profile, setting->key);
}

static int get_number(const InstanceSource *self, const Setting *setting, unsigned max,
                      unsigned default_value, unsigned *ret, const char **ret_key, char **ret_error)
{
    const char *where, *text = find_setting(self, setting, &where, ret_key);
    unsigned number = default_value;

    if (text && !string_to_number(text, 1, max, &number))
        return explain(ret_error, -EINVAL, "%s is not a number from 1 to %u", where, max);
    *ret = number;
    return 0;
}

static int find_endpoint(const InstanceSource *self, char **ret, const char **ret_key,
                         char **ret_error)
{
    static const Setting endpoint = {"AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                     "ec2_metadata_service_endpoint"};
    static const Setting mode = {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                 "ec2_metadata_service_endpoint_mode"};
    CLEANUP(freep) char *sentence = NULL;
    const char *where, *url = find_setting(self, &endpoint, &where, ret_key);

    if (url) {
        int r = aws_metadata_check_url(url, &sentence);
        if (r >= 0 && strchr(url, '?'))
            r = explain(&sentence, -EINVAL, "it has a query");
        if (r < 0)
            return r == -EINVAL ? explain(ret_error, r, "%s: %s", where, sentence) : r;
    } else {
        const char *name = find_setting(self, &mode, &where, ret_key);
        if (name && strcasecmp(name, "ipv6") == 0)
            url = "http://[fd00:ec2::254]";
        else if (!name || strcasecmp(name, "ipv4") == 0)
            url = "http://169.254.169.254";
        else
            return explain(ret_error, -EINVAL, "%s is neither IPv4 nor IPv6", where);
    }
    return string_format(ret, "%.*s", (int)string_trim_end(url, strlen(url), "/"), url);
}

static int instance_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    static const Setting timeout = {"AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"};
    static const Setting attempts = {"AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                                     "metadata_service_num_attempts"};
    InstanceSource *self = (InstanceSource *)source;
    unsigned timeout_seconds = 0;
    int r;

    if (aws_environment_disables_metadata())
        return explain(ret_error, -EINVAL, "AWS_EC2_METADATA_DISABLED is true");
    if ((r = find_endpoint(self, &self->endpoint, ret_key, ret_error)) < 0 ||
        (r = get_number(self, &timeout, TIMEOUT_SECONDS_MAX, TIMEOUT_SECONDS, &timeout_seconds,
                        ret_key, ret_error)) < 0 ||
        (r = get_number(self, &attempts, ATTEMPTS_MAX, ATTEMPTS, &self->call.max_attempts, ret_key,
                        ret_error)) < 0)
        return r;
    self->call.request.timeout_usec = timeout_seconds * USEC_PER_SEC;
    self->call.request.connect_timeout_usec = timeout_seconds * USEC_PER_SEC;
    return 0;
}

/* ---- requests ---- */

static void fail(InstanceSource *self, const char *cause, const HttpResponse *response)
{
    CLEANUP(freep) char *what = aws_metadata_explain(&self->call, response);
    char *sentence = NULL;

    if (what)
        (void)string_format(&sentence, "%s%s%s", what, cause ? "; " : "", cause ? cause : "");
    aws_source_fail_sentence(&self->source, sentence);
}

static void ask(InstanceSource *self, const char *method, const char *path, const char *name,
                HttpHeader header, HttpCallback done)
{
    free(TAKE(self->url));
    if (string_format(&self->url, "%s%s%s", self->endpoint, path, name) < 0) {
        aws_source_fail_sentence(&self->source, NULL);
        return;
    }
    self->source.secret = self->token;
    self->call.context = self->source.context->shared;
    self->call.request.method = method;
    self->call.request.url = self->url;
    self->call.request.ca_bundle = self->source.context->ca_bundle;
    self->call.request.n_headers = 1;
    self->call.headers[0] = header;
    self->call.done = done;
    self->call.userdata = self;
    aws_metadata_start(&self->call);
}

/* The body as one word of text: NULL where it is none. */
static char *copy_word(const HttpResponse *response)
{
    size_t size = string_trim_end(response->body, response->body_size, " \t\r\n");

    return size > 0 && size <= AWS_SECRET_MAX && string_is_visible(response->body, size)
               ? strndup(response->body, size)
               : NULL;
}

/* The first of the names, each on a line of its own; NULL: it is not that of a role in IAM. */
static char *copy_role(const HttpResponse *response)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "_+=,.@-";
    const char *end =
        response->body_size > 0 ? memchr(response->body, '\n', response->body_size) : NULL;
    size_t size = end ? (size_t)(end - response->body) : response->body_size;

    size = string_trim_end(response->body, size, " \t\r");
    if (size == 0 || size > ROLE_MAX || memchr(response->body, '\0', size))
        return NULL;
    for (size_t i = 0; i < size; i++)
        if (!strchr(allowed, response->body[i]))
            return NULL;
    return strndup(response->body, size);
}

/* ---- answers ---- */

static void keep_token(AwsInstanceToken *token, char *text, const HttpResponse *response,
                       uint64_t now_usec)
{
    const char *ttl = http_response_header(response, TOKEN_TTL_HEADER);
    unsigned long seconds = ttl ? strtoul(ttl, NULL, 10) : TOKEN_TTL_SECONDS;

    if (seconds > TOKEN_TTL_SECONDS)
        seconds = TOKEN_TTL_SECONDS;
    secret_free(token->text);
    token->text = text;
    token->expires_usec = now_usec + seconds * USEC_PER_SEC;
}

static void on_token(const HttpResponse *response, void *userdata)
{
    InstanceSource *self = userdata;
    const AwsSourceContext *context = self->source.context;

    if (response->failure != HTTP_OK) {
        fail(self,
             "is this an EC2 instance? trailstopd --check --explain shows what else was "
             "looked at",
             response);
    } else if (response->status == 403) {
        fail(self, "request forbidden: IMDS is disabled", response);
    } else if (response->status != 200) {
        fail(self, "it gives no token, as IMDSv2 would", response);
    } else {
        char *token = copy_word(response);
        if (!token) {
            fail(self, "but what it gives is not a token", response);
            return;
        }
        keep_token(context->instance_token, token, response,
                   timers_boottime_usec(context->shared->timers));
        self->token = strdup(token);
        if (self->token)
            ask_next(self);
        else
            aws_source_fail_sentence(&self->source, NULL);
    }
}

/* True: the token was refused, and another one is on its way. */
static bool renew_token(InstanceSource *self, const HttpResponse *response)
{
    if (response->failure != HTTP_OK || response->status != 401 || self->renewed)
        return false;
    self->renewed = true;
    secret_free(TAKE(self->token));
    secret_free(TAKE(self->source.context->instance_token->text));
    ask_next(self);
    return true;
}

static void on_role(const HttpResponse *response, void *userdata)
{
    InstanceSource *self = userdata;

    if (renew_token(self, response))
        return;
    if (response->failure == HTTP_OK && response->status == 404) {
        fail(self, "the instance has no IAM role", response);
        return;
    }
    if (response->failure != HTTP_OK || response->status != 200) {
        fail(self, NULL, response);
        return;
    }
    self->role = copy_role(response);
    if (!self->role)
        fail(self, "but what it gives is not the name of a role", response);
    else
        ask_next(self);
}

static void on_credentials(const HttpResponse *response, void *userdata)
{
    InstanceSource *self = userdata;

    if (!renew_token(self, response))
        aws_metadata_end_source(&self->call, response, AWS_JSON_INSTANCE, &self->source);
}

/* Asks for the first of token, role and credentials that is not there. */
static void ask_next(InstanceSource *self)
{
    if (!self->token)
        ask(self, "PUT", TOKEN_PATH, "", (HttpHeader){TOKEN_TTL_HEADER, TEXT(TOKEN_TTL_SECONDS)},
            on_token);
    else if (!self->role)
        ask(self, "GET", ROLES_PATH, "", (HttpHeader){TOKEN_HEADER, self->token}, on_role);
    else
        ask(self, "GET", ROLES_PATH, self->role, (HttpHeader){TOKEN_HEADER, self->token},
            on_credentials);
}

static void instance_start(AwsSource *source)
{
    InstanceSource *self = (InstanceSource *)source;
    const AwsInstanceToken *token = source->context->instance_token;

    if (token->text &&
        token->expires_usec >
            timers_boottime_usec(source->context->shared->timers) + TOKEN_MARGIN_USEC &&
        !(self->token = strdup(token->text)))
        aws_source_fail_sentence(source, NULL);
    else
        ask_next(self);
}

static void instance_free(AwsSource *source)
{
    InstanceSource *self = (InstanceSource *)source;

    aws_metadata_stop(&self->call);
    free(self->endpoint);
    free(self->url);
    free(self->role);
    secret_free(self->token);
    free(self);
}

int aws_source_new_instance(const AwsSourceContext *context, const char *profile, AwsSource **ret)
{
    static const AwsSourceType type = {instance_check, instance_start, instance_free};

    return aws_source_new(sizeof(InstanceSource), &type, context, "EC2 instance metadata", profile,
                          ret);
}
