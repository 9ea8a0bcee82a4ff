/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/settings.h"

#include <errno.h>
#include <stdlib.h>

#include "common/explain.h"
#include "tests/sim/error-form.h"
#include "tests/sim/fields.h"

#define PAGE_SIZE_MAX 1000U

static const Field settings_fields[] = {
    {"clockOffsetSeconds", FIELD_SECONDS, offsetof(Settings, clock_offset_seconds)},
    {"enforceQuota", FIELD_BOOL, offsetof(Settings, enforce_quota)},
    {"region", FIELD_STRING, offsetof(Settings, region)},
    {"pageSize", FIELD_COUNT, offsetof(Settings, page_size)},
    {"sessionSeconds", FIELD_SECONDS, offsetof(Settings, session_seconds)},
    {"errorForm", FIELD_STRING, offsetof(Settings, error_form)},
    {"skewError", FIELD_STRING, offsetof(Settings, skew_error)},
    {"pollsOutliveClients", FIELD_BOOL, offsetof(Settings, polls_outlive_clients)},
};
#define N_SETTINGS_FIELDS (sizeof(settings_fields) / sizeof(*settings_fields))

void settings_clear(Settings *settings)
{
    fields_clear(settings_fields, N_SETTINGS_FIELDS, settings);
    *settings = (Settings){0};
}

int settings_set_defaults(Settings *settings)
{
    settings_clear(settings);
    settings->page_size = 100;
    if (fields_set_string(&settings->region, "") < 0 ||
        fields_set_string(&settings->error_form, ERROR_FORM_DEFAULT) < 0 ||
        fields_set_string(&settings->skew_error, "InvalidSignatureException") < 0)
        return -ENOMEM;
    return 0;
}

static int copy_strings(Settings *settings, const Settings *from)
{
    settings->region = settings->error_form = settings->skew_error = NULL;
    if (fields_set_string(&settings->region, from->region) < 0 ||
        fields_set_string(&settings->error_form, from->error_form) < 0 ||
        fields_set_string(&settings->skew_error, from->skew_error) < 0)
        return -ENOMEM;
    return 0;
}

int settings_change(Settings *settings, json_object *declaration, char **ret_error)
{
    Settings changed = *settings;

    int r = copy_strings(&changed, settings);
    if (r == 0)
        r = fields_read(declaration, settings_fields, N_SETTINGS_FIELDS, &changed, ret_error);
    if (r == 0 && !error_form_is_known(changed.error_form))
        r = explain(ret_error, -EINVAL, "there is no form '%s'", changed.error_form);
    if (r == 0 && (changed.page_size < 1 || changed.page_size > PAGE_SIZE_MAX))
        r = explain(ret_error, -EINVAL, "'pageSize' must be from 1 to %u", PAGE_SIZE_MAX);
    if (r < 0) {
        settings_clear(&changed);
        return r;
    }
    settings_clear(settings);
    *settings = changed;
    return 0;
}
