/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/chain.h"

#include <errno.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/utf8.h"
#include "daemon/base/environment.h"
#include "daemon/credentials/chain-role.h"

/* One look at one source. 1: taken, the chain is there; 0: passed over, and why says why; -EINVAL:
 * it cannot work, and why is the sentence; -EBADMSG: so with a file; -ENOMEM. */
typedef int AwsChainLook(const AwsChainQuery *query, AwsChain *ret, char **ret_why);

static const char *get(const AwsChainQuery *query, const char *key)
{
    return aws_chain_get(query->profiles, query->profile, key);
}

static int take(const AwsChainQuery *query, AwsSourceKind kind, AwsChain *ret)
{
    *ret = (AwsChain){.n = 1, .links = {{.kind = kind, .profile = query->profile}}};
    return 1;
}

static int pass_for_explicit(const AwsChainQuery *query, char **ret_why)
{
    return string_format(ret_why, "the target names profile %s, which comes before the environment",
                         query->profile);
}

static int look_environment(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (query->explicit)
        return pass_for_explicit(query, ret_why);
    if (!aws_environment_get_nonblank("AWS_ACCESS_KEY_ID"))
        return string_format(ret_why, "AWS_ACCESS_KEY_ID is not set");
    return take(query, AWS_SOURCE_ENVIRONMENT, ret);
}

/* From here on the files have a say, and what cannot be read of them might have been the answer. */
static int look_files(const AwsChainQuery *query, char **ret_why)
{
    const char *error = aws_profiles_error(query->profiles);

    return error ? explain(ret_why, -EBADMSG, "%s", error) : 0;
}

static int look_role(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    int r = look_files(query, ret_why);

    if (r < 0)
        return r;
    if (!get(query, "role_arn"))
        return string_format(ret_why, "profile %s has no role_arn", query->profile);
    if (get(query, "web_identity_token_file"))
        return string_format(ret_why,
                             "the role_arn of profile %s is for its web_identity_token_file",
                             query->profile);
    r = aws_chain_follow_roles(query->profiles, query->profile, ret, ret_why);
    return r < 0 ? r : 1;
}

