/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/environment.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/string.h"

#define BLANKS " \t\r\n"

void aws_environment_trim(void)
{
    static const char token[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN=";

    for (char **variable = environ; variable && *variable; variable++) {
        char *value = strchr(*variable, '=');
        size_t n_before, length;

        if (!value++ || strncmp(*variable, "AWS_", strlen("AWS_")) != 0 ||
            strncmp(*variable, token, strlen(token)) == 0)
            continue;
        n_before = strspn(value, BLANKS);
        length = string_trim_end(value + n_before, strlen(value + n_before), BLANKS);
        memmove(value, value + n_before, length); /* in place: it may be a secret */
        value[length] = '\0';
    }
}

const char *aws_environment_get(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value ? value : NULL;
}

const char *aws_environment_get_nonblank(const char *variable)
{
    const char *value = getenv(variable);

    return value && value[strspn(value, BLANKS)] ? value : NULL;
}

bool aws_environment_disables_metadata(void)
{
    const char *disabled = getenv("AWS_EC2_METADATA_DISABLED");

    return disabled && strcasecmp(disabled, "true") == 0;
}
