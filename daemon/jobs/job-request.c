/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-request.h"

#include <errno.h>
#include <string.h>

#include "common/string.h"

int job_request_make_record(const JobRequest *request, const Timers *timers, uint64_t number,
                            JobRecord *ret)
{
    JobRecord record;
    sd_id128_t id;
    int r = sd_id128_randomize(&id);

    if (r < 0)
        return r;
    record = (JobRecord){
        .number = number,
        .kind = request->key.kind,
        .service = request->key.service,
        .import_id = strdup(request->key.import_id),
        .target = strdup(request->target->name),
        .requester = request->requester,
        .state = JOB_QUEUED,
        .requested_usec = timers_realtime_usec(timers),
        .requested_boottime_usec = timers_boottime_usec(timers),
    };
    sd_id128_to_string(id, record.id);
    record.updated_usec = record.requested_usec;
    if (request->timeout_usec > 0) {
        record.deadline_usec = record.requested_usec + request->timeout_usec;
        record.deadline_boottime_usec = record.requested_boottime_usec + request->timeout_usec;
    }
    if (!record.import_id || !record.target || string_copy(request->reason, &record.reason) < 0 ||
        string_copy(request->guard, &record.guard) < 0 ||
        (request->message && job_message_copy(&record.message, request->message) < 0)) {
        job_record_clear(&record);
        return -ENOMEM;
    }
    *ret = record;
    return 0;
}
