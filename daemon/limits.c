#include "daemon/limits.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct Account {
    char *key; /* endpoint and access key id */
    Limiter *limiters[N_LIMIT_KINDS];
    TAILQ_HEAD(HolderList, LimitsHolder) holders;
};

struct Limits {
    Timers *timers;
    void *accounts; /* tsearch(3) tree of Account by key */
};

int limits_new(Timers *timers, Limits **ret)
{
    Limits *limits = malloc(sizeof(*limits));

    if (!limits)
        return -ENOMEM;
    *limits = (Limits){.timers = timers};
    *ret = limits;
    return 0;
}

void limits_free(Limits *limits)
{
    free(limits);
}

static int compare_accounts(const void *a, const void *b)
{
    return strcmp(((const Account *)a)->key, ((const Account *)b)->key);
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
    if (!tsearch(account, &limits->accounts, compare_accounts))
        return -ENOMEM;
    *ret = TAKE(account);
    return 0;
}

/* The lowest rate of those who share it. */
static void account_set_rates(Account *account)
{
    for (LimitKind kind = 0; kind < N_LIMIT_KINDS; kind++) {
        double rate = TAILQ_FIRST(&account->holders)->rates[kind];
        const LimitsHolder *holder;

        TAILQ_FOREACH (holder, &account->holders, entry)
            if (holder->rates[kind] < rate)
                rate = holder->rates[kind];
        limiter_set_rate(account->limiters[kind], rate);
    }
}

static void holder_enter(LimitsHolder *holder, Account *account)
{
    limits_leave(holder);
    holder->account = account;
    TAILQ_INSERT_TAIL(&account->holders, holder, entry);
    account_set_rates(account);
}

int limits_join(LimitsHolder *holder, const char *endpoint, const char *access_key_id)
{
    Account *account;
    Account **known;
    char *key;

    if (asprintf(&key, "%s %s", endpoint, access_key_id) < 0)
        return -ENOMEM;
    if (holder->account && strcmp(holder->account->key, key) == 0) {
        free(key);
        return 0;
    }
    known = tfind(&(Account){.key = key}, &holder->limits->accounts, compare_accounts);
    if (known) {
        free(key);
        account = *known;
    } else {
        int r = account_new(holder->limits, key, holder->rates, &account);

        if (r < 0)
            return r;
    }
    holder_enter(holder, account);
    return 0;
}

void limits_follow(LimitsHolder *holder, LimitsHolder *other)
{
    memcpy(other->rates, holder->rates, sizeof(other->rates));
    if (other->account)
        holder_enter(holder, other->account);
}

void limits_leave(LimitsHolder *holder)
{
    Account *account = holder->account;

    if (!account)
        return;
    TAILQ_REMOVE(&account->holders, holder, entry);
    holder->account = NULL;
    if (TAILQ_EMPTY(&account->holders)) {
        tdelete(account, &holder->limits->accounts, compare_accounts);
        account_free(account);
    } else {
        account_set_rates(account);
    }
}

Limiter *limits_get(const LimitsHolder *holder, LimitKind kind)
{
    return holder->account->limiters[kind];
}
