#include "daemon/aws/credentials-tree.h"

#include <errno.h>
#include <stdlib.h>

#include "common/explain.h"

int aws_tree_build(const AwsTreePlan *plan, const AwsSourceContext *context, AwsSource **ret,
                   char **ret_description, char **ret_error)
{
    CLEANUP(freep) char *description = NULL;
    AwsSourceKind kind;
    const AwsChainQuery query = {
        .profiles = context->profiles,
        .profile = plan->profile,
        .named = plan->profile_named,
        .explicit = plan->profile_explicit,
    };
    int r = aws_chain_choose(&query, &kind, &description, ret_error);

    if (r < 0)
        return r;
    if (plan->role.arn)
        return explain(ret_error, -EOPNOTSUPP,
                       "this version of trailstop cannot assume the target's role-arn; name a "
                       "profile with keys");
    switch (kind) {
    case AWS_SOURCE_ENVIRONMENT:
        r = aws_source_new_environment(context, ret);
        break;
    case AWS_SOURCE_PROFILE:
        r = aws_source_new_profile(context, plan->profile, ret);
        break;
    case AWS_SOURCE_NONE:
        return explain(ret_error, -ENOENT,
                       "there are none: neither AWS_ACCESS_KEY_ID nor profile %s has any",
                       plan->profile);
    default:
        return explain(ret_error, -EOPNOTSUPP,
                       "this version of trailstop cannot take them from %s; set AWS_ACCESS_KEY_ID "
                       "and AWS_SECRET_ACCESS_KEY, or put keys into profile %s",
                       description, plan->profile);
    }
    if (r >= 0)
        *ret_description = TAKE(description);
    return r;
}
