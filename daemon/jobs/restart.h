/* SPDX-License-Identifier: Apache-2.0 */
/* A restart of an import that was stopped or failed, for an operator and without a job.
 *
 * StartImport goes out once. Where its answer is lost (time-out, broken connection, 5xx) it may
 * have had its effect, so GetImport is asked: an import that runs was restarted; one that is still
 * STOPPED or FAILED was not, and one more StartImport goes out. No answer is lost twice without
 * another GetImport. */
#pragma once

#include "common/memory.h"
#include "daemon/base/peer.h"
#include "daemon/jobs/target.h"

typedef struct RestartRequest {
    const Target *target;
    ImportService service; /* one that can restart imports */
    const char *import_id;
    const char *reason; /* NULL: none given */
    Requester requester;
} RestartRequest;

typedef struct Restart Restart;

/* Once, never from restart_new(): an Import (borrowed), and the restart has been logged; or NULL
 * and the error. The restart may be freed here. */
typedef void (*RestartDone)(json_object *import, const CallError *error, void *userdata);

/* Copies what it needs. 0 or -ENOMEM. */
int restart_new(const RestartRequest *request, RestartDone done, void *userdata, Restart **ret);
void restart_free(Restart *restart); /* gives up what is under way; takes NULL */
DEFINE_CLEANUP(Restart, restart_free)
