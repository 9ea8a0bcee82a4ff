/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-import.h"

#include <stdlib.h>

bool job_import_is_away(const Job *job)
{
    return job->registered.import_stored && !job->record.import;
}

int job_import_load(Job *job, Store *store)
{
    JobRecord record;
    int r;

    if (!job_import_is_away(job))
        return 0;
    r = store_get(store, job->record.id, &record);
    if (r < 0)
        return r;
    job->record.import = TAKE(record.import);
    job_record_clear(&record);
    return 0;
}

void job_import_drop(Job *job)
{
    JobRegistration *registered = &job->registered;

    if (!job->record.import || !registered->stored || registered->changed)
        return;
    registered->import_stored = true;
    if (LIST_EMPTY(&registered->followers))
        free(TAKE(job->record.import));
}
