/* SPDX-License-Identifier: Apache-2.0 */
/* A role for a web identity: its token is in a file, which the issuer renews. */
#include "daemon/credentials/source-sts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "daemon/base/file.h"

typedef struct WebIdentitySource {
    AwsStsSource sts;
    char *token_file;
} WebIdentitySource;

/* White space at the end is not the token's. */
static int read_token(const char *path, char **ret, char **ret_error)
{
    CLEANUP(secret_freep) char *token = NULL;
    size_t length;

    int r = file_read_text(path, &token, ret_error);
    if (r < 0)
        return r;
    length = string_trim_end(token, strlen(token), " \t\r\n\v\f");
    token[length] = '\0';
    if (length == 0)
        return explain(ret_error, -EINVAL, "%s: holds no token", path);
    if (length > AWS_SECRET_MAX)
        return explain(ret_error, -EINVAL,
                       "%s: holds more than the %u characters of a token that STS takes", path,
                       AWS_SECRET_MAX);
    *ret = TAKE(token);
    return 0;
}

static void start(AwsSource *source)
{
    WebIdentitySource *self = (WebIdentitySource *)source;
    char *token = NULL, *sentence = NULL;

    if (read_token(self->token_file, &token, &sentence) < 0)
        aws_source_fail_sentence(source, sentence);
    else
        aws_sts_source_ask(&self->sts, NULL, token);
}

static void free_web_identity(AwsSource *source)
{
    free(((WebIdentitySource *)source)->token_file);
    aws_sts_source_free(source);
}

int aws_source_new_web_identity(const AwsSourceContext *context, const char *name,
                                const AwsRole *role, const char *token_file, AwsSource **ret)
{
    static const AwsSourceType type = {.start = start, .free = free_web_identity};
    CLEANUP(aws_source_freep) AwsSource *source = NULL;

    int r = aws_sts_source_new(sizeof(WebIdentitySource), &type, context, name, role, &source);
    if (r >= 0)
        r = string_copy(token_file, &((WebIdentitySource *)source)->token_file);
    if (r < 0)
        return r;
    *ret = TAKE(source);
    return 0;
}
