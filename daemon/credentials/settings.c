/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/endpoint.h"
#include "daemon/base/environment.h"
#include "daemon/credentials/chain-role.h"

#define BLANKS " \t\r\n"

/* While the settings of a section are put together. */
typedef struct Resolver {
    const AwsSection *section;
    const AwsPurpose *purpose;
    const AwsProfiles *profiles;
    Trust *trust;
    AwsSettings *settings;
    const char *option; /* of the section, that what is being resolved begins with */
    char **ret_error;
} Resolver;

static const char *from_profile(const Resolver *resolver, const char *key)
{
    return aws_chain_get(resolver->profiles, resolver->settings->profile, key);
}

static const char *from_either(const Resolver *resolver, const char *variable, const char *key)
{
    const char *value = aws_environment_get(variable);

    return value ? value : from_profile(resolver, key);
}

/* Both names are the AWS CLI's. */
static const char *profile_of_environment(void)
{
    const char *profile = aws_environment_get("AWS_PROFILE");

    return profile ? profile : aws_environment_get("AWS_DEFAULT_PROFILE");
}

const char *aws_settings_choose_profile(const char *named)
{
    const char *profile = named ? named : profile_of_environment();

    return profile ? profile : "default";
}

static int resolve_profile(Resolver *resolver)
{
    AwsSettings *settings = resolver->settings;
    const char *named = resolver->section->profile;
    AwsChainQuery query;
    AwsChain chain;
    int r;

    resolver->option = "profile";
    r = string_copy(aws_settings_choose_profile(named), &settings->profile);
    if (r < 0)
        return r;
    settings->query = (AwsChainQuery){
        .profile = settings->profile,
        .named = named || profile_of_environment(),
        .explicit = named != NULL,
    };
    query = settings->query;
    query.profiles = resolver->profiles;
    r = aws_chain_choose(&query, &chain, &settings->credentials, resolver->ret_error);
    if (r >= 0 && chain.n > 0 && settings->role.arn)
        r = aws_tree_describe_role(settings->role.arn, &settings->credentials);
    if (r < 0 || chain.n == 0)
        return r;
    r = aws_tree_check(resolver->profiles, &chain, &settings->trouble);
    settings->trouble.option = resolver->option;
    return r;
}

static int refuse_region(Resolver *resolver)
{
    const char *file = aws_profiles_config_file(resolver->profiles);
    const char *error = aws_profiles_error(resolver->profiles);

    if (error)
        return explain(resolver->ret_error, -EBADMSG, "%s", error);
    return explain(resolver->ret_error, -EINVAL,
                   "there is no region: set region = in the %s's section, $AWS_REGION, or region "
                   "in profile %s of %s",
                   resolver->purpose->noun, resolver->settings->profile,
                   file ? file : "~/.aws/config");
}

static int resolve_region(Resolver *resolver)
{
    AwsSettings *settings = resolver->settings;
    const char *region = resolver->section->region;
    int r;

    resolver->option = "region";
    if (!region)
        region = resolver->purpose->region;
    if (!region)
        region = aws_environment_get_nonblank("AWS_REGION");
    if (!region)
        region = aws_environment_get_nonblank("AWS_DEFAULT_REGION");
    if (!region)
        region = from_profile(resolver, "region");
    if (!region)
        return refuse_region(resolver);
    /* Variables come from files and scripts, with a line end now and then. */
    region += strspn(region, BLANKS);
    r = string_format(&settings->region, "%.*s",
                      (int)string_trim_end(region, strlen(region), BLANKS), region);
    return r < 0 ? r : aws_endpoint_validate_region(settings->region, resolver->ret_error);
}

/* "true" and "false" in any case, as the SDKs have it. of_section and *ret: -1 (unset), 0 or 1. */
static int resolve_flag(const Resolver *resolver, int of_section, const char *variable,
                        const char *key, int *ret)
{
    const char *value = from_either(resolver, variable, key);

    if (of_section >= 0 || !value)
        *ret = of_section;
    else if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0)
        *ret = strcasecmp(value, "true") == 0;
    else if (aws_environment_get(variable))
        return explain(resolver->ret_error, -EINVAL, "$%s is neither true nor false", variable);
    else
        return explain(resolver->ret_error, -EINVAL, "%s of profile %s is neither true nor false",
                       key, resolver->settings->profile);
    return 0;
}

