/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/queue-url.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/endpoint.h"

static const char *find_authority(const char *url)
{
    return strstr(url, "://") + strlen("://");
}

static const char *find_path(const char *url)
{
    const char *authority = find_authority(url);

    return authority + strcspn(authority, "/");
}

int queue_url_validate(const char *url, char **ret_error)
{
    const char *path;
    int r = aws_endpoint_validate_url(url, "a queue's url", ret_error);

    if (r < 0)
        return r;
    path = find_path(url);
    return path[strspn(path, "/")] ? 0
                                   : explain(ret_error, -EINVAL,
                                             "a queue's url ends in its account and name; `aws "
                                             "sqs get-queue-url` prints it");
}

int queue_url_get_endpoint(const char *url, char **ret)
{
    return string_format(ret, "%.*s", (int)(find_path(url) - url), url);
}

/* What comes before AWS's own domain, without the port, in lower case; *ret NULL: another's host.
 */
static int cut_host(const char *url, char **ret)
{
    const char *authority = find_authority(url);
    CLEANUP(freep) char *host = strndup(authority, strcspn(authority, ":/"));
    char *suffix;

    if (!host)
        return -ENOMEM;
    for (char *at = host; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    suffix = aws_endpoint_find_suffix(host);
    if (suffix) {
        *suffix = '\0';
        *ret = TAKE(host);
    }
    return 0;
}

/* Takes the word off the beginning or end of what is left of the host. */
static bool drop_prefix(const char **host, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strncmp(*host, prefix, length) != 0)
        return false;
    *host += length;
    return true;
}

static bool drop_suffix(char *host, const char *suffix)
{
    size_t length = strlen(host), of_suffix = strlen(suffix);

    if (length < of_suffix || strcmp(host + length - of_suffix, suffix) != 0)
        return false;
    host[length - of_suffix] = '\0';
    return true;
}

/* sqs.REGION, sqs-fips.REGION, ID.sqs.REGION.vpce; of old also REGION.queue, and queue for the
 * first of all regions. */
int queue_url_get_region(const char *url, char **ret)
{
    CLEANUP(freep) char *host = NULL;
    const char *region;
    int r = cut_host(url, &host);

    if (r < 0 || !host)
        return r;
    region = host;
    if (drop_suffix(host, ".vpce") && strchr(host, '.'))
        region = strchr(host, '.') + 1;
    if (strcmp(region, "queue") == 0)
        region = "us-east-1";
    else if (!drop_prefix(&region, "sqs.") && !drop_prefix(&region, "sqs-fips.") &&
             !drop_suffix(host, ".queue"))
        return 0;
    return !*region || strchr(region, '.') ? 0 : string_format(ret, "%s", region);
}
