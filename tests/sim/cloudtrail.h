/* SPDX-License-Identifier: Apache-2.0 */
/* CloudTrail's operations on imports: parameters checked, effect, answer.
 *
 * Source: AWS CloudTrail API Reference. */
#pragma once

#include "tests/sim/call.h"

/* Recognizes every call: what is none of the others' is an unknown operation of this one. */
extern const ServiceType cloudtrail_service;
