/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as JSON, and the errors of the services that answer with it. Read leniently: of
 * doubled members the last counts, and what nobody asked for may be anything.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider", "Container credential
 * provider"; Amazon EC2 User Guide, "Retrieve security credentials from instance metadata". */
#pragma once

#include "daemon/credentials/source.h"

/* Where Expiration may be missing, credentials without it do not expire. */
typedef enum AwsJsonForm {
    AWS_JSON_PROCESS,   /* Version 1; SessionToken and Expiration may be missing */
    AWS_JSON_CONTAINER, /* Token and Expiration may be missing; Code may be that of a failure */
    AWS_JSON_INSTANCE,  /* the same, but both are there */
    N_AWS_JSON_FORMS
} AwsJsonForm;

/* Ends the source with the credentials of this document, or with what is wrong with it. where names
 * what answered, for that sentence. */
void aws_source_end_with_json(AwsSource *source, AwsJsonForm form, const char *where,
                              const char *text, size_t size);

/* Makes the secrets of the document, where it is one, unreadable in a sentence: see mask.h. */
void aws_json_mask_secrets(const char *text, size_t size, char *sentence);

/* What a document with code and message says, as ": code: message"; "" where it says nothing.
 * Owned. 0 or -ENOMEM. */
int aws_json_describe_error(const char *text, size_t size, char **ret);
