/* SPDX-License-Identifier: Apache-2.0 */
/* From an account of the configuration to clients that reach it: the one place where credentials,
 * meter and time-outs come together. */
#pragma once

#include "daemon/aws/client.h"
#include "daemon/config/config.h"
#include "daemon/http/client.h"

/* What all accounts of one kind share; outlives them. */
typedef struct AwsContext {
    Timers *timers;
    const Random *random;
    HttpClient *http;
    struct event_base *base;
    AwsMeters *meters; /* counts the states of these accounts alone */
    Quotas *quotas;    /* of targets */
    struct AwsProfileShare *profiles;
} AwsContext;

/* What every client of the account has in common, with credentials and a meter of its own; service
 * and endpoint are the caller's to fill in. It borrows from config. 0, or negative errno; in either
 * case it is to be cleared. */
int aws_connection_prepare(const AwsContext *context, const Config *config,
                           const ConfigAccount *account, AwsClientConfig *ret);
void aws_connection_clear(AwsClientConfig *client); /* clients have references of their own */

/* A client of one service, which has no quota. region NULL: the account's. 0, or negative errno. */
int aws_connection_new(const AwsContext *context, const Config *config,
                       const ConfigAccount *account, const char *service, const char *endpoint,
                       const char *region, AwsClient **ret);
