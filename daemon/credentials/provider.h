/* SPDX-License-Identifier: Apache-2.0 */
/* Where an account's credentials come from: one provider for each, one file per source.
 *
 * All calls that ask while a fetch is under way share it, and its failure releases them all.
 *
 * From 15 minutes before they expire, credentials are fetched again in the background, and the old
 * ones handed out until the new ones are there or they expire. That begins when a call asks, so
 * that a target at rest wakes nobody up. A refresh that fails, or that brings nothing which lives
 * longer, is followed by the next after a wait that doubles from 1 s to 1 min; once there is
 * nothing to hand out, a call that asks waits for a fetch of the moment. Credentials that look
 * expired when they are fetched are used for 5 minutes: AWS decides that, not the clock of this
 * host.
 *
 * Logged is when credentials are there that differ from those before or end a
 * streak of failures, and once when such a streak begins. */
#pragma once

#include "daemon/aws/credentials.h"
#include "daemon/aws/owner.h"
#include "daemon/base/timer.h"
#include "daemon/http/client.h"

struct AwsProfileShare;
struct AwsSettings;
struct event_base;

/* What a provider and its sources work with; what it points to outlives them. */
typedef struct AwsCredentialsContext {
    Timers *timers;
    const Random *random;
    HttpClient *http;
    struct event_base *base; /* for the pipes and the end of a credential_process */
    struct AwsProfileShare *profiles;
    AwsOwner owner; /* what the credentials belong to, for the journal */
    /* Of calls of STS; the metadata services have time-outs of their own. */
    uint64_t connect_timeout_usec;
    uint64_t timeout_usec; /* of one attempt */
    unsigned max_attempts;
} AwsCredentialsContext;

/* The provider that the settings of a section lead to, in the order of chain.h; target is the name
 * of its owner, for the journal, and copied; of the settings a reference is taken. The source is
 * chosen at every fetch, so that a profile that is put right needs no restart; one that cannot work
 * makes every fetch fail with that sentence. 0 or -ENOMEM. */
int aws_credentials_provider_new(const AwsCredentialsContext *context, const char *target,
                                 struct AwsSettings *settings, AwsCredentialsProvider **ret);
