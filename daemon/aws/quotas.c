/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/quotas.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"

/* An account lives as long as it has holders. A holder has none before its first credentials, then
 * that of its credentials (quotas_join), which it leaves for another when they are somebody else's.
 *
 * A reload replaces a client while calls of the old one are under way, and nobody knows yet whether
 * the new configuration means the same account. So the new holder follows the old one: it sits in
 * the same account from the start, and the account lives on, with the time of its last call, when
 * the old holder leaves. Only when credentials have come does the new one join: the same account,
 * as nearly always, or another, and then it takes nothing along. Until then its rates bind nobody
 * else, because they may be meant for another account. */

struct Account {
    TAILQ_ENTRY(Account) entry;
    char *key; /* endpoint and id */
    Pacer *pacers[N_QUOTA_KINDS];
    /* The rate of those holders that have joined, and of how many it is: a thousand targets may
     * share an account. */
    double lowest[N_QUOTA_KINDS];
    size_t n_lowest[N_QUOTA_KINDS];
    TAILQ_HEAD(HolderList, QuotasHolder) holders;
};

struct Quotas {
    Timers *timers;
    TAILQ_HEAD(AccountList, Account) accounts;
};

int quotas_new(Timers *timers, Quotas **ret)
{
    Quotas *quotas = malloc(sizeof(*quotas));

    if (!quotas)
        return -ENOMEM;
    *quotas = (Quotas){.timers = timers};
    TAILQ_INIT(&quotas->accounts);
    *ret = quotas;
    return 0;
}

void quotas_free(Quotas *quotas)
{
    assert(!quotas || TAILQ_EMPTY(&quotas->accounts));
    free(quotas);
}

static void account_free(Account *account)
{
    assert(TAILQ_EMPTY(&account->holders));
    for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++)
        pacer_unref(account->pacers[kind]);
    free(account->key);
    free(account);
}
DEFINE_CLEANUP(Account, account_free)

static int account_new(Quotas *quotas, const char *key, const double rates[N_QUOTA_KINDS],
                       Account **ret)
{
    CLEANUP(account_freep) Account *account = calloc(1, sizeof(*account));

    if (!account)
        return -ENOMEM;
    TAILQ_INIT(&account->holders);
    if (string_copy(key, &account->key) < 0)
        return -ENOMEM;
    for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++) {
        int r = pacer_new(quotas->timers, rates[kind], &account->pacers[kind]);

        if (r < 0)
            return r;
    }
    TAILQ_INSERT_TAIL(&quotas->accounts, account, entry);
    *ret = TAKE(account);
    return 0;
}

/* The rate of an account is the lowest of the holders that share it. One that only follows may turn
 * out to be of another account and does not count; where no other is left, the rate stays as it
 * was. */
static void account_count_rate(Account *account, QuotaKind kind, double rate)
{
    if (account->n_lowest[kind] == 0 || rate < account->lowest[kind]) {
        account->lowest[kind] = rate;
        account->n_lowest[kind] = 0;
    }
    if (rate == account->lowest[kind])
        account->n_lowest[kind]++;
}

static void account_set_rates(Account *account)
{
    for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++)
        if (account->n_lowest[kind] > 0)
            pacer_set_rate(account->pacers[kind], account->lowest[kind]);
}

static void account_count(Account *account, const QuotasHolder *holder)
{
    assert(holder->account == account && holder->joined);
    for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++)
        account_count_rate(account, kind, holder->rates[kind]);
    account_set_rates(account);
}

static void account_discount_rate(Account *account, QuotaKind kind, double rate)
{
    const QuotasHolder *holder;

    if (rate > account->lowest[kind] || --account->n_lowest[kind] > 0)
        return;
    TAILQ_FOREACH (holder, &account->holders, entry)
        if (holder->joined)
            account_count_rate(account, kind, holder->rates[kind]);
}

/* The holder has left, or has another rate now: it is not in the list, or has not joined. */
static void account_discount(Account *account, const double rates[N_QUOTA_KINDS])
{
    for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++)
        account_discount_rate(account, kind, rates[kind]);
    account_set_rates(account);
}

/* The holder's own first: that is the one for nearly every call. */
static Account *find_account(const QuotasHolder *holder, const char *key)
{
    Account *account = holder->account;

    if (account && strcmp(account->key, key) == 0)
        return account;
    TAILQ_FOREACH (account, &holder->quotas->accounts, entry)
        if (strcmp(account->key, key) == 0)
            return account;
    return NULL;
}

static void holder_enter(QuotasHolder *holder, Account *account)
{
    if (holder->joined)
        for (QuotaKind kind = 0; kind < N_QUOTA_KINDS; kind++)
            pacer_move(holder->account->pacers[kind], holder, account->pacers[kind]);
    quotas_leave(holder);
    holder->account = account;
    TAILQ_INSERT_TAIL(&account->holders, holder, entry);
}

int quotas_join(QuotasHolder *holder, const char *service, const char *endpoint, const char *region,
                const char *id)
{
    CLEANUP(freep) char *key = NULL;
    Account *account;

    if (string_format(&key, "%s %s %s %s", service, endpoint, region, id) < 0)
        return -ENOMEM;
    account = find_account(holder, key);
    if (!account) {
        int r = account_new(holder->quotas, key, holder->rates, &account);

        if (r < 0)
            return r;
    }
    if (account == holder->account && holder->joined)
        return 0;
    if (account != holder->account)
        holder_enter(holder, account);
    holder->joined = true;
    account_count(account, holder);
    return 0;
}

/* A holder that has joined. */
static void holder_change_rates(QuotasHolder *holder, const double rates[N_QUOTA_KINDS])
{
    double former[N_QUOTA_KINDS];

    memcpy(former, holder->rates, sizeof(former));
    memcpy(holder->rates, rates, sizeof(holder->rates));
    holder->joined = false;
    account_discount(holder->account, former);
    holder->joined = true;
    account_count(holder->account, holder);
}

void quotas_follow(QuotasHolder *holder, QuotasHolder *other)
{
    assert(!holder->account && holder->quotas == other->quotas);
    if (other->joined && other->account)
        holder_change_rates(other, holder->rates);
    else
        memcpy(other->rates, holder->rates, sizeof(other->rates));
    if (other->account)
        holder_enter(holder, other->account);
}

void quotas_leave(QuotasHolder *holder)
{
    Account *account = holder->account;

    if (!account)
        return;
    TAILQ_REMOVE(&account->holders, holder, entry);
    holder->account = NULL;
    if (TAILQ_EMPTY(&account->holders)) {
        TAILQ_REMOVE(&holder->quotas->accounts, account, entry);
        account_free(account);
    } else if (holder->joined) {
        account_discount(account, holder->rates);
    }
}

void quotas_enter(QuotasHolder *holder, QuotaKind kind, PacerWait *wait)
{
    assert(holder->account);
    wait->owner = holder;
    pacer_enter(holder->account->pacers[kind], wait);
}
