/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/metadata.h"

#include <errno.h>
#include <stdlib.h>

#include <json-c/linkhash.h>

#include "common/explain.h"
#include "common/memory.h"
#include "tests/sim/fields.h"
#include "tests/sim/role.h"

struct Containers {
    struct lh_table *table; /* path → Container; the entry owns it */
};

static const Field instance_fields[] = {
    {"role", FIELD_STRING, offsetof(Instance, role)},
    {"tokenSeconds", FIELD_SECONDS, offsetof(Instance, token_seconds)},
};
#define N_INSTANCE_FIELDS (sizeof(instance_fields) / sizeof(*instance_fields))

static const Field container_fields[] = {
    {"path", FIELD_STRING, offsetof(Container, path)},
    {"authorization", FIELD_STRING, offsetof(Container, authorization)},
    {"role", FIELD_STRING, offsetof(Container, role)},
};
#define N_CONTAINER_FIELDS (sizeof(container_fields) / sizeof(*container_fields))

void instance_clear(Instance *instance)
{
    fields_clear(instance_fields, N_INSTANCE_FIELDS, instance);
    *instance = (Instance){0};
}

int instance_set(Instance *instance, json_object *declaration, char **ret_error)
{
    Instance changed = {0};
    RoleArn arn;

    int r = fields_read(declaration, instance_fields, N_INSTANCE_FIELDS, &changed, ret_error);
    if (r == 0 && changed.role)
        r = role_arn_parse(changed.role, &arn, ret_error);
    if (r < 0) {
        instance_clear(&changed);
        return r;
    }
    instance_clear(instance);
    *instance = changed;
    return 0;
}

static void container_free(Container *container)
{
    if (!container)
        return;
    fields_clear(container_fields, N_CONTAINER_FIELDS, container);
    free(container);
}
DEFINE_CLEANUP(Container, container_free)

static void free_entry(struct lh_entry *entry)
{
    container_free(lh_entry_v(entry));
}

int containers_new(Containers **ret)
{
    Containers *containers = calloc(1, sizeof(*containers));
    if (!containers)
        return -ENOMEM;
    containers->table = lh_kchar_table_new(16, free_entry);
    if (!containers->table) {
        free(containers);
        return -ENOMEM;
    }
    *ret = containers;
    return 0;
}

void containers_free(Containers *containers)
{
    if (!containers)
        return;
    lh_table_free(containers->table);
    free(containers);
}

void containers_clear(Containers *containers)
{
    while (containers->table->head)
        lh_table_delete_entry(containers->table, containers->table->head);
}

int containers_add(Containers *containers, json_object *declaration, char **ret_error)
{
    RoleArn arn;
    CLEANUP(container_freep) Container *container = calloc(1, sizeof(*container));
    int r;

    if (!container)
        return -ENOMEM;

    r = fields_read(declaration, container_fields, N_CONTAINER_FIELDS, container, ret_error);
    if (r == 0 && (!container->path || *container->path != '/'))
        r = explain(ret_error, -EINVAL, "a container needs a path, such as /v2/credentials/ID");
    if (r == 0)
        r = role_arn_parse(container->role ? container->role : "", &arn, ret_error);
    if (r < 0)
        return r;
    lh_table_delete(containers->table, container->path);
    if (lh_table_insert(containers->table, container->path, container) < 0)
        return -ENOMEM;
    TAKE(container);
    return 0;
}

const Container *containers_find(const Containers *containers, const char *path)
{
    void *container;

    return lh_table_lookup_ex(containers->table, path, &container) ? container : NULL;
}
