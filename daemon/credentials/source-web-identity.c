/* SPDX-License-Identifier: Apache-2.0 */
/* A role for a web identity: its token is in a file, which whoever issues it renews. */
#include "daemon/credentials/source-sts.h"

#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "daemon/base/file.h"

/* White space at the end is not the token's. */
static int read_token(const char *path, char **ret, char **ret_error)
{
    CLEANUP(secret_freep) char *token = NULL;

    int r = file_read_text(path, &token, ret_error);
    if (r < 0)
        return r;
    size_t length = string_trim_end(token, strlen(token), " \t\r\n\v\f");
    token[length] = '\0';
    if (length == 0)
        return explain(ret_error, -EINVAL, "%s: holds no token", path);
    *ret = TAKE(token);
    return 0;
}

static void start(AwsSource *source)
{
    AwsStsSource *sts = (AwsStsSource *)source;
    CLEANUP(secret_freep) char *token = NULL;
    char *sentence = NULL;

    if (read_token(sts->token_file, &token, &sentence) < 0)
        aws_source_fail_sentence(source, sentence);
    else
        aws_sts_source_ask(sts, NULL, token);
}

int aws_source_new_web_identity(const AwsSourceContext *context, const char *name,
                                const AwsRole *role, AwsSource **ret)
{
    static const AwsSourceType type = {.start = start, .free = aws_sts_source_free};

    return aws_sts_source_new(sizeof(AwsStsSource), &type, context, name, role, ret);
}