/* Where a service's custom endpoint may be written, and what its keys are called there. */
typedef struct EndpointNames {
    AwsService service;
    const char *option; /* of the section */
    const char *variable;
    const char *key; /* of the profile's services section */
} EndpointNames;

/* *ret_url NULL: none is named. *ret_where: where it is. */
static int find_custom_endpoint(const Resolver *resolver, const EndpointNames *names,
                                const char **ret_url, const char **ret_where)
{
    const char *services = from_profile(resolver, "services");
    const char *url;

    if ((url = aws_environment_get(names->variable))) {
        *ret_where = names->variable;
    } else if ((url = aws_environment_get("AWS_ENDPOINT_URL"))) {
        *ret_where = "AWS_ENDPOINT_URL";
    } else if (services && !aws_profiles_has_services(resolver->profiles, services)) {
        return explain(resolver->ret_error, -EINVAL,
                       "there is no section [services %s], which profile %s names", services,
                       resolver->settings->profile);
    } else if (services &&
               (url = aws_profiles_get_service(resolver->profiles, services, names->key)) && *url) {
        *ret_where = names->key;
    } else if ((url = from_profile(resolver, "endpoint_url"))) {
        *ret_where = "the profile's endpoint_url";
    }
    *ret_url = url;
    return 0;
}

static int resolve_endpoint(Resolver *resolver, const EndpointNames *names, const char *of_section,
                            AwsEndpointParams params, char **ret)
{
    const char *where = names->option;
    CLEANUP(freep) char *sentence = NULL;
    int ignored = -1;
    int r;

    params.url = of_section;
    r = resolve_flag(resolver, -1, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                     "ignore_configured_endpoint_urls", &ignored);
    if (r >= 0 && !of_section && ignored <= 0)
        r = find_custom_endpoint(resolver, names, &params.url, &where);
    if (r < 0)
        return r;

    resolver->option = names->option;
    r = params.url ? aws_endpoint_validate(params.url, &sentence) : 0;
    if (r >= 0)
        r = aws_endpoint_resolve(names->service, &params, ret, &sentence);
    if (r >= 0 || !sentence)
        return r;
    if (!params.url)
        *resolver->ret_error = TAKE(sentence);
    else
        r = explain(resolver->ret_error, r, "%s: %s", where, sentence);
    return r;
}

static int resolve_import_endpoints(Resolver *resolver, AwsEndpointParams params)
{
    static const EndpointNames names[] = {
        [SERVICE_CLOUDTRAIL] = {AWS_SERVICE_CLOUDTRAIL, "endpoint-url",
                                "AWS_ENDPOINT_URL_CLOUDTRAIL", "cloudtrail.endpoint_url"},
        [SERVICE_LOGS] = {AWS_SERVICE_LOGS, "endpoint-url", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
                          "cloudwatch_logs.endpoint_url"},
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_IMPORT_SERVICES, "names for each");
    int r = 0;

    for (ImportService service = 0; r >= 0 && service < N_IMPORT_SERVICES; service++)
        r = resolve_endpoint(resolver, &names[service], resolver->section->endpoint_url, params,
                             &resolver->settings->endpoints[service]);
    return r;
}

