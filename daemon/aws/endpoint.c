/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>

#include "common/explain.h"
#include "common/memory.h"

#define DIGITS "0123456789"
#define LOWER_CASE "abcdefghijklmnopqrstuvwxyz"
#define ALPHANUMERICS LOWER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS
#define LABEL_MAX 63U /* of a host name, RFC 1035 */

typedef struct Partition {
    const char *prefix; /* of its regions, PREFIX-word-number; NULL: of all that no other has */
    const char *suffix;
    const char *dualstack_suffix;
} Partition;

static const Partition partitions[] = {
    {"cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov", "amazonaws.com", "api.aws"},
    {"us-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eusc-de", "amazonaws.eu", "api.amazonwebservices.eu"},
    {NULL, "amazonaws.com", "api.aws"},
};

/* The length of PREFIX-word-number at the start of the text; 0: it begins otherwise. */
static size_t region_length(const char *text, const char *prefix)
{
    size_t length = strlen(prefix), word, number;

    if (strncmp(text, prefix, length) != 0 || text[length] != '-')
        return 0;
    length++;
    word = strspn(text + length, ALPHANUMERICS "_");
    if (word == 0 || text[length + word] != '-')
        return 0;
    length += word + 1;
    number = strspn(text + length, DIGITS);
    return number > 0 ? length + number : 0;
}

static bool is_region_of(const char *region, const char *prefix)
{
    size_t length = region_length(region, prefix);

    return length > 0 && !region[length];
}

static const Partition *find_partition(const char *region)
{
    const Partition *partition = partitions;

    while (partition->prefix && !is_region_of(region, partition->prefix))
        partition++;
    return partition;
}

/* The FIPS endpoints that lack the "-fips" in their name. */
static bool is_fips_by_itself(AwsService service, const Partition *partition, const char *region)
{
    if (service == AWS_SERVICE_STS)
        return partition->prefix && strcmp(partition->prefix, "us-gov") == 0;
    return strcmp(region, "us-gov-east-1") == 0 || strcmp(region, "us-gov-west-1") == 0;
}

/* Nothing in it may end the name of a host or add to it. */
static int check_label(const char *region, char **ret_error)
{
    size_t length = strlen(region);

    if (length > 0 && length <= LABEL_MAX && strspn(region, ALPHANUMERICS "-") == length &&
        region[0] != '-' && region[length - 1] != '-')
        return 0;
    return explain(ret_error, -EINVAL, "\"%s\" is not a region", region);
}

/* The length of what is a region by the names that AWS gives them today; 0: it begins with none. */
static size_t known_region_length(const char *text)
{
    static const char *const prefixes[] = {
        "us", "eu", "ap",     "sa",     "ca",      "me",      "af",      "il",
        "mx", "cn", "us-gov", "us-iso", "us-isob", "eu-isoe", "us-isof", "eusc-de"};
    size_t longest = 0;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        size_t length = region_length(text, prefixes[i]);
        if (length > longest)
            longest = length;
    }
    return longest;
}

/* us-east-1a, us-west-2-lax-1a, us-east-1-wl1-bos-wlz-1: what follows the name of a region, and
 * ends as those of zones do. */
static bool is_zone(const char *region, size_t known)
{
    const char *rest = region + known;
    size_t length = strlen(rest);

    if (known == 0 || length == 0)
        return false;
    if (length == 1)
        return strspn(rest, LOWER_CASE) == 1;
    return *rest == '-' && (strstr(rest, "-wlz-") || (strchr(DIGITS, rest[length - 2]) &&
                                                      strchr(LOWER_CASE, rest[length - 1])));
}

int aws_endpoint_validate_region(const char *region, char **ret_error)
{
    char lower[LABEL_MAX + 1] = "";
    size_t length = strlen(region), known;
    int r = check_label(region, ret_error);

    if (r < 0)
        return r;
    for (size_t i = 0; i < length; i++)
        lower[i] = (char)tolower((unsigned char)region[i]);
    known = known_region_length(lower);
    if (is_zone(lower, known))
        return explain(ret_error, -EINVAL,
                       "%s is an availability zone, not a region; its region is %.*s", region,
                       (int)known, lower);
    if (known == length && strcmp(region, lower) != 0)
        return explain(ret_error, -EINVAL, "the region %s has to be written in lower case: %s",
                       region, lower);
    return 0;
}

