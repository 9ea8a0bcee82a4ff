/* SPDX-License-Identifier: Apache-2.0 */
/* credential_process of a profile: a command of the user's prints credentials.
 *
 * Neither the command line nor what it prints is ever shown: both may hold secrets. What it says on
 * standard error when it fails is for people, and becomes the message, in which the secrets that it
 * printed or was given cannot be read.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider". */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/child.h"
#include "daemon/base/words.h"
#include "daemon/credentials/source-json.h"
#include "daemon/credentials/source.h"

#define TIMEOUT_SECONDS 60

typedef struct ProcessSource {
    AwsSource source;
    char **words; /* of the command */
    Child *child;
} ProcessSource;

/* Without the white space around it. */
static int describe_errors(const char *errors, char **ret)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t length;

    errors += strspn(errors, blanks);
    length = string_trim_end(errors, strlen(errors), blanks);
    return string_format(ret, "%s%.*s", length > 0 ? ": " : "", (int)length, errors);
}

static int explain_end(const ChildResult *result, char **ret)
{
    CLEANUP(freep) char *errors = NULL;

    if (describe_errors(result->errors, &errors) < 0)
        return -ENOMEM;
    switch (result->end) {
    case CHILD_TIMED_OUT:
        return string_format(ret, "it took longer than %d s%s", TIMEOUT_SECONDS, errors);
    case CHILD_TOO_LOUD:
        return string_format(ret, "it printed more than %u bytes", CHILD_OUTPUT_MAX);
    case CHILD_NOT_RUN:
        return string_format(ret, "its command cannot be run: %s", strerror(result->error));
    case CHILD_ENDED:
        break;
    }
    if (WIFSIGNALED(result->status)) {
        const char *name = sigabbrev_np(WTERMSIG(result->status)); /* real-time ones have none */
        return string_format(ret, "it was ended by signal %d%s%s%s", WTERMSIG(result->status),
                             name ? " SIG" : "", name ? name : "", errors);
    }
    return string_format(ret, "it failed with status %d%s", WEXITSTATUS(result->status), errors);
}

static void on_end(const ChildResult *result, void *userdata)
{
    ProcessSource *self = userdata;
    char *sentence = NULL;

    if (result->end == CHILD_ENDED && WIFEXITED(result->status) &&
        WEXITSTATUS(result->status) == 0) {
        aws_source_end_with_json(&self->source, AWS_JSON_PROCESS, "it", result->output,
                                 result->output_size);
        return;
    }
    if (explain_end(result, &sentence) >= 0)
        aws_json_mask_secrets(result->output, result->output_size, sentence);
    aws_source_fail_sentence(&self->source, sentence);
}

static int process_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    ProcessSource *self = (ProcessSource *)source;
    int r;

    const char *command =
        aws_profiles_get(source->context->profiles, source->profile, "credential_process");

    *ret_key = "credential_process";
    r = words_split(command ? command : "", &self->words);
    return r == -EINVAL
               ? explain(ret_error, r,
                         "it is empty, or has a quote that is left open or a backslash at its end")
               : r;
}

static void process_start(AwsSource *source)
{
    ProcessSource *self = (ProcessSource *)source;
    const AwsCredentialsContext *context = source->context->shared;
    char *sentence = NULL;

    int r = child_start(context->base, context->timers, self->words, TIMEOUT_SECONDS * USEC_PER_SEC,
                        on_end, self, &self->child);
    if (r < 0) {
        (void)explain(&sentence, r, "its command cannot be run: %s", strerror(-r));
        aws_source_fail_sentence(source, sentence);
    }
}

static void process_free(AwsSource *source)
{
    ProcessSource *self = (ProcessSource *)source;

    child_free(self->child);
    words_free(self->words);
    free(self);
}

int aws_source_new_process(const AwsSourceContext *context, const char *profile, AwsSource **ret)
{
    static const AwsSourceType type = {process_check, process_start, process_free};
    CLEANUP(freep) char *name = NULL;

    if (string_format(&name, "credential_process of profile %s", profile) < 0)
        return -ENOMEM;
    return aws_source_new(sizeof(ProcessSource), &type, context, name, profile, ret);
}
