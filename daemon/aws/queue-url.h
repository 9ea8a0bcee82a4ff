/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a queue of Amazon SQS, as `aws sqs get-queue-url` prints it: it names the host to call
 * and, where that is one of AWS's, the region to sign for.
 *
 * Source: Amazon SQS Developer Guide, "Queue and message identifiers"; AWS General Reference,
 * "Amazon SQS endpoints and quotas" (legacy endpoints). */
#pragma once

/* https, or http for a loopback host; a host, and a path that names the queue; no user, query or
 * fragment. 0, or -EINVAL and an owned sentence; -ENOMEM. */
int queue_url_validate(const char *url, char **ret_error);

/* Of a valid one, owned: "https://sqs.eu-west-1.amazonaws.com". 0 or -ENOMEM. */
int queue_url_get_endpoint(const char *url, char **ret);

/* The region that its host names, owned; NULL: it names none. 0 or -ENOMEM. */
int queue_url_get_region(const char *url, char **ret);
