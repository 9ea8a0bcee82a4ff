/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the daemon, one sample after the other: common/metrics.def has the families.
 *
 * They are made in steps, a family or a family of one target at a time, so that a thousand targets
 * hold up nobody. What changes between two steps is seen as it is then. */
#pragma once

#include <stdbool.h>

#include <json-c/json.h>

#include "daemon/server/methods.h"

#define METRICS_NAME_SIZE 128U /* longer than names of the configuration may be */

/* Where the next step goes on; begins all zero. */
typedef struct MetricsCursor {
    unsigned family;
    size_t next;                  /* of what the family is of */
    char last[METRICS_NAME_SIZE]; /* the one before that */
} MetricsCursor;

/* Takes one sample, as List replies with it (NULL: memory ran out). 0 or -ENOMEM. */
typedef int (*MetricsTake)(json_object *sample, void *userdata);

/* The samples of one step. 1: there are further steps; 0: that was the last; -ENOMEM. */
int metrics_step(const Service *service, MetricsCursor *cursor, MetricsTake take, void *userdata);

/* A family as Describe replies with it, from 0 to N_METRICS - 1. NULL: no memory. */
json_object *metrics_describe(unsigned metric);

typedef enum Metric {
#define METRIC(symbol, ...) METRIC_##symbol,
#include "common/metrics.def"
    N_METRICS
} Metric;