static int look_web_identity(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    bool environment = !query->explicit;

    if (environment && aws_environment_get_nonblank("AWS_WEB_IDENTITY_TOKEN_FILE")) {
        if (!aws_environment_get_nonblank("AWS_ROLE_ARN") && !get(query, "role_arn"))
            return explain(ret_why, -EINVAL,
                           "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
        take(query, AWS_SOURCE_WEB_IDENTITY, ret);
        ret->links[0].environment = true;
        return 1;
    }
    if (get(query, "web_identity_token_file")) {
        bool role_of_environment = environment && aws_environment_get_nonblank("AWS_ROLE_ARN");
        if (!role_of_environment && !get(query, "role_arn"))
            return explain(ret_why, -EINVAL,
                           "profile %s has a web_identity_token_file, but no role_arn",
                           query->profile);
        take(query, AWS_SOURCE_WEB_IDENTITY, ret);
        ret->links[0].environment = environment;
        return 1;
    }
    return string_format(ret_why, "%sprofile %s has no web_identity_token_file",
                         environment ? "AWS_WEB_IDENTITY_TOKEN_FILE is not set, and " : "",
                         query->profile);
}

/* A key in config comes later in the order than one in a credentials file. */
static bool is_in_config(const AwsChainQuery *query)
{
    return aws_profiles_file(query->profiles, query->profile, "aws_access_key_id") ==
           aws_profiles_config_file(query->profiles);
}

static int look_credentials_file(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (!get(query, "aws_access_key_id") || is_in_config(query))
        return string_format(ret_why, "profile %s has no aws_access_key_id there", query->profile);
    return take(query, AWS_SOURCE_PROFILE, ret);
}

static int look_process(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (!get(query, "credential_process"))
        return string_format(ret_why, "profile %s has no credential_process", query->profile);
    return take(query, AWS_SOURCE_PROCESS, ret);
}

static int look_config_file(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (!get(query, "aws_access_key_id"))
        return string_format(ret_why, "profile %s has no aws_access_key_id there", query->profile);
    return take(query, AWS_SOURCE_PROFILE, ret);
}

static int look_browser(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    (void)ret;
    if (aws_chain_needs_browser(query->profiles, query->profile))
        return aws_chain_refuse_browser(query->profile, ret_why);
    return string_format(ret_why, "profile %s has no sso_* and no login_session", query->profile);
}

static int look_container(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (!aws_environment_get_nonblank("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") &&
        !aws_environment_get_nonblank("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        return string_format(ret_why, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    return take(query, AWS_SOURCE_CONTAINER, ret);
}

static int look_instance(const AwsChainQuery *query, AwsChain *ret, char **ret_why)
{
    if (aws_environment_disables_metadata())
        return string_format(ret_why, "AWS_EC2_METADATA_DISABLED is true");
    return take(query, AWS_SOURCE_INSTANCE, ret);
}

static const struct AwsChainRow {
    const char *source; /* for people */
    AwsChainLook *look;
} rows[] = {
    {"environment", look_environment},        {"role of the profile", look_role},
    {"web identity", look_web_identity},      {"shared credentials file", look_credentials_file},
    {"credential_process", look_process},     {"config file", look_config_file},
    {"sign-in at a browser", look_browser},   {"container", look_container},
    {"EC2 instance metadata", look_instance},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static int check_profile(const AwsChainQuery *query, char **ret_error)
{
    int r;

    if (!query->named || aws_profiles_has(query->profiles, query->profile))
        return 0;
    r = look_files(query, ret_error);
    return r < 0 ? r
                 : explain(ret_error, -EINVAL, "profile %s is in none of the shared files",
                           query->profile);
}

static int describe_web_identity(const AwsChainLink *link, char **ret)
{
    if (link->environment && aws_environment_get_nonblank("AWS_WEB_IDENTITY_TOKEN_FILE"))
        return string_format(ret, "web identity of the environment");
    return string_format(ret, "web identity of profile %s", link->profile);
}

static int describe_link(const AwsProfiles *profiles, const AwsChainLink *link, char **ret)
{
    switch (link->kind) {
    case AWS_SOURCE_ENVIRONMENT:
        return string_format(ret, "environment");
    case AWS_SOURCE_ASSUME_ROLE:
        return string_format(ret, "role %s of profile %s",
                             aws_profiles_get(profiles, link->profile, "role_arn"), link->profile);
    case AWS_SOURCE_WEB_IDENTITY:
        return describe_web_identity(link, ret);
    case AWS_SOURCE_PROFILE:
        return string_format(ret, "profile %s in %s", link->profile,
                             aws_profiles_file(profiles, link->profile, "aws_access_key_id"));
    case AWS_SOURCE_PROCESS:
        return string_format(ret, "credential_process of profile %s", link->profile);
    case AWS_SOURCE_CONTAINER:
        return string_format(ret, "container");
    case AWS_SOURCE_INSTANCE:
        break;
    }
    return string_format(ret, "EC2 instance metadata");
}

/* One line of UTF-8, whatever the names of files and the values of profiles are. */
static int describe(const AwsProfiles *profiles, const AwsChain *chain, char **ret)
{
    CLEANUP(freep) char *description = NULL;
    char *repaired;

    int r = describe_link(profiles, &chain->links[0], &description);
    if (r < 0)
        return r;
    repaired = utf8_repair_line(description);
    if (!repaired)
        return -ENOMEM;
    *ret = repaired;
    return 0;
}

int aws_chain_choose(const AwsChainQuery *query, AwsChain *ret, char **ret_description,
                     char **ret_error)
{
    AwsChain chain = {0};
    char *description = NULL;
    int r = check_profile(query, ret_error), taken = 0;

    if (r < 0)
        return r;
    for (size_t i = 0; taken == 0 && i < N_ROWS; i++) {
        CLEANUP(freep) char *why = NULL;
        taken = rows[i].look(query, &chain, &why);
        if (taken < 0) {
            if (taken != -ENOMEM)
                *ret_error = TAKE(why);
            return taken;
        }
    }
    if (taken > 0 && describe(query->profiles, &chain, &description) < 0)
        return -ENOMEM;
    *ret = chain;
    *ret_description = description;
    return 0;
}

int aws_chain_explain(const AwsChainQuery *query, AwsChainVisitor each, void *userdata)
{
    CLEANUP(freep) char *error = NULL;
    int taken = 0;

    int r = check_profile(query, &error);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        each("profile", false, error, userdata);
        return 0;
    }
    for (size_t i = 0; taken == 0 && i < N_ROWS; i++) {
        CLEANUP(freep) char *why = NULL;
        AwsChain chain;
        taken = rows[i].look(query, &chain, &why);
        if (taken == -ENOMEM || (taken > 0 && describe(query->profiles, &chain, &why) < 0))
            return -ENOMEM;
        each(rows[i].source, taken > 0, why, userdata);
    }
    return 0;
}
