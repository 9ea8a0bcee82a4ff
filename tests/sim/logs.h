/* SPDX-License-Identifier: Apache-2.0 */
/* CloudWatch Logs: the operations that stop and follow an import task.
 *
 * Source: Amazon CloudWatch Logs API Reference (CancelImportTask, DescribeImportTasks,
 * DescribeImportTaskBatches). */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType logs_service;
