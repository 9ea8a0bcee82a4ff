/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/role.h"

#include <errno.h>
#include <stdlib.h>

#include "common/string.h"

int aws_role_copy(const AwsRole *from, AwsRole *ret)
{
    AwsRole role = {.duration_usec = from->duration_usec};

    if (string_copy(from->arn, &role.arn) < 0 ||
        string_copy(from->session_name, &role.session_name) < 0 ||
        string_copy(from->external_id, &role.external_id) < 0) {
        aws_role_clear(&role);
        return -ENOMEM;
    }
    *ret = role;
    return 0;
}

void aws_role_clear(AwsRole *role)
{
    free(role->arn);
    free(role->session_name);
    free(role->external_id);
    *role = (AwsRole){0};
}