static int resolve_endpoints(Resolver *resolver)
{
    static const EndpointNames events = {AWS_SERVICE_EVENTS, "endpoint-url",
                                         "AWS_ENDPOINT_URL_EVENTBRIDGE",
                                         "eventbridge.endpoint_url"};
    static const EndpointNames sts = {AWS_SERVICE_STS, "sts-endpoint-url", "AWS_ENDPOINT_URL_STS",
                                      "sts.endpoint_url"};
    const AwsSection *section = resolver->section;
    AwsSettings *settings = resolver->settings;
    AwsEndpointParams params = {.region = settings->region};
    int r;

    resolver->option = NULL;
    if ((r = resolve_flag(resolver, section->use_fips_endpoint, "AWS_USE_FIPS_ENDPOINT",
                          "use_fips_endpoint", &settings->use_fips_endpoint)) < 0 ||
        (r = resolve_flag(resolver, section->use_dualstack_endpoint, "AWS_USE_DUALSTACK_ENDPOINT",
                          "use_dualstack_endpoint", &settings->use_dualstack_endpoint)) < 0)
        return r;
    params.use_fips = settings->use_fips_endpoint > 0;
    params.use_dualstack = settings->use_dualstack_endpoint > 0;
    switch (resolver->purpose->use) {
    case AWS_USE_IMPORTS:
        r = resolve_import_endpoints(resolver, params);
        break;
    case AWS_USE_EVENTS:
        r = resolve_endpoint(resolver, &events, section->endpoint_url, params,
                             &settings->events_endpoint);
        break;
    case AWS_USE_QUEUES:
        break;
    }
    if (r < 0)
        return r;
    return resolve_endpoint(resolver, &sts, section->sts_endpoint_url, params,
                            &settings->sts_endpoint);
}

static bool leads_nowhere(int error)
{
    return error == -ENOENT || error == -ENOTDIR || error == -EACCES || error == -ELOOP ||
           error == -ENAMETOOLONG;
}

/* A name that leads nowhere is a mistake. What else is wrong with the file is what calls would fail
 * with, and may be put right meanwhile: its writer may be about to fill it, its mount be gone. */
static int check_ca_bundle(Resolver *resolver, const char *path)
{
    AwsTrouble *trouble = &resolver->settings->trouble;
    CLEANUP(freep) char *fault = NULL;
    X509_STORE *store = NULL;
    int r = trust_get(resolver->trust, path, &store, &fault);

    X509_STORE_free(store);
    if (r >= 0 || r == -ENOMEM)
        return r;
    if (leads_nowhere(r))
        return explain(resolver->ret_error, -EINVAL, "the CA bundle %s", fault);
    if (trouble->sentence)
        return 0;
    trouble->option = resolver->option;
    return string_format(&trouble->sentence, "the CA bundle %s", fault);
}

static int resolve_ca_bundle(Resolver *resolver)
{
    const char *path = resolver->section->ca_bundle;
    int r;

    resolver->option = "ca-bundle";
    if (!path)
        path = from_either(resolver, "AWS_CA_BUNDLE", "ca_bundle");
    r = path ? check_ca_bundle(resolver, path) : 0;
    return r < 0 ? r : string_copy(path, &resolver->settings->ca_bundle);
}

int aws_settings_resolve(const AwsSection *section, const AwsPurpose *purpose,
                         const AwsProfiles *profiles, Trust *trust, AwsSettings **ret,
                         const char **ret_option, char **ret_error)
{
    CLEANUP(aws_settings_unrefp) AwsSettings *settings = calloc(1, sizeof(*settings));
    Resolver resolver = {.section = section,
                         .purpose = purpose,
                         .profiles = profiles,
                         .trust = trust,
                         .settings = settings,
                         .ret_error = ret_error};
    int r;

    if (!settings)
        return -ENOMEM;
    settings->references = 1;
    if ((r = aws_role_copy(&section->role, &settings->role)) < 0 ||
        (r = resolve_profile(&resolver)) < 0 || (r = resolve_region(&resolver)) < 0 ||
        (r = resolve_endpoints(&resolver)) < 0 || (r = resolve_ca_bundle(&resolver)) < 0) {
        *ret_option = resolver.option;
        return r;
    }
    *ret = TAKE(settings);
    return 0;
}

AwsSettings *aws_settings_ref(AwsSettings *settings)
{
    assert(settings->references > 0);
    settings->references++;
    return settings;
}

void aws_settings_unref(AwsSettings *settings)
{
    if (!settings || --settings->references > 0)
        return;
    aws_role_clear(&settings->role);
    free(settings->profile);
    free(settings->region);
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        free(settings->endpoints[service]);
    free(settings->events_endpoint);
    free(settings->sts_endpoint);
    free(settings->ca_bundle);
    free(settings->credentials);
    free(settings->trouble.sentence);
    free(settings);
}
