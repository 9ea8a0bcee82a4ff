/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: the credentials that the simulator takes, each with what it sees. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define SIGNING_KEY_SIZE 32U

typedef struct Account {
    char *access_key;
    char *secret_key;
    char *session_token; /* NULL: none */
    char *account_id;    /* whose imports it sees; the access key where nothing else is set */
    char *role_arn;      /* NULL: not the session of a role */
    double expires_in_seconds;
    uint64_t expires_usec; /* CLOCK_REALTIME */
    /* The key that signs for one scope, kept because calls come in runs of one scope. */
    char signing_scope[160];
    unsigned char signing_key[SIGNING_KEY_SIZE];
} Account;

typedef struct Accounts Accounts;

int accounts_new(Accounts **ret);
void accounts_free(Accounts *accounts);
void accounts_clear(Accounts *accounts);

/* An account as in README.md; replaces one with the same access key. 0; -EINVAL and an owned
 * sentence; -ENOMEM. */
int accounts_add(Accounts *accounts, json_object *declaration, char **ret_error);

/* Adds a copy of the session, whose access key is made here: no two sessions ever share one. 0 or
 * -ENOMEM. */
int accounts_add_session(Accounts *accounts, const Account *session, const Account **ret);

/* Declarations of all accounts there are, sessions and secrets included. NULL: no memory. */
json_object *accounts_to_json(const Accounts *accounts);

/* "KEY:SECRET[:TOKEN]" as a declaration. */
int account_from_text(const char *text, json_object **ret, char **ret_error);

Account *accounts_find(Accounts *accounts, const char *access_key); /* NULL: none */
