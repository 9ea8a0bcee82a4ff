/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a metadata service of this host, repeated while its failure may be gone the next
 * time: no connection, a time-out, 429 or 5xx. */
#pragma once

#include "daemon/credentials/source-json.h"
#include "daemon/credentials/source.h"

#define AWS_METADATA_HEADERS_MAX 2U

/* Lives inside the source that asks, zero except for what the source sets: a source has one, and
 * starts it for one request after the other. */
typedef struct AwsMetadataCall {
    const AwsCredentialsContext *context;
    HttpRequest request; /* its strings stay until the call is done; headers are the ones below */
    HttpHeader headers[AWS_METADATA_HEADERS_MAX];
    unsigned max_attempts;
    /* Once, now or later, with the last answer or failure of the call. */
    HttpCallback done;
    void *userdata;

    /* The call's own. */
    HttpTransfer *transfer;
    Timer timer;
    unsigned attempt;
} AwsMetadataCall;

void aws_metadata_start(AwsMetadataCall *call);
void aws_metadata_stop(AwsMetadataCall *call); /* takes one that was never started */

/* An answer that is not a success, or a failure, as an owned sentence that names host and
 * path. NULL: no memory. */
char *aws_metadata_explain(const AwsMetadataCall *call, const HttpResponse *response);

/* Ends the source with the credentials of the call's last answer, or with what is wrong with it. */
void aws_metadata_end_source(const AwsMetadataCall *call, const HttpResponse *response,
                             AwsJsonForm form, AwsSource *source);

/* 0 where this is an http:// or https:// URL with a sound host and port, without user and white
 * space; -EINVAL and an owned sentence; -ENOMEM. */
int aws_metadata_check_url(const char *url, char **ret_error);
