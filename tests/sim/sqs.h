/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SQS: README.md, "Queues".
 *
 * Source: Amazon SQS API Reference; Smithy, "AWS JSON 1.0 protocol" and "AWS Query compatible". */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType sqs_service;
