/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/config/option-value.h"

/* ---- sections that have a name ---- */

static void target_config_free(TargetConfig *target)
{
    aws_settings_unref(target->account.settings);
    config_section_end(&target->account.section);
    free(target);
}

static void guard_config_free(GuardConfig *guard)
{
    config_section_end(&guard->section);
    free(guard);
}

static void queue_config_free(QueueConfig *queue)
{
    aws_settings_unref(queue->account.settings);
    config_section_end(&queue->account.section);
    free(queue->endpoint);
    free(queue->outcome_endpoint);
    free(queue->outcome_region);
    free(queue);
}

static void notify_config_free(NotifyConfig *notify)
{
    aws_settings_unref(notify->account.settings);
    config_section_end(&notify->account.section);
    free(notify->endpoint);
    free(notify);
}

/* One list of a Config: what it may have, and what is added to it. */
#define DEFINE_LIST(type, noun, head, list, kind, n_max)                                           \
    _Static_assert(offsetof(type, head) == 0, "its section is the first member");                  \
    DEFINE_CLEANUP(type, noun##_config_free)                                                       \
                                                                                                   \
    int config_add_##noun(Config *config, const char *name, const char *file, unsigned line,       \
                          type **ret)                                                              \
    {                                                                                              \
        CLEANUP(noun##_config_freep) type *fresh = NULL;                                           \
        type **grown;                                                                              \
        int r = config->noun##_names ? 0 : text_set_new(&config->noun##_names);                    \
                                                                                                   \
        if (r < 0)                                                                                 \
            return r;                                                                              \
        if (text_set_has(config->noun##_names, name)) {                                            \
            *ret = config->list[text_set_find(config->noun##_names, name)];                        \
            return 0;                                                                              \
        }                                                                                          \
        if (config->n_##list >= n_max)                                                             \
            return -E2BIG;                                                                         \
        grown = reallocarray(config->list, config->n_##list + 1, sizeof(*grown));                  \
        if (!grown)                                                                                \
            return -ENOMEM;                                                                        \
        config->list = grown;                                                                      \
        fresh = calloc(1, sizeof(*fresh));                                                         \
        r = fresh ? config_section_begin(&fresh->head, kind, name, file, line) : -ENOMEM;          \
        if (r >= 0)                                                                                \
            r = text_set_add(config->noun##_names, name);                                          \
        if (r < 0)                                                                                 \
            return r;                                                                              \
        *ret = fresh;                                                                              \
        grown[config->n_##list++] = TAKE(fresh);                                                   \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static int add_##noun(Config *config, const char *name, const char *file, unsigned line,       \
                          ConfigSection **ret)                                                     \
    {                                                                                              \
        type *object;                                                                              \
        int r = config_add_##noun(config, name, file, line, &object);                              \
                                                                                                   \
        if (r >= 0)                                                                                \
            *ret = &object->head;                                                                  \
        return r;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static void free_##list(const Config *config)                                                  \
    {                                                                                              \
        for (size_t i = 0; i < config->n_##list; i++)                                              \
            noun##_config_free(config->list[i]);                                                   \
        free(config->list);                                                                        \
        text_set_free(config->noun##_names);                                                       \
    }

DEFINE_LIST(TargetConfig, target, account.section, targets, OPTION_TARGET_SECTION, SIZE_MAX)
DEFINE_LIST(GuardConfig, guard, section, guards, OPTION_GUARD_SECTION, CONFIG_SECTIONS_MAX)
DEFINE_LIST(QueueConfig, queue, account.section, queues, OPTION_QUEUE_SECTION, CONFIG_SECTIONS_MAX)
DEFINE_LIST(NotifyConfig, notify, account.section, notifies, OPTION_NOTIFY_SECTION,
            CONFIG_SECTIONS_MAX)

int config_add_section(Config *config, const char *kind, const char *name, const char *file,
                       unsigned line, ConfigSection **ret)
{
    static const struct {
        const char *kind;
        int (*add)(Config *config, const char *name, const char *file, unsigned line,
                   ConfigSection **ret);
    } lists[] = {
        {OPTION_TARGET_SECTION, add_target},
        {OPTION_GUARD_SECTION, add_guard},
        {OPTION_QUEUE_SECTION, add_queue},
        {OPTION_NOTIFY_SECTION, add_notify},
    };
    size_t i = 0;

    while (strcmp(lists[i].kind, kind) != 0) {
        i++;
        assert(i < sizeof(lists) / sizeof(lists[0]));
    }
    return lists[i].add(config, name, file, line, ret);
}

const TargetConfig *config_find_target(const Config *config, const char *name)
{
    return config->target_names && text_set_has(config->target_names, name)
               ? config->targets[text_set_find(config->target_names, name)]
               : NULL;
}

/* ---- the whole ---- */

int config_new(Config **ret)
{
    CLEANUP(config_freep) Config *config = calloc(1, sizeof(*config));
    int r;

    if (!config)
        return -ENOMEM;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (!option_is_of_named_section(&options[i]) &&
            (r = option_set_default(&options[i], config)) < 0)
            return r;
    *ret = TAKE(config);
    return 0;
}

void config_free(Config *config)
{
    if (!config)
        return;
    free_targets(config);
    free_guards(config);
    free_queues(config);
    free_notifies(config);
    trust_free(config->trust);
    aws_profiles_free(config->profiles);
    aws_shared_files_unref(config->shared_files);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (!option_is_of_named_section(&options[i]))
            option_clear(&options[i], config);
    for (size_t i = 0; i < config->n_files; i++)
        free(config->files[i]);
    free(config->files);
    free(config);
}

bool config_drop_target(Config *config)
{
    if (config->n_targets > 0)
        target_config_free(config->targets[--config->n_targets]);
    return config->n_targets > 0;
}

/* What is taken at start only is a path, an owned string: options.def has nothing else. */
static void swap_texts(void *one, void *other)
{
    char *text = *(char **)one;

    *(char **)one = *(char **)other;
    *(char **)other = text;
}

const char *config_keep_fixed(Config *running, Config *fresh)
{
    const char *changed = NULL;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        char *one = (char *)running + options[i].offset, *other = (char *)fresh + options[i].offset;

        if (options[i].reloadable || strcmp(*(char **)one, *(char **)other) == 0)
            continue;
        changed = options[i].key;
        swap_texts(one, other);
    }
    return changed;
}
