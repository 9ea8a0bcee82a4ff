#include "daemon/aws/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/memory.h"

/* Longer chains of roles than this are a mistake: each link is a call of STS at every refresh. */
#define ROLES_MAX 16U

static const char *get(const AwsProfiles *profiles, const char *profile, const char *key)
{
    const char *value = aws_profiles_get(profiles, profile, key);

    return value && *value ? value : NULL;
}

static bool environment_has(const char *variable)
{
    const char *value = getenv(variable);

    return value && value[strspn(value, " \t\r\n")];
}

static bool has_keys(const AwsProfiles *profiles, const char *profile)
{
    return get(profiles, profile, "aws_access_key_id") != NULL;
}

static bool needs_browser(const AwsProfiles *profiles, const char *profile)
{
    return get(profiles, profile, "sso_session") || get(profiles, profile, "sso_start_url") ||
           get(profiles, profile, "login_session");
}

static int refuse_browser(const char *profile, char **ret_error)
{
    return explain(
        ret_error, -EINVAL,
        "profile %s signs in with a person at a browser (sso_* or login_session), which a "
        "daemon cannot; name a profile with keys, a role or a credential_process",
        profile);
}

static int check_credential_source(const char *profile, const char *source, char **ret_error)
{
    static const char *const sources[] = {"Environment", "EcsContainer", "Ec2InstanceMetadata"};

    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
        if (strcmp(source, sources[i]) == 0)
            return 0;
    return explain(ret_error, -EINVAL,
                   "profile %s: credential_source is none of Environment, EcsContainer and "
                   "Ec2InstanceMetadata",
                   profile);
}

/* One role. *ret_source: the profile that it is assumed with, or NULL. */
static int check_role(const AwsProfiles *profiles, const char *profile, const char **ret_source,
                      char **ret_error)
{
    const char *source_profile = get(profiles, profile, "source_profile");
    const char *credential_source = get(profiles, profile, "credential_source");

    *ret_source = NULL;
    if (get(profiles, profile, "mfa_serial"))
        return explain(ret_error, -EINVAL,
                       "profile %s asks for a code of an MFA device (mfa_serial), which a daemon "
                       "cannot give; let its role be assumed without one",
                       profile);
    if (get(profiles, profile, "web_identity_token_file"))
        return 0;
    if (source_profile && credential_source)
        return explain(
            ret_error, -EINVAL,
            "profile %s has both source_profile and credential_source; its role_arn needs "
            "exactly one of them",
            profile);
    if (!source_profile && !credential_source)
        return explain(ret_error, -EINVAL,
                       "profile %s has neither source_profile nor credential_source; its role_arn "
                       "needs exactly one of them",
                       profile);
    *ret_source = source_profile;
    return credential_source ? check_credential_source(profile, credential_source, ret_error) : 0;
}

/* *ret_role: the source is a role itself, so the chain goes on. */
static int check_source(const AwsProfiles *profiles, const char *profile, const char *source,
                        bool *ret_role, char **ret_error)
{
    *ret_role = false;
    if (!aws_profiles_has(profiles, source))
        return explain(ret_error, -EINVAL,
                       "profile %s, the source_profile of %s, is in none of the shared files",
                       source, profile);
    if (has_keys(profiles, source))
        return 0;
    if (get(profiles, source, "role_arn")) {
        *ret_role = true;
        return 0;
    }
    if (get(profiles, source, "credential_process"))
        return 0;
    if (needs_browser(profiles, source))
        return refuse_browser(source, ret_error);
    return explain(ret_error, -EINVAL, "profile %s, the source_profile of %s, has no credentials",
                   source, profile);
}

static int refuse_cycle(const char *const *roles, size_t n, const char *again, char **ret_error)
{
    CLEANUP(freep) char *path = strdup(again);

    for (size_t i = n; path && i-- > 0;) {
        char *longer = NULL;
        if (explain(&longer, 0, "%s -> %s", roles[i], path) < 0)
            return -ENOMEM;
        free(path);
        path = longer;
    }
    if (!path)
        return -ENOMEM;
    return explain(ret_error, -EINVAL, "profiles take their roles in a cycle: %s", path);
}

