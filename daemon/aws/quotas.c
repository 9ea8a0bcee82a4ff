#include "daemon/aws/quotas.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"

struct Account {
    TAILQ_ENTRY(Account) entry;
    char *key; /* endpoint and id */
    Limiter *limiters[N_LIMIT_KINDS];
    TAILQ_HEAD(HolderList, LimitsHolder) holders;
};

struct Limits {
    Timers *timers;
    TAILQ_HEAD(AccountList, Account) accounts;
};

int limits_new(Timers *timers, Limits **ret)
{
    Limits *limits = malloc(sizeof(*limits));

    if (!limits)
        return -ENOMEM;
    *limits = (Limits){.timers = timers};
    TAILQ_INIT(&limits->accounts);
    *ret = limits;
    return 0;
}

void limits_free(Limits *limits)
{
    free(limits);
}

static void account_free(Account *account)
{
    for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++)
        limiter_unref(account->limiters[kind]);
    free(account->key);
    free(account);
}
DEFINE_CLEANUP(Account, account_free)

/* Takes the key, also on failure. */
static int account_new(Limits *limits, char *key, const double rates[N_LIMIT_KINDS], Account **ret)
{
    CLEANUP(account_freep) Account *account = calloc(1, sizeof(*account));

    if (!account) {
        free(key);
        return -ENOMEM;
    }
    account->key = key;
    TAILQ_INIT(&account->holders);
    for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++) {
        int r = limiter_new(limits->timers, rates[kind], &account->limiters[kind]);

        if (r < 0)
            return r;
    }
    TAILQ_INSERT_TAIL(&limits->accounts, account, entry);
    *ret = TAKE(account);
    return 0;
}

/* The lowest rate of those who share it; who only follows may turn out to be of another account.
 * Where nobody is left but such, it stays as it was. */
static void account_set_rates(Account *account)
{
    for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++) {
        double rate = INFINITY;
        const LimitsHolder *holder;

        TAILQ_FOREACH (holder, &account->holders, entry)
            if (holder->joined && holder->rates[kind] < rate)
                rate = holder->rates[kind];
        if (isfinite(rate))
            limiter_set_rate(account->limiters[kind], rate);
    }
}

/* The holder's own first: that is the one for nearly every call. */
static Account *find_account(const LimitsHolder *holder, const char *key)
{
    Account *account = holder->account;

    if (account && strcmp(account->key, key) == 0)
        return account;
    TAILQ_FOREACH (account, &holder->limits->accounts, entry)
        if (strcmp(account->key, key) == 0)
            return account;
    return NULL;
}

static void holder_enter(LimitsHolder *holder, Account *account)
{
    if (holder->joined)
        for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++)
            limiter_move(holder->account->limiters[kind], holder, account->limiters[kind]);
    limits_leave(holder);
    holder->account = account;
    TAILQ_INSERT_TAIL(&account->holders, holder, entry);
}

/* Nobody else knows its account by the key that it had. */
static bool holder_is_alone(const LimitsHolder *holder)
{
    return TAILQ_FIRST(&holder->account->holders) == holder && !TAILQ_NEXT(holder, entry);
}

int limits_join(LimitsHolder *holder, const char *endpoint, const char *region, const char *id)
{
    Account *account;
    char *key;

    if (string_format(&key, "%s %s %s", endpoint, region, id) < 0)
        return -ENOMEM;
    account = find_account(holder, key);
    if (account) {
        free(key);
    } else if (holder->joined && holder_is_alone(holder)) {
        account = holder->account;
        free(account->key);
        account->key = key;
    } else {
        int r = account_new(holder->limits, key, holder->rates, &account);

        if (r < 0)
            return r;
    }
    if (account == holder->account && holder->joined)
        return 0;
    if (account != holder->account)
        holder_enter(holder, account);
    holder->joined = true;
    account_set_rates(account);
    return 0;
}

void limits_follow(LimitsHolder *holder, LimitsHolder *other)
{
    memcpy(other->rates, holder->rates, sizeof(other->rates));
    if (!other->account)
        return;
    holder_enter(holder, other->account);
    account_set_rates(other->account);
}

void limits_leave(LimitsHolder *holder)
{
    Account *account = holder->account;

    if (!account)
        return;
    TAILQ_REMOVE(&account->holders, holder, entry);
    holder->account = NULL;
    if (TAILQ_EMPTY(&account->holders)) {
        TAILQ_REMOVE(&holder->limits->accounts, account, entry);
        account_free(account);
    } else {
        account_set_rates(account);
    }
}

void limits_enter(LimitsHolder *holder, LimitKind kind, LimiterWait *wait)
{
    wait->owner = holder;
    limiter_enter(holder->account->limiters[kind], wait);
}
