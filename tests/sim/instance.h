/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata service of an EC2 instance, version 2, as far as credentials go.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"
 * and "Retrieve security credentials from instance metadata". */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType instance_service; /* of all paths below /latest/ */
