/* SPDX-License-Identifier: Apache-2.0 */
/* The document that tells other systems how a job ended: an event of EventBridge, and the body of a
 * message of SQS. */
#pragma once

#include "daemon/jobs/job-record.h"

#define OUTCOME_SOURCE "io.trailstop"
#define OUTCOME_DETAIL_TYPE "Import stop ended"

/* Of one detail, so that what is around it fits into an event and a message as well: both services
 * take 256 KiB. */
#define OUTCOME_DETAIL_MAX ((size_t)250 * 1024)

/* The event's detail, {"job":{…}}, of a job that ended; the caller frees it. Whatever the record
 * holds, SQS and EventBridge take it: of one that is too large the import, the reason and the error
 * are left out, in this order, and what they take for no character is escaped. 0 or -ENOMEM. */
int outcome_make_detail(const JobRecord *record, char **ret);

/* The whole event, as the body of a message; the caller frees it. 0 or -ENOMEM. */
int outcome_make_message(const char *detail, char **ret);

#define OUTCOME_GROUP_SIZE 129U /* SQS takes up to 128 characters */

/* The message group of FIFO queues, so that what became of one import arrives in its order: the
 * import's id, or as much of it as a group may have. 0; -EBADMSG: the detail is not one; -ENOMEM.
 */
int outcome_read_group(const char *detail, char ret[static OUTCOME_GROUP_SIZE]);
