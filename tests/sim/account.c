/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/account.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <json-c/linkhash.h>
#include <openssl/crypto.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/fields.h"

struct Accounts {
    struct lh_table *table; /* access key → Account; the entry owns it */
    uint64_t n_sessions;    /* ever */
};

static const Field account_fields[] = {
    {"accessKey", FIELD_STRING, offsetof(Account, access_key)},
    {"secretKey", FIELD_STRING, offsetof(Account, secret_key)},
    {"sessionToken", FIELD_STRING, offsetof(Account, session_token)},
    {"accountId", FIELD_STRING, offsetof(Account, account_id)},
    {"roleArn", FIELD_STRING, offsetof(Account, role_arn)},
    {"expiresInSeconds", FIELD_SECONDS, offsetof(Account, expires_in_seconds)},
};
#define N_ACCOUNT_FIELDS (sizeof(account_fields) / sizeof(*account_fields))

static void account_free(Account *account)
{
    if (!account)
        return;
    if (account->secret_key)
        OPENSSL_cleanse(account->secret_key, strlen(account->secret_key));
    OPENSSL_cleanse(account->signing_key, sizeof(account->signing_key));
    fields_clear(account_fields, N_ACCOUNT_FIELDS, account);
    free(account);
}
DEFINE_CLEANUP(Account, account_free)

static void free_entry(struct lh_entry *entry)
{
    account_free(lh_entry_v(entry));
}

int accounts_new(Accounts **ret)
{
    Accounts *accounts = calloc(1, sizeof(*accounts));
    if (!accounts)
        return -ENOMEM;
    accounts->table = lh_kchar_table_new(16, free_entry);
    if (!accounts->table) {
        free(accounts);
        return -ENOMEM;
    }
    *ret = accounts;
    return 0;
}

void accounts_free(Accounts *accounts)
{
    if (!accounts)
        return;
    lh_table_free(accounts->table);
    free(accounts);
}

void accounts_clear(Accounts *accounts)
{
    while (accounts->table->head)
        lh_table_delete_entry(accounts->table, accounts->table->head);
}

Account *accounts_find(Accounts *accounts, const char *access_key)
{
    void *account;

    return lh_table_lookup_ex(accounts->table, access_key, &account) ? account : NULL;
}

/* Takes the account, also on failure. */
static int insert(Accounts *accounts, Account *account)
{
    lh_table_delete(accounts->table, account->access_key);
    if (lh_table_insert(accounts->table, account->access_key, account) == 0)
        return 0;
    account_free(account);
    return -ENOMEM;
}

int accounts_add(Accounts *accounts, json_object *declaration, char **ret_error)
{
    CLEANUP(account_freep) Account *account = calloc(1, sizeof(*account));
    int r;
    double expires_usec;

    if (!account)
        return -ENOMEM;
    account->expires_in_seconds = INFINITY;

    r = fields_read(declaration, account_fields, N_ACCOUNT_FIELDS, account, ret_error);
    if (r < 0)
        return r;
    if (!account->access_key || !account->secret_key)
        return explain(ret_error, -EINVAL, "an account needs an accessKey and a secretKey");
    if (!account->account_id) {
        r = fields_set_string(&account->account_id, account->access_key);
        if (r < 0)
            return r;
    }
    expires_usec = (double)time_now_realtime() + account->expires_in_seconds * (double)USEC_PER_SEC;
    account->expires_usec = expires_usec >= (double)UINT64_MAX ? UINT64_MAX
                            : expires_usec <= 0                ? 0
                                                               : (uint64_t)expires_usec;

    return insert(accounts, TAKE(account));
}

int accounts_add_session(Accounts *accounts, const Account *session, const Account **ret)
{
    char access_key[32];
    CLEANUP(account_freep) Account *account = calloc(1, sizeof(*account));
    const Account *added;
    int r;

    if (!account)
        return -ENOMEM;

    snprintf(access_key, sizeof(access_key), "ASIA%016" PRIu64, ++accounts->n_sessions);
    if (fields_set_string(&account->access_key, access_key) < 0 ||
        fields_set_string(&account->secret_key, session->secret_key) < 0 ||
        fields_set_string(&account->session_token, session->session_token) < 0 ||
        fields_set_string(&account->account_id, session->account_id) < 0 ||
        fields_set_string(&account->role_arn, session->role_arn) < 0)
        return -ENOMEM;
    account->expires_usec = session->expires_usec;
    added = account;
    r = insert(accounts, TAKE(account));
    if (r == 0)
        *ret = added;
    return r;
}

static json_object *account_to_json(const Account *account)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    double left = ((double)account->expires_usec - (double)time_now_realtime()) / USEC_PER_SEC;

    if (!object || json_add_string(object, "accessKey", account->access_key) < 0 ||
        json_add_string(object, "secretKey", account->secret_key) < 0 ||
        json_add_string(object, "sessionToken", account->session_token) < 0 ||
        json_add_string(object, "accountId", account->account_id) < 0 ||
        json_add_string(object, "roleArn", account->role_arn) < 0 ||
        (account->expires_usec != UINT64_MAX &&
         json_add(object, "expiresInSeconds", json_object_new_double(left)) < 0))
        return NULL;
    return TAKE(object);
}

json_object *accounts_to_json(const Accounts *accounts)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    for (struct lh_entry *entry = accounts->table->head; array && entry; entry = entry->next) {
        json_object *object = account_to_json(lh_entry_v(entry));
        if (!object || json_object_array_add(array, object) < 0)
            return NULL;
    }
    return TAKE(array);
}

int account_from_text(const char *text, json_object **ret, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *declaration = json_object_new_object();
    CLEANUP(freep) char *copy = strdup(text);
    char *rest;
    const char *access_key, *secret_key;

    if (!declaration || !copy)
        return -ENOMEM;
    rest = copy;
    access_key = strsep(&rest, ":");
    secret_key = strsep(&rest, ":");
    if (!secret_key || !*access_key || !*secret_key)
        return explain(ret_error, -EINVAL, "expected ACCESS_KEY:SECRET or ACCESS_KEY:SECRET:TOKEN");
    if (json_add_string(declaration, "accessKey", access_key) < 0 ||
        json_add_string(declaration, "secretKey", secret_key) < 0 ||
        json_add_string(declaration, "sessionToken", rest) < 0)
        return -ENOMEM;
    *ret = TAKE(declaration);
    return 0;
}
