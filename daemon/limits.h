/* CloudTrail's quotas hold for an account and region, not for a target: targets that call the same
 * endpoint with the same access key share their limiters, at the lowest rate that any of them is
 * given.
 *
 * Which account a target's calls belong to is known when it has credentials, so each client of AWS
 * is a holder that joins an account then. */
#pragma once

#include <sys/queue.h>

#include "common/memory.h"
#include "daemon/limiter.h"
#include "daemon/timer.h"

/* CloudTrail's quotas, each with a limiter of its own. */
typedef enum LimitKind {
    LIMIT_STOP, /* StopImport */
    LIMIT_READ, /* Get and List operations */
    N_LIMIT_KINDS
} LimitKind;

typedef struct Limits Limits; /* of all accounts */
typedef struct Account Account;

typedef struct LimitsHolder {
    TAILQ_ENTRY(LimitsHolder) entry;
    Limits *limits;
    Account *account; /* NULL: not known yet */
    double rates[N_LIMIT_KINDS];
} LimitsHolder;

int limits_new(Timers *timers, Limits **ret);
void limits_free(Limits *limits); /* takes NULL; no holder may be left */
DEFINE_CLEANUP(Limits, limits_free)

/* From now on a call of the holder is one of this account; it leaves the one it was of. 0 or
 * -ENOMEM. */
int limits_join(LimitsHolder *holder, const char *endpoint, const char *access_key_id);

/* Takes the place of the other one, which makes its last calls: of the same account as that is, if
 * any, so that what was called before counts on, and from now on at the rates of the holder. */
void limits_follow(LimitsHolder *holder, LimitsHolder *other);
void limits_leave(LimitsHolder *holder); /* calls that wait in its limiters still get their turn */

/* For a holder that has joined. */
Limiter *limits_get(const LimitsHolder *holder, LimitKind kind);
