/* SPDX-License-Identifier: Apache-2.0 */
/* What a client and its credentials belong to, as the journal names it. */
#pragma once

typedef enum AwsOwner {
    AWS_OWNER_TARGET,
    AWS_OWNER_QUEUE,
    AWS_OWNER_DESTINATION, /* that is notified of the ends of jobs */
    N_AWS_OWNERS
} AwsOwner;

const char *aws_owner_noun(AwsOwner owner);  /* "Target", to begin a sentence with */
const char *aws_owner_field(AwsOwner owner); /* "TRAILSTOP_TARGET", for its name */
