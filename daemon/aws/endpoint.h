/* SPDX-License-Identifier: Apache-2.0 */
/* Which host serves a service in a region: partitions, FIPS, dual-stack, custom endpoints.
 *
 * Source: the endpoint rule sets of CloudTrail, CloudWatch Logs, EventBridge and STS that botocore
 * publishes. STS is always asked in the region, never at its global endpoint (what the rule sets
 * call UseGlobalEndpoint false): tokens of a region are valid in all, and an outage of us-east-1
 * does not reach the other regions.
 */
#pragma once

#include <stdbool.h>

typedef enum AwsService {
    AWS_SERVICE_CLOUDTRAIL,
    AWS_SERVICE_LOGS,
    AWS_SERVICE_EVENTS,
    AWS_SERVICE_STS,
    N_AWS_SERVICES
} AwsService;

typedef struct AwsEndpointParams {
    const char *region; /* NULL or empty: missing, an error where url does not name the host */
    bool use_fips;
    bool use_dualstack;
    const char *url; /* a custom endpoint, or NULL */
} AwsEndpointParams;

/* 0 and an owned URL such as "https://cloudtrail.eu-west-1.amazonaws.com"; or -EINVAL and an owned
 * sentence that says what is wrong; or -ENOMEM. */
int aws_endpoint_resolve(AwsService service, const AwsEndpointParams *params, char **ret_url,
                         char **ret_error);

/* Whether what somebody wrote may be meant as a region: it can become part of a host's name, and is
 * not one of AWS's own regions in upper case or with the letter of a zone behind it. A name that is
 * not known here is taken, for partitions that are not public. 0, or -EINVAL and an owned sentence;
 * -ENOMEM. */
int aws_endpoint_validate_region(const char *region, char **ret_error);

/* A custom endpoint as the configuration may name one: https, or http for a loopback host only (one
 * of 127.0.0.0/8, ::1, localhost); a host; no user, query or fragment. 0, or -EINVAL and an owned
 * sentence; -ENOMEM. */
int aws_endpoint_validate(const char *url, char **ret_error);

/* The same for a URL that is called otherwise: "a queue's url". */
int aws_endpoint_validate_url(const char *url, const char *noun, char **ret_error);

/* Where AWS's own domain begins in a host's name in lower case, with its dot: ".amazonaws.com".
 * NULL: it ends in none of them. */
char *aws_endpoint_find_suffix(char *host);
