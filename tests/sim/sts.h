/* SPDX-License-Identifier: Apache-2.0 */
/* The Security Token Service: sessions of the roles that are declared.
 *
 * Source: AWS STS API Reference, AssumeRole, AssumeRoleWithWebIdentity and "Common Errors"; Smithy,
 * "AWS Query protocol". */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType sts_service; /* of every form that is posted */
