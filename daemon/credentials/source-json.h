/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as JSON, and the errors of those who answer with it.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider", "Container credential
 * provider"; Amazon EC2 User Guide, "Retrieve security credentials from instance metadata". */
#pragma once

#include "daemon/credentials/source.h"

typedef enum AwsJsonForm {
    AWS_JSON_PROCESS, /* Version 1; SessionToken and Expiration may be missing */
    AWS_JSON_SERVICE, /* Token and Expiration are there, and Code may tell of a failure */
} AwsJsonForm;

/* Ends the source with the credentials of this document, or with what is wrong with it. where says
 * who answered, for that sentence. */
void aws_source_end_with_json(AwsSource *source, AwsJsonForm form, const char *where,
                              const char *text, size_t size);

/* What a document with code and message says, as ": code: message"; "" where it says nothing.
 * Owned. 0 or -ENOMEM. */
int aws_json_describe_error(const char *text, size_t size, char **ret);
