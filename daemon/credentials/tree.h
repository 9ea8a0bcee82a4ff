/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the tree of sources for one fetch: what chain.h decides, and a target's own role on top;
 * and finds beforehand what such a fetch is bound to fail with. */
#pragma once

#include <stdbool.h>

#include "daemon/credentials/chain.h"
#include "daemon/credentials/source.h"

/* Why fetches or calls are bound to fail as things are now, which somebody may repair while the
 * daemon runs. */
typedef struct AwsTrouble {
    char *sentence;     /* as they would fail with it; NULL: nothing is known */
    const char *option; /* of the target's section, that has to do with it */
    const char *file;   /* what is to blame, of the profiles; NULL: it is none of their lines */
    unsigned line;
} AwsTrouble;

/* Looks at what the chain ends in, without asking anybody. 0 or -ENOMEM. */
int aws_tree_check(const AwsProfiles *profiles, const AwsChain *chain, AwsTrouble *ret);

/* Adds the role of a target's section to the description of what it is assumed with. 0; -ENOMEM:
 * description is then NULL. */
int aws_tree_describe_role(const char *role_arn, char **description);

/* role: of the target's section, on top of what the query gives; its arn NULL: none. 0, the tree
 * and an owned description of it, for people; -errno and an owned sentence that says why there is
 * none; -ENOMEM. */
int aws_tree_build(const AwsChainQuery *query, const AwsRole *role, const AwsSourceContext *context,
                   AwsSource **ret, char **ret_description, char **ret_error);