static int use_custom(const AwsEndpointParams *params, char **ret_url, char **ret_error)
{
    if (params->use_fips)
        return explain(ret_error, -EINVAL, "a custom endpoint cannot be combined with FIPS");
    if (params->use_dualstack)
        return explain(ret_error, -EINVAL, "a custom endpoint cannot be combined with dual-stack");
    return string_copy(params->url, ret_url);
}

int aws_endpoint_resolve(AwsService service, const AwsEndpointParams *params, char **ret_url,
                         char **ret_error)
{
    static const char *const names[] = {
        [AWS_SERVICE_CLOUDTRAIL] = "cloudtrail",
        [AWS_SERVICE_LOGS] = "logs",
        [AWS_SERVICE_EVENTS] = "events",
        [AWS_SERVICE_STS] = "sts",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_AWS_SERVICES, "a name each");
    const char *region = params->region;
    const Partition *partition;
    bool plain;
    int r;

    r = region && *region ? check_label(region, ret_error) : 0;
    if (r < 0)
        return r;
    if (params->url)
        return use_custom(params, ret_url, ret_error);
    if (!region || !*region)
        return explain(ret_error, -EINVAL, "the region is missing");

    partition = find_partition(region);
    plain = !params->use_fips ||
            (!params->use_dualstack && is_fips_by_itself(service, partition, region));
    /* The one region without a host of its own. */
    if (service == AWS_SERVICE_STS && strcmp(region, "aws-global") == 0 && plain &&
        !params->use_dualstack)
        return string_format(ret_url, "https://sts.amazonaws.com");
    return string_format(ret_url, "https://%s%s.%s.%s", names[service], plain ? "" : "-fips",
                         region,
                         params->use_dualstack ? partition->dualstack_suffix : partition->suffix);
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Without a port: true. */
static bool is_port(const char *text)
{
    unsigned port;

    return !*text || (*text == ':' && strlen(text) <= strlen(":65535") &&
                      string_to_number(text + 1, 1, UINT16_MAX, &port));
}

/* Cuts "host", "host:port" or "[address]:port" down to the host. NULL: it is not one of these. */
static char *cut_host(char *authority)
{
    struct in6_addr v6;
    char *host = authority, *rest;

    if (*host == '[') {
        rest = strchr(++host, ']');
        if (!rest)
            return NULL;
        *rest++ = '\0';
        return inet_pton(AF_INET6, host, &v6) == 1 && is_port(rest) ? host : NULL;
    }
    rest = host + strspn(host, ALPHANUMERICS "-._");
    if (rest == host || !is_port(rest))
        return NULL;
    *rest = '\0';
    return host;
}

/* One of the partitions' own, at the end of the host. */
char *aws_endpoint_find_suffix(char *host)
{
    size_t length = strlen(host);

    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
        const char *const suffixes[] = {partitions[i].suffix, partitions[i].dualstack_suffix};

        for (size_t j = 0; j < 2; j++) {
            size_t of_suffix = strlen(suffixes[j]) + 1;

            if (length > of_suffix && host[length - of_suffix] == '.' &&
                strcmp(host + length - of_suffix + 1, suffixes[j]) == 0)
                return host + length - of_suffix;
        }
    }
    return NULL;
}

int aws_endpoint_validate(const char *url, char **ret_error)
{
    return aws_endpoint_validate_url(url, "an endpoint", ret_error);
}

int aws_endpoint_validate_url(const char *url, const char *noun, char **ret_error)
{
    CLEANUP(freep) char *authority = NULL;
    bool https = strncasecmp(url, "https://", 8) == 0;
    const char *start = url + (https ? 8 : 7), *host;
    size_t length;

    if (!https && strncasecmp(url, "http://", 7) != 0)
        return explain(ret_error, -EINVAL, "%s has to be an https:// URL", noun);
    length = strcspn(start, "?#");
    if (!string_is_visible(start, length))
        return explain(ret_error, -EINVAL,
                       "%s must not have white space or characters beyond ASCII", noun);
    if (start[length])
        return explain(ret_error, -EINVAL, "%s must not have a query or a fragment", noun);

    authority = strndup(start, strcspn(start, "/"));
    if (!authority)
        return -ENOMEM;
    if (strchr(authority, '@'))
        return explain(ret_error, -EINVAL, "%s must not name a user or a password", noun);
    host = cut_host(authority);
    if (!host)
        return explain(ret_error, -EINVAL,
                       "%s has to name a host: its host or port is missing or malformed", noun);
    if (!https && !is_loopback(host))
        return explain(ret_error, -EINVAL,
                       "http:// is taken only for a loopback host; use https:// for %s", host);
    return 0;
}
