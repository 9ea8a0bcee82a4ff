/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/owner.h"

#include <assert.h>

static const struct {
    const char *noun, *field;
} owners[] = {
    [AWS_OWNER_TARGET] = {"Target", "TRAILSTOP_TARGET"},
    [AWS_OWNER_QUEUE] = {"Queue", "TRAILSTOP_QUEUE"},
    [AWS_OWNER_DESTINATION] = {"Destination", "TRAILSTOP_NOTIFY"},
};
_Static_assert(sizeof(owners) / sizeof(owners[0]) == N_AWS_OWNERS, "a row each");

const char *aws_owner_noun(AwsOwner owner)
{
    assert(owner < N_AWS_OWNERS);
    return owners[owner].noun;
}

const char *aws_owner_field(AwsOwner owner)
{
    assert(owner < N_AWS_OWNERS);
    return owners[owner].field;
}
