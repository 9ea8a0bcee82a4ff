/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon EventBridge: takes events, which tests read (README.md, "Events").
 *
 * Source: Amazon EventBridge API Reference, PutEvents. */
#pragma once

#include "tests/sim/call.h"

extern const ServiceType events_service;
