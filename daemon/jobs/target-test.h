/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a target for real, for TestTarget: whose credentials it has (STS GetCallerIdentity), then
 * one page of its imports. What comes of it is noted in the target's meter like any call. */
#pragma once

#include "daemon/jobs/target.h"

typedef struct TargetTest TargetTest;

/* Once, never from target_test_new(): account and ARN (borrowed), or NULL and an error (borrowed)
 * whose message begins with the step that failed. The test may be freed here. */
typedef void (*TargetTestDone)(const char *account, const char *arn, const CallError *error,
                               void *userdata);

/* The target may be gone before the answer. 0 or -ENOMEM. */
int target_test_new(const Target *target, TargetTestDone done, void *userdata, TargetTest **ret);
void target_test_free(TargetTest *test); /* gives up what is under way; takes NULL */
