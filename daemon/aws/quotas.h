/* SPDX-License-Identifier: Apache-2.0 */
/* CloudTrail's quotas hold for an account and region, not for a target: targets that call the same
 * endpoint and region for the same account share their pacers, at the lowest rate that any of
 * them is given.
 *
 * Which account a target's calls belong to is known when it has credentials, so each client of AWS
 * is a holder that joins an account then. Credentials that do not name theirs stand for one by
 * their access key. Renewed ones have other keys, and no new quota comes with them: a holder takes
 * its calls along, those that wait and the time of the last. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "common/memory.h"
#include "daemon/aws/pacer.h"
#include "daemon/base/timer.h"

/* CloudTrail's quotas, each with a pacer of its own. */
typedef enum QuotaKind {
    QUOTA_STOP, /* StopImport */
    QUOTA_READ, /* Get and List operations */
    N_QUOTA_KINDS
} QuotaKind;

typedef struct Quotas Quotas; /* of all accounts */
typedef struct Account Account;

typedef struct QuotasHolder {
    TAILQ_ENTRY(QuotasHolder) entry;
    Quotas *quotas;
    Account *account; /* NULL: not known yet */
    bool joined;      /* it is that of its own calls, not only of those of the holder it follows */
    double rates[N_QUOTA_KINDS];
} QuotasHolder;

int quotas_new(Timers *timers, Quotas **ret);
void quotas_free(Quotas *quotas); /* takes NULL; no holder may be left */
DEFINE_CLEANUP(Quotas, quotas_free)

/* From now on the holder's calls are of this account; it leaves the one they were of. id: of the
 * account, else of the access key. 0 or -ENOMEM. */
int quotas_join(QuotasHolder *holder, const char *service, const char *endpoint, const char *region,
                const char *id);

/* Takes the place of the other one, which makes its last calls: of the same account as that is, if
 * any, so that what was called before counts on, and from now on at the rates of the holder. If it
 * then joins another account, it takes nothing along: the configuration names other credentials or
 * another region. Until it joins, its rates bind nobody else. */
void quotas_follow(QuotasHolder *holder, QuotasHolder *other);
void quotas_leave(QuotasHolder *holder); /* calls that wait in its pacers still get their turn */

/* As pacer_enter(), for a holder that has joined. */
void quotas_enter(QuotasHolder *holder, QuotaKind kind, PacerWait *wait);
