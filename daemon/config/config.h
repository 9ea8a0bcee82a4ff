/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's configuration: read, checked and put together; every option once, in options.def.
 *
 * A Config never changes once it is loaded: a reload makes a fresh one and swaps it in when all of
 * it is right. Units are in the names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/memory.h"
#include "daemon/base/text-set.h"
#include "daemon/config/config-section.h"
#include "daemon/config/options.h"
#include "daemon/credentials/profile.h"
#include "daemon/credentials/settings.h"
#include "daemon/credentials/shared-files.h"

typedef struct TargetConfig {
    ConfigAccount account;
    char **operators;            /* as of Config; NULL: those */
    double stop_rate, read_rate; /* calls per second */
} TargetConfig;

typedef enum GuardAction { GUARD_REPORT, GUARD_STOP } GuardAction; /* as options.def has them */

/* Which imports a guard is about, and what it does about them; see daemon/jobs/guard.h. */
typedef struct GuardConfig {
    ConfigSection section;
    char **targets;   /* names, or CONFIG_ALL_TARGETS among them; NULL-terminated */
    unsigned service; /* an ImportService */
    uint64_t every_usec;
    uint64_t older_than_usec; /* 0 or NULL, here and below: not asked for */
    uint64_t min_failed_entries, min_events;
    size_t min_bytes;
    char *source; /* a pattern of fnmatch(3) */
    char *destination;
    unsigned action; /* a GuardAction */
} GuardConfig;

/* A queue that requests come through; see daemon/queue/queue.h. */
typedef struct QueueConfig {
    ConfigAccount account;
    char *url;
    char **targets;           /* those its messages may name, as of a guard */
    uint64_t visibility_usec; /* whole seconds, as the next */
    uint64_t wait_usec;
    unsigned max_jobs;
    char *outcome_url; /* NULL: none */
    /* What these resolve to: */
    char *endpoint;
    char *outcome_endpoint, *outcome_region; /* NULL: there is no outcome_url */
} QueueConfig;

/* What is notified of the end of every job; see daemon/jobs/outbox.h. */
typedef struct NotifyConfig {
    ConfigAccount account;
    char *event_bus; /* a name or an ARN; NULL: it is a queue */
    char *queue_url; /* NULL: it is a bus */
    char *endpoint;  /* of either */
} NotifyConfig;

#define CONFIG_ALL_TARGETS "*"

typedef struct Config {
    char *socket;
    char *metrics_socket;
    char *state_directory;
    char **operators; /* NULL-terminated: users, and groups with a leading '@' */
    int log_level;    /* of syslog(3) */
    unsigned max_clients;
    unsigned max_clients_per_user;
    size_t max_message; /* bytes */
    unsigned max_jobs;
    uint64_t keep_finished_usec;

    uint64_t connect_timeout_usec;
    uint64_t call_timeout_usec;
    unsigned max_attempts;    /* an account's own may be another: see ConfigAccount */
    bool max_attempts_is_set; /* by a file or the environment, so that no profile's counts */
    unsigned max_connections;

    uint64_t polling_first_usec;
    uint64_t polling_longest_usec;
    double polling_growth;
    uint64_t polling_timeout_usec; /* 0: none */
    uint64_t polling_settle_usec;  /* 0: none */

    TargetConfig **targets; /* at least one, in the order of the files */
    size_t n_targets;
    GuardConfig **guards; /* likewise, but there may be none; as of the next */
    size_t n_guards;
    QueueConfig **queues;
    size_t n_queues;
    NotifyConfig **notifies;
    size_t n_notifies;
    TextSet *target_names, *guard_names, *queue_names, *notify_names; /* in the lists' order */
    AwsSharedFiles *shared_files;                                     /* a reference */
    AwsProfiles *profiles; /* as they were when this was loaded; NULL: forgotten */
    Trust *trust;          /* while it is loaded; then NULL */

    char **files; /* names of those read, in order */
    size_t n_files;
} Config;

#define CONFIG_DEFAULT_TARGET "default"

/* A sentence about the AWS shared files: something in them is passed over. */
typedef void (*ConfigWarn)(const char *warning);

/* path NULL: /etc/trailstop/trailstopd.conf and trailstopd.conf.d/, neither of which need exist.
 * Otherwise path, which must exist, and path.d/. predecessor: the configuration in force, which
 * knows the last good readings of the AWS shared files; NULL: there is none. warn is called also
 * where the loading fails. 0; -EINVAL (or the errno of a file that cannot be read) and an owned
 * "file:line: what is wrong", one line; -ENOMEM. */
int config_load(const char *path, const Config *predecessor, ConfigWarn warn, Config **ret,
                char **ret_error);
void config_free(Config *config); /* takes NULL */

/* Frees one of its targets, for one that is not in use any more: to free thousands takes longer
 * than a turn of the loop. False: there are none left. */
bool config_drop_target(Config *config);

/* For a daemon at work, which reads them again when it needs them: they hold secrets. Without them
 * there is neither config_check_accounts() nor config_to_json(). */
void config_forget_profiles(Config *config);
DEFINE_CLEANUP(Config, config_free)

/* Whether credentials can come from where targets, queues and notifications look for them, and CA
 * bundles hold certificates: what is wrong there may be repaired while the daemon runs, so
 * config_load() lets it pass. As above, with the file and line that is to blame. */
int config_check_accounts(const Config *config, char **ret_error);

/* What config_load() builds on: every option at its default, no target yet. 0 or -ENOMEM. */
int config_new(Config **ret);

/* Of guards, queues and notifications each: all of a kind are put into force in one turn. */
#define CONFIG_SECTIONS_MAX 1000U

/* A section of this kind ("target"; one of options.h) with every option at its default, or the one
 * that has this name already. 0; -E2BIG: there are too many; -ENOMEM. */
int config_add_section(Config *config, const char *kind, const char *name, const char *file,
                       unsigned line, ConfigSection **ret);
int config_add_target(Config *config, const char *name, const char *file, unsigned line,
                      TargetConfig **ret);
int config_add_guard(Config *config, const char *name, const char *file, unsigned line,
                     GuardConfig **ret);
int config_add_queue(Config *config, const char *name, const char *file, unsigned line,
                     QueueConfig **ret);
int config_add_notify(Config *config, const char *name, const char *file, unsigned line,
                      NotifyConfig **ret);

const TargetConfig *config_find_target(const Config *config, const char *name);

/* At a reload: what is taken at start only stays as it is running, and running gets what fresh had.
 * The key of such an option that is another in fresh; NULL: there is none. */
const char *config_keep_fixed(Config *running, Config *fresh);

/* `trailstopd --check`: the effective configuration as one JSON document; with --explain, each
 * target shows which sources of credentials were looked at. NULL: no memory. */
json_object *config_to_json(const Config *config, bool explain_sources);
