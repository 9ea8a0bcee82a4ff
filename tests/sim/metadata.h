/* SPDX-License-Identifier: Apache-2.0 */
/* What the metadata services of an instance and of containers give out: README.md, "Instance and
 * containers". */
#pragma once

#include <json-c/json.h>

typedef struct Instance {
    char *role;           /* an ARN; NULL: the instance has none */
    double token_seconds; /* how long a token lasts at most; 0: as long as was asked for */
} Instance;

/* Replaces all of it. 0; -EINVAL and an owned sentence, and nothing has changed; -ENOMEM. */
int instance_set(Instance *instance, json_object *declaration, char **ret_error);
void instance_clear(Instance *instance);

typedef struct Container {
    char *path;          /* where its credentials are */
    char *authorization; /* what the header of that name must be; NULL: anything */
    char *role;          /* an ARN */
} Container;

typedef struct Containers Containers;

int containers_new(Containers **ret);
void containers_free(Containers *containers);
void containers_clear(Containers *containers);

/* Replaces one with the same path. 0; -EINVAL and an owned sentence; -ENOMEM. */
int containers_add(Containers *containers, json_object *declaration, char **ret_error);

const Container *containers_find(const Containers *containers, const char *path); /* NULL: none */
