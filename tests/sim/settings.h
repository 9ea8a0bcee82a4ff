/* SPDX-License-Identifier: Apache-2.0 */
/* How the server behaves towards everyone: README.md, "Settings". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

typedef struct Settings {
    double clock_offset_seconds;
    bool enforce_quota;
    char *region; /* empty: any */
    uint64_t page_size;
    double session_seconds; /* 0: as asked for */
    char *error_form;
    char *skew_error;
    bool polls_outlive_clients;
} Settings;

/* settings: all zero, or set before. 0 or -ENOMEM. */
int settings_set_defaults(Settings *settings);
void settings_clear(Settings *settings);

/* Changes those that the declaration names. 0; -EINVAL and an owned sentence, and nothing has
 * changed; -ENOMEM. */
int settings_change(Settings *settings, json_object *declaration, char **ret_error);
