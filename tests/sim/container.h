/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint that gives containers their credentials, as the agents of ECS and EKS have it.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Container credential provider"; Amazon ECS Developer
 * Guide, "Task IAM role". */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType container_service; /* of the paths that are declared */
