/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of daemon/aws/sqs.h share: a client of SQS in the world of call-world.h. */
#pragma once

#include "tests/unit/call-world.h"

#define SQS_URL "https://sqs.eu-west-1.amazonaws.com/123456789012/stops"

int sqs_world_setup(void **state);    /* ended with world_teardown() */
void sqs_world_receive(World *world); /* begins a ReceiveMessage of SQS_URL */
