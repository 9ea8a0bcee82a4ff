/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a call, checked against what its method takes: exact types, nothing unknown,
 * nothing missing. Strings are borrowed from the message. They stand below server/ because requests
 * come from queues as well. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/import-service.h"
#include "daemon/jobs/import-filter.h"
#include "daemon/jobs/job-record.h"

/* All that methods take; what a call does not name is NULL or its has_ is false. */
typedef struct Parameters {
    ImportService service;          /* cloudtrail, where the call names none */
    char import_id[IMPORT_ID_SIZE]; /* of the service; empty: the call names none */
    json_object *import_id_text;    /* as it came: the service may come behind it */
    const char *destination;
    const char *id, *id_prefix;
    const char *interface;
    const char *reason;
    const char *status;
    const char *target;
    json_object *ids, *targets; /* arrays of strings, not empty */
    JobState state;
    int64_t level, limit, timeout;
    ImportFilter filter;
    bool has_service, has_state, has_timeout, has_limit, dry_run, active;
    uint64_t since_usec; /* CLOCK_REALTIME; 0: not named */
} Parameters;

typedef int (*ParameterRead)(json_object *value, Parameters *parameters);

typedef struct ParameterSpec {
    const char *name; /* NULL ends a table */
    /* Checks and stores a value that is there and not null. 0 or -EINVAL. */
    ParameterRead read;
    bool required;
} ParameterSpec;

/* Of Stop and Wait. */
extern const ParameterSpec request_parameters[];

int parameter_read_active(json_object *value, Parameters *parameters);
int parameter_read_destination(json_object *value, Parameters *parameters);
int parameter_read_dry_run(json_object *value, Parameters *parameters);
int parameter_read_id(json_object *value, Parameters *parameters);
int parameter_read_id_prefix(json_object *value, Parameters *parameters);
int parameter_read_ids(json_object *value, Parameters *parameters);
int parameter_read_import_id(json_object *value, Parameters *parameters);
int parameter_read_interface(json_object *value, Parameters *parameters);
int parameter_read_level(json_object *value, Parameters *parameters);
int parameter_read_limit(json_object *value, Parameters *parameters);
int parameter_read_min_bytes(json_object *value, Parameters *parameters);
int parameter_read_min_events(json_object *value, Parameters *parameters);
int parameter_read_min_failed_entries(json_object *value, Parameters *parameters);
int parameter_read_older_than(json_object *value, Parameters *parameters);
int parameter_read_reason(json_object *value, Parameters *parameters);
int parameter_read_since(json_object *value, Parameters *parameters);
int parameter_read_service(json_object *value, Parameters *parameters);
int parameter_read_source(json_object *value, Parameters *parameters);
int parameter_read_state(json_object *value, Parameters *parameters);
int parameter_read_status(json_object *value, Parameters *parameters);
int parameter_read_target(json_object *value, Parameters *parameters);
int parameter_read_targets(json_object *value, Parameters *parameters);
int parameter_read_timeout(json_object *value, Parameters *parameters);

/* object may be NULL: no parameters. 0, or -EINVAL with *ret_name the one at fault, borrowed. */
int parameters_read(const ParameterSpec *specs, json_object *object, Parameters *ret,
                    const char **ret_name);
