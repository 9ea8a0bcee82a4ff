/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/tree.h"

#include <assert.h>
#include <errno.h>

#include "common/explain.h"
#include "daemon/base/environment.h"
#include "daemon/credentials/chain-role.h"

/* An environment variable, where the link has them come first, else the profile's key. */
static const char *get_either(const AwsSourceContext *context, const AwsChainLink *link,
                              const char *variable, const char *key)
{
    const char *value = link->environment ? aws_environment_get(variable) : NULL;

    return value ? value : aws_chain_get(context->profiles, link->profile, key);
}

static int copy_role(const char *arn, const char *session_name, const char *external_id,
                     AwsRole *ret)
{
    return string_copy(arn, &ret->arn) < 0 || string_copy(session_name, &ret->session_name) < 0 ||
                   string_copy(external_id, &ret->external_id) < 0
               ? -ENOMEM
               : 0;
}

static int make_web_identity(const AwsSourceContext *context, const AwsChainLink *link,
                             AwsSource **ret, char **ret_error)
{
    CLEANUP(aws_role_clear) AwsRole role = {0};
    CLEANUP(freep) char *name = NULL;

    int r =
        aws_chain_read_duration(context->profiles, link->profile, &role.duration_usec, ret_error);
    if (r >= 0)
        r = copy_role(get_either(context, link, "AWS_ROLE_ARN", "role_arn"),
                      get_either(context, link, "AWS_ROLE_SESSION_NAME", "role_session_name"), NULL,
                      &role);
    if (r >= 0)
        r = string_format(&name, "role %s for a web identity", role.arn);
    if (r < 0)
        return r;
    return aws_source_new_web_identity(
        context, name, &role,
        get_either(context, link, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"), ret);
}

/* inner is taken over, also on failure. */
static int make_role(const AwsSourceContext *context, const AwsChainLink *link, AwsSource *inner,
                     AwsSource **ret, char **ret_error)
{
    CLEANUP(aws_source_freep) AwsSource *owned = inner;
    CLEANUP(aws_role_clear) AwsRole role = {0};
    CLEANUP(freep) char *name = NULL;

    int r =
        aws_chain_read_duration(context->profiles, link->profile, &role.duration_usec, ret_error);
    if (r >= 0)
        r = copy_role(aws_chain_get(context->profiles, link->profile, "role_arn"),
                      aws_chain_get(context->profiles, link->profile, "role_session_name"),
                      aws_chain_get(context->profiles, link->profile, "external_id"), &role);
    if (r >= 0)
        r = string_format(&name, "role %s of profile %s", role.arn, link->profile);
    if (r < 0)
        return r;
    return aws_source_new_role(context, name, &role, TAKE(owned), ret);
}

/* inner: what a role is assumed with; NULL with all others. */
static int make_source(const AwsSourceContext *context, const AwsChainLink *link, AwsSource *inner,
                       AwsSource **ret, char **ret_error)
{
    switch (link->kind) {
    case AWS_SOURCE_ENVIRONMENT:
        return aws_source_new_environment(context, ret);
    case AWS_SOURCE_ASSUME_ROLE:
        return make_role(context, link, inner, ret, ret_error);
    case AWS_SOURCE_WEB_IDENTITY:
        return make_web_identity(context, link, ret, ret_error);
    case AWS_SOURCE_PROFILE:
        return aws_source_new_profile(context, link->profile, ret);
    case AWS_SOURCE_PROCESS:
        return aws_source_new_process(context, link->profile, ret);
    case AWS_SOURCE_CONTAINER:
        return aws_source_new_container(context, ret);
    case AWS_SOURCE_INSTANCE:
        break;
    }
    return aws_source_new_instance(context, link->profile, ret);
}

int aws_tree_check(const AwsProfiles *profiles, const AwsChain *chain, AwsTrouble *ret)
{
    const AwsSourceContext context = {.profiles = profiles};
    CLEANUP(aws_source_freep) AwsSource *source = NULL;
    const AwsChainLink *last = &chain->links[chain->n - 1];
    AwsTrouble trouble = {0};
    const char *key = NULL;

    int r = make_source(&context, last, NULL, &source, &trouble.sentence);
    if (r >= 0)
        r = aws_source_check(source, &key, &trouble.sentence);
    if (r < 0 && r != -EINVAL)
        return r;
    if (!key && chain->n > 1) /* a role of the profile says where its credentials come from */
        key = "credential_source";
    if (r < 0 && key) {
        trouble.file = aws_profiles_file(profiles, last->profile, key);
        trouble.line = aws_profiles_line(profiles, last->profile, key);
    }
    *ret = trouble;
    return 0;
}

/* From the inside out. */
static int make_chain(const AwsSourceContext *context, const AwsChain *chain, AwsSource **ret,
                      char **ret_error)
{
    AwsSource *source = NULL;

    assert(chain->n > 0);
    for (size_t i = chain->n; i-- > 0;) {
        AwsSource *inner = TAKE(source);
        int r = make_source(context, &chain->links[i], inner, &source, ret_error);
        if (r < 0)
            return r;
    }
    *ret = source;
    return 0;
}

int aws_tree_describe_role(const char *role_arn, char **description)
{
    CLEANUP(freep) char *base = TAKE(*description);

    return string_format(description, "role %s with those of %s", role_arn, base);
}

/* The role of the target's own section, on top of what the chain gives. */
static int add_target_role(const AwsRole *role, const AwsSourceContext *context, AwsSource **source,
                           char **description)
{
    CLEANUP(freep) char *name = NULL;
    AwsSource *inner;

    if (string_format(&name, "role-arn %s", role->arn) < 0 ||
        aws_tree_describe_role(role->arn, description) < 0)
        return -ENOMEM;
    inner = TAKE(*source);
    return aws_source_new_role(context, name, role, inner, source);
}

int aws_tree_build(const AwsChainQuery *query, const AwsRole *role, const AwsSourceContext *context,
                   AwsSource **ret, char **ret_description, char **ret_error)
{
    CLEANUP(aws_source_freep) AwsSource *source = NULL;
    CLEANUP(freep) char *description = NULL;
    AwsChain chain;

    int r = aws_chain_choose(query, &chain, &description, ret_error);
    if (r < 0)
        return r;
    if (chain.n == 0)
        return explain(ret_error, -ENOENT,
                       "there are none: neither the environment nor profile %s names any, and the "
                       "EC2 instance metadata service is turned off (AWS_EC2_METADATA_DISABLED)",
                       query->profile);
    r = make_chain(context, &chain, &source, ret_error);
    if (r >= 0 && role->arn)
        r = add_target_role(role, context, &source, &description);
    if (r < 0)
        return r;
    *ret = TAKE(source);
    *ret_description = TAKE(description);
    return 0;
}
