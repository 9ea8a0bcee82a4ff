/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/quota.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/linkhash.h>

#include "common/time.h"

#define STOP_RATE 1.0
#define READ_RATE 10.0
/* Calls sent exactly 1/rate apart arrive a little sooner or later than that. */
#define GRACE 0.05

typedef struct Bucket {
    char key[256];
    double tokens; /* at most one second's calls */
    uint64_t filled_usec;
} Bucket;

struct Quotas {
    struct lh_table *table; /* key → Bucket; the entry owns it */
};

static void free_entry(struct lh_entry *entry)
{
    free(lh_entry_v(entry));
}

int quotas_new(Quotas **ret)
{
    Quotas *quotas = calloc(1, sizeof(*quotas));
    if (!quotas)
        return -ENOMEM;
    quotas->table = lh_kchar_table_new(16, free_entry);
    if (!quotas->table) {
        free(quotas);
        return -ENOMEM;
    }
    *ret = quotas;
    return 0;
}

void quotas_free(Quotas *quotas)
{
    if (!quotas)
        return;
    lh_table_free(quotas->table);
    free(quotas);
}

void quotas_clear(Quotas *quotas)
{
    while (quotas->table->head)
        lh_table_delete_entry(quotas->table, quotas->table->head);
}

static Bucket *get_bucket(Quotas *quotas, const Bucket *fresh)
{
    void *found;
    Bucket *bucket;

    if (lh_table_lookup_ex(quotas->table, fresh->key, &found))
        return found;
    bucket = malloc(sizeof(*bucket));
    if (!bucket)
        return NULL;
    *bucket = *fresh;
    if (lh_table_insert(quotas->table, bucket->key, bucket) < 0) {
        free(bucket);
        return NULL;
    }
    return bucket;
}

bool quotas_take(Quotas *quotas, const char *service, const char *account_id, const char *region,
                 bool is_read, uint64_t now_usec)
{
    double rate = is_read ? READ_RATE : STOP_RATE;
    Bucket fresh = {.tokens = rate, .filled_usec = now_usec};
    Bucket *bucket;

    snprintf(fresh.key, sizeof(fresh.key), "%s/%s/%s/%s", is_read ? "read" : "stop", service,
             account_id, region);
    bucket = get_bucket(quotas, &fresh);
    if (!bucket)
        return true;
    bucket->tokens += rate * (double)(now_usec - bucket->filled_usec) / (double)USEC_PER_SEC;
    bucket->filled_usec = now_usec;
    if (bucket->tokens > rate)
        bucket->tokens = rate;
    if (bucket->tokens < 1 - GRACE)
        return false;
    bucket->tokens -= 1;
    return true;
}
