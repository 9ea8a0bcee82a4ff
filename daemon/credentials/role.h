/* SPDX-License-Identifier: Apache-2.0 */
/* A role to assume, as a section of the configuration, a profile or the environment names it.
 *
 * Carried by value; the struct that holds one owns its strings. All zero: there is no role. */
#pragma once

#include <stdint.h>

typedef struct AwsRole {
    char *arn;              /* NULL: no role */
    char *session_name;     /* NULL: STS is given one that names this host */
    char *external_id;      /* NULL: none; a web identity has no use for one */
    uint64_t duration_usec; /* of a session; 0: STS decides, which makes it an hour */
} AwsRole;

/* Into an empty one. 0; -ENOMEM: it is empty still. */
int aws_role_copy(const AwsRole *from, AwsRole *ret);
void aws_role_clear(AwsRole *role);
