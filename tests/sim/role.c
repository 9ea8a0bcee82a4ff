/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/role.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "common/explain.h"
#include "common/memory.h"
#include "tests/sim/fields.h"

struct Roles {
    struct lh_table *table; /* ARN → Role; the entry owns it */
};

static const Field role_fields[] = {
    {"arn", FIELD_STRING, offsetof(Role, arn)},
    {"principals", FIELD_NAMES, offsetof(Role, principals)},
    {"externalId", FIELD_STRING, offsetof(Role, external_id)},
    {"webIdentityTokens", FIELD_NAMES, offsetof(Role, web_identity_tokens)},
    {"expiredWebIdentityTokens", FIELD_NAMES, offsetof(Role, expired_web_identity_tokens)},
};
#define N_ROLE_FIELDS (sizeof(role_fields) / sizeof(*role_fields))

static void role_free(Role *role)
{
    if (!role)
        return;
    fields_clear(role_fields, N_ROLE_FIELDS, role);
    free(role);
}
DEFINE_CLEANUP(Role, role_free)

static void free_entry(struct lh_entry *entry)
{
    role_free(lh_entry_v(entry));
}

int roles_new(Roles **ret)
{
    Roles *roles = calloc(1, sizeof(*roles));
    if (!roles)
        return -ENOMEM;
    roles->table = lh_kchar_table_new(16, free_entry);
    if (!roles->table) {
        free(roles);
        return -ENOMEM;
    }
    *ret = roles;
    return 0;
}

void roles_free(Roles *roles)
{
    if (!roles)
        return;
    lh_table_free(roles->table);
    free(roles);
}

void roles_clear(Roles *roles)
{
    while (roles->table->head)
        lh_table_delete_entry(roles->table, roles->table->head);
}

const Role *roles_find(const Roles *roles, const char *arn)
{
    void *role;

    return lh_table_lookup_ex(roles->table, arn, &role) ? role : NULL;
}

int roles_add(Roles *roles, json_object *declaration, char **ret_error)
{
    RoleArn arn;
    CLEANUP(role_freep) Role *role = calloc(1, sizeof(*role));
    int r;

    if (!role)
        return -ENOMEM;

    r = fields_read(declaration, role_fields, N_ROLE_FIELDS, role, ret_error);
    if (r == 0)
        r = role_arn_parse(role->arn ? role->arn : "", &arn, ret_error);
    if (r < 0)
        return r;
    lh_table_delete(roles->table, role->arn);
    if (lh_table_insert(roles->table, role->arn, role) < 0)
        return -ENOMEM;
    TAKE(role);
    return 0;
}

bool role_trusts(const Role *role, const Account *account)
{
    return !role->principals || fields_names_have(role->principals, account->access_key) ||
           fields_names_have(role->principals, account->account_id) ||
           (account->role_arn && fields_names_have(role->principals, account->role_arn));
}

int role_arn_parse(const char *arn, RoleArn *ret, char **ret_error)
{
    int end = -1;
    const char *slash;

    *ret = (RoleArn){0};
    sscanf(arn, "arn:%31[a-z-]:iam::%12[0-9]:role/%n", ret->partition, ret->account_id, &end);
    slash = end > 0 ? strrchr(arn, '/') : NULL;
    if (!slash || strlen(ret->account_id) != sizeof(ret->account_id) - 1 || !slash[1] ||
        strlen(slash + 1) >= sizeof(ret->name))
        return explain(ret_error, -EINVAL,
                       "'%s' is not the ARN of a role, such as arn:aws:iam::111122223333:role/NAME",
                       arn);
    strcpy(ret->name, slash + 1);
    return 0;
}
