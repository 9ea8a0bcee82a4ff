/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sqs-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/aws/sqs.h"

int sqs_world_setup(void **state)
{
    return world_setup_service(state, "https://sqs.eu-west-1.amazonaws.com", SQS_SERVICE);
}

void sqs_world_receive(World *world)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_receive(world->client, SQS_URL, 10, 20, 120, &caller, &world->call), 0);
}
