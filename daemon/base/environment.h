/* SPDX-License-Identifier: Apache-2.0 */
/* The environment, as the AWS SDKs read it. */
#pragma once

#include <stdbool.h>

/* Drops the white space around the values of all that begin with AWS_, once, at the start:
 * variables come from files and scripts, with a line end now and then. The token of a container
 * keeps its own, because a line end in it is an error. */
void aws_environment_trim(void);

/* NULL: it is not set, or empty. */
const char *aws_environment_get(const char *variable);

/* NULL: it is not set, or nothing but white space. */
const char *aws_environment_get_nonblank(const char *variable);

/* AWS_EC2_METADATA_DISABLED: the instance metadata service is not to be asked. */
bool aws_environment_disables_metadata(void);
