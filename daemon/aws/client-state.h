/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a client, for its calls alone. */
#pragma once

#include "daemon/aws/client.h"
#include "daemon/aws/request.h"
#include "daemon/aws/retry.h"

struct AwsClient {
    unsigned references;
    AwsClientConfig *config; /* shared by the clients of all services, see client.c */
    AwsRoute route;
    QuotasHolder quotas;
    AwsRetryQuota quota;
    AwsRejections rejections;
    int64_t skew_usec; /* what the server's clock is ahead of ours; 0: not known to be */
};

/* Now, by the clock of the server. */
uint64_t aws_client_server_time_usec(const AwsClient *client);

/* The server's clock, as an answer has it. Once a correction is in force, every answer renews
 * it, so that it goes away with its cause. */
void aws_client_track_skew(AwsClient *client, uint64_t date_usec);
