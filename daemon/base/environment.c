/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/environment.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *aws_environment_get(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value ? value : NULL;
}

const char *aws_environment_get_nonblank(const char *variable)
{
    const char *value = getenv(variable);

    return value && value[strspn(value, " \t\r\n")] ? value : NULL;
}

bool aws_environment_disables_metadata(void)
{
    const char *disabled = getenv("AWS_EC2_METADATA_DISABLED");

    return disabled && strcasecmp(disabled, "true") == 0;
}
