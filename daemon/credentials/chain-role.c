/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/chain-role.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"

/* What STS takes; how long this role's sessions may be is its own affair. */
#define DURATION_SECONDS_MIN 900U
#define DURATION_SECONDS_MAX 43200U

const char *aws_chain_get(const AwsProfiles *profiles, const char *profile, const char *key)
{
    const char *value = aws_profiles_get(profiles, profile, key);

    return value && *value ? value : NULL;
}

bool aws_chain_needs_browser(const AwsProfiles *profiles, const char *profile)
{
    static const char *const keys[] = {"sso_session", "sso_start_url", "sso_account_id",
                                       "sso_role_name", "login_session"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (aws_chain_get(profiles, profile, keys[i]))
            return true;
    return false;
}

int aws_chain_refuse_browser(const char *profile, char **ret_error)
{
    return explain(
        ret_error, -EINVAL,
        "profile %s signs in with a person at a browser (sso_* or login_session), which a "
        "daemon cannot; name a profile with keys, a role or a credential_process",
        profile);
}

int aws_chain_read_duration(const AwsProfiles *profiles, const char *profile, uint64_t *ret_usec,
                            char **ret_error)
{
    const char *text = aws_chain_get(profiles, profile, "duration_seconds");
    unsigned seconds = 0;

    if (text && !string_to_number(text, DURATION_SECONDS_MIN, DURATION_SECONDS_MAX, &seconds))
        return explain(ret_error, -EINVAL,
                       "duration_seconds of profile %s is not a number from %u to %u", profile,
                       DURATION_SECONDS_MIN, DURATION_SECONDS_MAX);
    *ret_usec = seconds * USEC_PER_SEC;
    return 0;
}

static void add_link(AwsChain *chain, AwsSourceKind kind, const char *profile)
{
    assert(chain->n < sizeof(chain->links) / sizeof(*chain->links));
    chain->links[chain->n++] = (AwsChainLink){.kind = kind, .profile = profile};
}

static int add_credential_source(AwsChain *chain, const char *profile, const char *source,
                                 char **ret_error)
{
    static const struct {
        const char *name;
        AwsSourceKind kind;
    } sources[] = {
        {"Environment", AWS_SOURCE_ENVIRONMENT},
        {"EcsContainer", AWS_SOURCE_CONTAINER},
        {"Ec2InstanceMetadata", AWS_SOURCE_INSTANCE},
    };

    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
        if (strcmp(source, sources[i].name) == 0) {
            add_link(chain, sources[i].kind, profile);
            return 0;
        }
    return explain(ret_error, -EINVAL,
                   "profile %s: credential_source is not one of Environment, EcsContainer and "
                   "Ec2InstanceMetadata",
                   profile);
}

static int check_role(const AwsProfiles *profiles, const char *profile, char **ret_error)
{
    bool source_profile = aws_chain_get(profiles, profile, "source_profile");
    bool credential_source = aws_chain_get(profiles, profile, "credential_source");
    uint64_t duration_usec;

    if (aws_chain_get(profiles, profile, "mfa_serial"))
        return explain(ret_error, -EINVAL,
                       "profile %s needs a code from an MFA device (mfa_serial), which a daemon "
                       "cannot enter; name a profile whose role can be assumed without one",
                       profile);
    if (source_profile == credential_source)
        return explain(
            ret_error, -EINVAL,
            "profile %s has %s source_profile %s credential_source; its role_arn needs exactly one "
            "of them",
            profile, source_profile ? "both" : "neither", source_profile ? "and" : "nor");
    return aws_chain_read_duration(profiles, profile, &duration_usec, ret_error);
}

static int refuse_cycle(const AwsChain *chain, size_t first, const char *again, char **ret_error)
{
    CLEANUP(freep) char *path = strdup(again);

    for (size_t i = chain->n; path && i-- > first;) {
        char *longer = NULL;
        if (string_format(&longer, "%s -> %s", chain->links[i].profile, path) < 0)
            return -ENOMEM;
        free(path);
        path = longer;
    }
    if (!path)
        return -ENOMEM;
    return explain(ret_error, -EINVAL, "profiles take their roles in a cycle: %s", path);
}

static int add_role(AwsChain *chain, const char *profile, char **ret_error)
{
    if (chain->n == AWS_CHAIN_ROLES_MAX)
        return explain(ret_error, -EINVAL, "profile %s leads to a chain of more than %u roles",
                       chain->links[0].profile, AWS_CHAIN_ROLES_MAX);
    add_link(chain, AWS_SOURCE_ASSUME_ROLE, profile);
    return 0;
}

/* A profile that is in the chain already may come again only as its own source, for its keys. */
static int check_cycle(const AwsChain *chain, const char *source, bool has_keys, char **ret_error)
{
    for (size_t i = 0; i < chain->n; i++)
        if (strcmp(chain->links[i].profile, source) == 0 && !(has_keys && i == chain->n - 1))
            return refuse_cycle(chain, i, source, ret_error);
    return 0;
}

/* The source_profile of a role: its keys come before a role of its own. *ret_role: it is a role, so
 * the chain goes on. */
static int add_source_profile(AwsChain *chain, const AwsProfiles *profiles, const char *profile,
                              const char *source, bool *ret_role, char **ret_error)
{
    bool has_keys = aws_chain_get(profiles, source, "aws_access_key_id");
    bool role = false;
    int r;

    if (!aws_profiles_has(profiles, source))
        return explain(ret_error, -EINVAL,
                       "profile %s, the source_profile of %s, is in none of the shared files",
                       source, profile);
    r = check_cycle(chain, source, has_keys, ret_error);
    if (r < 0)
        return r;
    if (has_keys) {
        add_link(chain, AWS_SOURCE_PROFILE, source);
    } else if (aws_chain_get(profiles, source, "web_identity_token_file")) {
        if (!aws_chain_get(profiles, source, "role_arn"))
            return explain(ret_error, -EINVAL,
                           "profile %s has a web_identity_token_file, but no role_arn", source);
        add_link(chain, AWS_SOURCE_WEB_IDENTITY, source);
    } else if (aws_chain_get(profiles, source, "role_arn")) {
        role = true;
    } else if (aws_chain_get(profiles, source, "credential_process")) {
        add_link(chain, AWS_SOURCE_PROCESS, source);
    } else if (aws_chain_needs_browser(profiles, source)) {
        return aws_chain_refuse_browser(source, ret_error);
    } else {
        return explain(ret_error, -EINVAL,
                       "profile %s, the source_profile of %s, has no credentials", source, profile);
    }
    *ret_role = role;
    return 0;
}

int aws_chain_follow_roles(const AwsProfiles *profiles, const char *profile, AwsChain *ret,
                           char **ret_error)
{
    AwsChain chain = {0};
    bool role = true;

    while (role) {
        const char *source;
        int r = add_role(&chain, profile, ret_error);
        if (r >= 0)
            r = check_role(profiles, profile, ret_error);
        if (r < 0)
            return r;
        source = aws_chain_get(profiles, profile, "source_profile");
        if (!source) {
            source = aws_chain_get(profiles, profile, "credential_source");
            r = add_credential_source(&chain, profile, source, ret_error);
            role = false;
        } else {
            r = add_source_profile(&chain, profiles, profile, source, &role, ret_error);
        }
        if (r < 0)
            return r;
        profile = source;
    }
    *ret = chain;
    return 0;
}
