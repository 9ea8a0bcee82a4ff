/* Builds the tree of sources for one fetch: what chain.h decides, and a target's own role on top.
 */
#pragma once

#include <stdbool.h>

#include "daemon/aws/chain.h"
#include "daemon/aws/credentials-source.h"

/* What of a target's settings decides where its credentials come from. */
typedef struct AwsTreePlan {
    const char *profile;
    bool profile_named, profile_explicit; /* see AwsChainQuery */
    AwsRole role;                         /* of the target's section; arn NULL: none */
} AwsTreePlan;

/* 0, the tree and an owned description of it, for people; -errno and an owned sentence that says
 * why there is none; -ENOMEM. */
int aws_tree_build(const AwsTreePlan *plan, const AwsSourceContext *context, AwsSource **ret,
                   char **ret_description, char **ret_error);
