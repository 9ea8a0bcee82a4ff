/* SPDX-License-Identifier: Apache-2.0 */
/* The roles that STS lets callers assume: README.md, "Roles". */
#pragma once

#include <json-c/json.h>

#include "tests/sim/account.h"

typedef struct Role {
    char *arn;
    char *principals;  /* names, as in fields.h: who may assume it; NULL: every account */
    char *external_id; /* NULL: none is asked for */
    /* Names: for AssumeRoleWithWebIdentity; NULL: none. */
    char *web_identity_tokens, *expired_web_identity_tokens;
} Role;

typedef struct Roles Roles;

int roles_new(Roles **ret);
void roles_free(Roles *roles);
void roles_clear(Roles *roles);

/* Replaces one with the same ARN. 0; -EINVAL and an owned sentence; -ENOMEM. */
int roles_add(Roles *roles, json_object *declaration, char **ret_error);

const Role *roles_find(const Roles *roles, const char *arn); /* NULL: none */

/* True: the account is a principal that the role trusts. */
bool role_trusts(const Role *role, const Account *account);

/* What the ARN of a role is made of: arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME. */
typedef struct RoleArn {
    char partition[32];
    char account_id[13];
    char name[65];
} RoleArn;

/* 0; -EINVAL and an owned sentence; -ENOMEM. */
int role_arn_parse(const char *arn, RoleArn *ret, char **ret_error);
