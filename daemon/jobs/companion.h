/* SPDX-License-Identifier: Apache-2.0 */
/* What is saved together with jobs, in the same transaction: a message is held and an outcome is
 * due exactly if the job on disk says so.
 *
 * It lives inside the module that has something to save, which sets all members but the entry and
 * outlives the last commit. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "daemon/jobs/job-record.h"
#include "daemon/jobs/store.h"

typedef struct RegistryCompanion {
    TAILQ_ENTRY(RegistryCompanion) entry;
    /* This job has ended, and its end is being saved: puts into the transaction what is to be saved
       with it. Comes again where the transaction failed. 0, or the negative errno of a store's
       function or -ENOMEM, with which the transaction fails. */
    int (*ended)(const JobRecord *record, Store *store, void *userdata);
    /* Whether there is something to save besides. */
    bool (*has_changes)(void *userdata);
    /* Puts that into the transaction, after the jobs. As ended(). */
    int (*save)(Store *store, void *userdata);
    /* How the transaction went: 0, all of it is on disk; negative errno, nothing is, and jobs that
       would have been new are gone. Jobs may not change in it. */
    void (*saved)(int r, void *userdata);
    void *userdata;
} RegistryCompanion;

typedef TAILQ_HEAD(CompanionList, RegistryCompanion) CompanionList;
