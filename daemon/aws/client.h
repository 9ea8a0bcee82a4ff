/* SPDX-License-Identifier: Apache-2.0 */
/* What all calls of one target, queue or destination to one service share: endpoint, credentials,
 * quotas, retry quota, clock skew. */
#pragma once

#include <stdint.h>

#include "daemon/aws/credentials.h"
#include "daemon/aws/meter.h"
#include "daemon/aws/owner.h"
#include "daemon/aws/quotas.h"
#include "daemon/base/timer.h"
#include "daemon/http/client.h"

typedef struct AwsClient AwsClient;

typedef struct AwsClientConfig {
    Timers *timers;
    const Random *random;
    HttpClient *http;
    AwsCredentialsProvider *credentials; /* a reference is taken; NULL: the fixed ones */
    AwsCredentials *fixed_credentials;   /* a reference is taken; NULL: calls are not signed */
    AwsOwner owner;                      /* what it belongs to, for the journal */
    const char *target;                  /* the name of that */
    const char *endpoint;                /* URL */
    const char *region;
    const char *service;   /* name in the signature: "cloudtrail"; static */
    const char *ca_bundle; /* NULL: the system's */
    uint64_t connect_timeout_usec;
    uint64_t timeout_usec; /* of one attempt */
    unsigned max_attempts;
    AwsMeter *meter;             /* a reference is taken; NULL: nobody wants to know */
    Quotas *quotas;              /* NULL: calls are not paced */
    double rates[N_QUOTA_KINDS]; /* calls per second */
} AwsClientConfig;

/* Copies the strings, except for the service. 0; -EINVAL: the endpoint is not an http or https URL;
 * -ENOMEM. */
int aws_client_new(const AwsClientConfig *config, AwsClient **ret);
/* The same of another service for the same owner, with which it shares the rest of the
 * configuration. */
int aws_client_new_beside(const AwsClient *client, const char *service, const char *endpoint,
                          AwsClient **ret);
AwsClient *aws_client_ref(AwsClient *client);

/* Before its first call: it takes the place of the predecessor, whose meter it and the clients
 * beside it go on with, and calls to the same endpoint go on within the limits of that. */
void aws_client_follow(AwsClient *client, AwsClient *predecessor);

/* The caller's reference is the only one except for those of calls under way, so that a client can
 * be replaced while they end as they began. Takes NULL. */
void aws_client_unref(AwsClient *client);

/* What gives it its credentials; NULL: they are fixed. */
AwsCredentialsProvider *aws_client_credentials(const AwsClient *client);

AwsMeter *aws_client_meter(const AwsClient *client); /* borrowed; NULL: none */
Timers *aws_client_timers(const AwsClient *client);  /* borrowed */

/* A client of another service for the same target, with these credentials: for a call that is not
 * one of the target's own, so without quotas and meter. As aws_client_new(). */
int aws_client_new_aside(const AwsClient *client, const char *service, const char *endpoint,
                         AwsCredentials *credentials, AwsClient **ret);
