/* SPDX-License-Identifier: Apache-2.0 */
/* The role of an ECS task, or of a pod by EKS Pod Identity: an agent on this host answers with it.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Container credential provider". */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/endpoint.h"
#include "daemon/base/environment.h"
#include "daemon/base/file.h"
#include "daemon/credentials/metadata.h"
#include "daemon/credentials/source.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

#define TIMEOUT_USEC (2 * USEC_PER_SEC)
#define MAX_ATTEMPTS 3U

typedef struct ContainerSource {
    AwsSource source;
    char *url;
    char *token; /* NULL: none is asked for */
    AwsMetadataCall call;
} ContainerSource;

/* The agents of ECS and EKS; the token and the answer are in the clear, so no other host will do
 * but this one itself. */
static bool is_agent(const char *url)
{
    static const uint8_t eks[16] = {[0] = 0xfd, [2] = 0x0e, [3] = 0xc2, [15] = 0x23};
    char host[INET6_ADDRSTRLEN];
    struct in6_addr address;
    bool bracketed;
    size_t length;

    if (strncasecmp(url, "http://", strlen("http://")) != 0)
        return false;
    url += strlen("http://");
    bracketed = *url == '[';
    url += bracketed;
    length = strcspn(url, bracketed ? "]" : ":/?");
    if (length >= sizeof(host))
        return false;
    snprintf(host, sizeof(host), "%.*s", (int)length, url);
    if (bracketed)
        return inet_pton(AF_INET6, host, &address) == 1 && memcmp(&address, eks, sizeof(eks)) == 0;
    return strcmp(host, "169.254.170.2") == 0 || strcmp(host, "169.254.170.23") == 0;
}

static int check_full_uri(const char *url, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;

    int r = aws_metadata_check_url(url, &sentence);
    if (r >= 0 && !is_agent(url)) {
        CLEANUP(freep) char *without_query = strndup(url, strcspn(url, "?"));
        r = without_query ? aws_endpoint_validate(without_query, &sentence) : -ENOMEM;
    }
    return r == -EINVAL ? explain(ret_error, r, FULL_URI ": %s", sentence) : r;
}

static int find_url(char **ret, char **ret_error)
{
    const char *relative = aws_environment_get_nonblank(RELATIVE_URI);
    const char *full = aws_environment_get_nonblank(FULL_URI);
    int r;

    if (relative) {
        if (*relative != '/' || !string_is_visible(relative, strlen(relative)))
            return explain(ret_error, -EINVAL, RELATIVE_URI " is not a path");
        return string_format(ret, "http://169.254.170.2%s", relative);
    }
    if (!full)
        return explain(ret_error, -EINVAL, "neither " RELATIVE_URI " nor " FULL_URI " is set");
    r = check_full_uri(full, ret_error);
    if (r < 0)
        return r;
    return string_copy(full, ret);
}

/* The line end that an editor leaves is not the token's. */
static void drop_line_end(char *text)
{
    size_t length = strlen(text);

    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[length - 1] = '\0';
}

static int check_token(const char *token, const char *where, char **ret_error)
{
    if (!*token)
        return explain(ret_error, -EINVAL, "%s is empty", where);
    if (strnlen(token, AWS_SECRET_MAX + 1) > AWS_SECRET_MAX)
        return explain(ret_error, -EINVAL, "%s holds more than %u characters", where,
                       AWS_SECRET_MAX);
    for (; *token; token++)
        if (*token < ' ' || *token == '\x7f')
            return explain(ret_error, -EINVAL,
                           "%s has a line end or another control character inside", where);
    return 0;
}

/* *ret NULL: there is none. */
static int find_token(char **ret, char **ret_error)
{
    const char *path = aws_environment_get_nonblank(TOKEN_FILE);
    CLEANUP(secret_freep) char *token = NULL;

    int r = path ? file_read_text(path, &token, ret_error)
                 : string_copy(aws_environment_get_nonblank(TOKEN), &token);
    if (r >= 0 && path)
        drop_line_end(token);
    if (r >= 0 && token)
        r = check_token(token, path ? path : TOKEN, ret_error);
    if (r < 0)
        return r;
    *ret = TAKE(token);
    return 0;
}

static void on_answer(const HttpResponse *response, void *userdata)
{
    ContainerSource *self = userdata;

    aws_metadata_end_source(&self->call, response, AWS_JSON_CONTAINER, &self->source);
}

/* The token may be in a file that is not there yet. */
static int container_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    (void)ret_key;
    return find_url(&((ContainerSource *)source)->url, ret_error);
}

static void container_start(AwsSource *source)
{
    ContainerSource *self = (ContainerSource *)source;
    char *sentence = NULL;

    if (find_token(&self->token, &sentence) < 0) {
        aws_source_fail_sentence(source, sentence);
        return;
    }
    source->secret = self->token;
    self->call = (AwsMetadataCall){
        .context = source->context->shared,
        .request = {.method = "GET",
                    .url = self->url,
                    .n_headers = self->token ? 2 : 1,
                    .connect_timeout_usec = TIMEOUT_USEC,
                    .timeout_usec = TIMEOUT_USEC,
                    .ca_bundle = source->context->ca_bundle},
        .headers = {{"Accept", "application/json"}, {"Authorization", self->token}},
        .max_attempts = MAX_ATTEMPTS,
        .done = on_answer,
        .userdata = self,
    };
    aws_metadata_start(&self->call);
}

static void container_free(AwsSource *source)
{
    ContainerSource *self = (ContainerSource *)source;

    aws_metadata_stop(&self->call);
    free(self->url);
    secret_free(self->token);
    free(self);
}

int aws_source_new_container(const AwsSourceContext *context, AwsSource **ret)
{
    static const AwsSourceType type = {container_check, container_start, container_free};

    return aws_source_new(sizeof(ContainerSource), &type, context, "container", NULL, ret);
}
