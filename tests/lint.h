/* SPDX-License-Identifier: Apache-2.0 */
/* For cppcheck alone, which does not know queue(3): what its macros expand to. */
#define TAILQ_HEAD(name, type)                                                                     \
    struct name {                                                                                  \
        struct type *first;                                                                        \
    }
#define LIST_HEAD(name, type) TAILQ_HEAD(name, type)
#define SLIST_HEAD(name, type) TAILQ_HEAD(name, type)
#define LIST_FOREACH(variable, head, field)                                                        \
    for (variable = (head)->first; variable; variable = variable->field.next)
#define TAILQ_FOREACH_REVERSE(variable, head, name, field)                                         \
    for (variable = (head)->first; variable; variable = variable->field.previous)
#define TAILQ_FOREACH(variable, head, field)                                                       \
    for (variable = (head)->first; variable; variable = variable->field.next)
#define SLIST_FOREACH(variable, head, field)                                                       \
    for (variable = (head)->first; variable; variable = variable->field.next)