static int check_roles(const AwsProfiles *profiles, const char *profile, char **ret_error)
{
    const char *roles[ROLES_MAX];
    bool role = true;

    for (size_t n = 0; role;) {
        const char *source;
        if (n == ROLES_MAX)
            return explain(ret_error, -EINVAL, "profile %s leads to a chain of more than %u roles",
                           roles[0], ROLES_MAX);
        roles[n++] = profile;
        int r = check_role(profiles, profile, &source, ret_error);
        if (r < 0 || !source)
            return r;
        r = check_source(profiles, profile, source, &role, ret_error);
        if (r < 0)
            return r;
        for (size_t i = 0; role && i < n; i++)
            if (strcmp(roles[i], source) == 0)
                return refuse_cycle(roles + i, n - i, source, ret_error);
        profile = source;
    }
    return 0;
}

static int choose(AwsSourceKind source, AwsSourceKind *ret)
{
    *ret = source;
    return 0;
}

/* The key is in a credentials file, which comes before credential_process; config comes after it.
 */
static bool in_credentials_file(const AwsProfiles *profiles, const char *profile)
{
    return has_keys(profiles, profile) &&
           aws_profiles_file(profiles, profile, "aws_access_key_id") !=
               aws_profiles_config_file(profiles);
}

static int choose_source(const AwsChainQuery *query, AwsSourceKind *ret, char **ret_error)
{
    const AwsProfiles *profiles = query->profiles;
    const char *profile = query->profile;
    bool environment = !query->explicit;

    if (query->named && !aws_profiles_has(profiles, profile))
        return explain(ret_error, -EINVAL, "profile %s is in none of the shared files", profile);
    if (environment && environment_has("AWS_ACCESS_KEY_ID"))
        return choose(AWS_SOURCE_ENVIRONMENT, ret);
    if (get(profiles, profile, "role_arn")) {
        int r = check_roles(profiles, profile, ret_error);
        if (r < 0)
            return r;
        return choose(get(profiles, profile, "web_identity_token_file") ? AWS_SOURCE_WEB_IDENTITY
                                                                        : AWS_SOURCE_ASSUME_ROLE,
                      ret);
    }
    if (environment && environment_has("AWS_WEB_IDENTITY_TOKEN_FILE"))
        return choose(AWS_SOURCE_WEB_IDENTITY, ret);
    if (in_credentials_file(profiles, profile))
        return choose(AWS_SOURCE_PROFILE, ret);
    if (get(profiles, profile, "credential_process"))
        return choose(AWS_SOURCE_PROCESS, ret);
    if (has_keys(profiles, profile))
        return choose(AWS_SOURCE_PROFILE, ret);
    if (needs_browser(profiles, profile))
        return refuse_browser(profile, ret_error);
    if (environment_has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
        environment_has("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        return choose(AWS_SOURCE_CONTAINER, ret);
    const char *disabled = getenv("AWS_EC2_METADATA_DISABLED");
    return choose(
        disabled && strcasecmp(disabled, "true") == 0 ? AWS_SOURCE_NONE : AWS_SOURCE_INSTANCE, ret);
}

static int describe(const AwsChainQuery *query, AwsSourceKind source, char **ret)
{
    const AwsProfiles *profiles = query->profiles;
    const char *profile = query->profile;

    switch (source) {
    case AWS_SOURCE_ENVIRONMENT:
        return explain(ret, 0, "environment");
    case AWS_SOURCE_ASSUME_ROLE:
        return explain(ret, 0, "role %s of profile %s",
                       aws_profiles_get(profiles, profile, "role_arn"), profile);
    case AWS_SOURCE_WEB_IDENTITY:
        if (get(profiles, profile, "role_arn"))
            return explain(ret, 0, "web identity of profile %s", profile);
        return explain(ret, 0, "web identity of the environment");
    case AWS_SOURCE_PROFILE:
        return explain(ret, 0, "profile %s in %s", profile,
                       aws_profiles_file(profiles, profile, "aws_access_key_id"));
    case AWS_SOURCE_PROCESS:
        return explain(ret, 0, "credential_process of profile %s", profile);
    case AWS_SOURCE_CONTAINER:
        return explain(ret, 0, "container");
    case AWS_SOURCE_INSTANCE:
        return explain(ret, 0, "EC2 instance metadata");
    case AWS_SOURCE_NONE:
    case N_AWS_SOURCES:
        break;
    }
    return 0;
}

int aws_chain_choose(const AwsChainQuery *query, AwsSourceKind *ret, char **ret_description,
                     char **ret_error)
{
    AwsSourceKind source = AWS_SOURCE_NONE;
    char *description = NULL;

    int r = choose_source(query, &source, ret_error);
    if (r >= 0)
        r = describe(query, source, &description);
    if (r < 0)
        return r;
    *ret = source;
    *ret_description = description;
    return 0;
}
