/* SPDX-License-Identifier: Apache-2.0 */
/* The last observation of a running job's import. It is most of what a job takes, and looked at
 * rarely: it is in the job's record until it is saved and while somebody follows the job, else in
 * the store alone. */
#pragma once

#include "daemon/jobs/job.h"
#include "daemon/jobs/store.h"

/* It is in the store, and not in the record. */
bool job_import_is_away(const Job *job);

/* Back into the record. 0; negative errno of store_get(), and it is still away. */
int job_import_load(Job *job, Store *store);

/* Out of the record, where it is not needed there any more. */
void job_import_drop(Job *job);
