/* SPDX-License-Identifier: Apache-2.0 */
/* One target of the configuration, at work: an account and region with its AWS client, its limits,
 * its outage state and the jobs that are not final. */
#pragma once

#include <sys/queue.h>

#include "common/memory.h"
#include "daemon/aws/import-operations.h"
#include "daemon/aws/quotas.h"
#include "daemon/jobs/aws-connection.h"
#include "daemon/jobs/job-counts.h"
#include "daemon/jobs/outage.h"

typedef struct Target {
    char *name;
    AwsSettings *settings;                 /* a reference */
    AwsClient *clients[N_IMPORT_SERVICES]; /* with the same credentials and the same meter */
    Outage *outage;
    JobCounts counts;
    bool removed; /* the configuration does not name it any more: its jobs end, then it does */
    LIST_ENTRY(Target) left_entry; /* of the set, where it is not one of its targets any more */
} Target;

int target_new(const AwsContext *context, const Config *config, const TargetConfig *target_config,
               Target **ret);
void target_free(Target *target); /* no call may be under way; takes NULL and half-built ones */
DEFINE_CLEANUP(Target, target_free)

/* Makes it what its successor is, which becomes what it was and is to be freed; outage and limits
 * stay, and calls under way end as they began. */
void target_succeed(Target *target, Target *successor);

/* What the clients of all services share; borrowed. */
AwsMeter *target_meter(const Target *target);
AwsCredentialsProvider *target_credentials(const Target *target);

/* As Target of the Varlink interface. NULL: no memory. */
json_object *target_to_json(const Target *target);
