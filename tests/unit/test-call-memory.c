/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/: whatever allocation fails, a call ends once: as it would have, or with trouble of
 * this host, which is never a "no" of AWS. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/events.h"
#include "daemon/aws/import-operations.h"
#include "daemon/aws/queue-url.h"
#include "daemon/aws/sqs.h"
#include "tests/unit/call-world.h"
#include "tests/unit/every-call.h"

#define ID "0f3a1c52-8f5e-4f0e-9d5c-1c1e8f6a7b10"
#define QUEUE "https://sqs.eu-west-1.amazonaws.com/123456789012/requests.fifo"

static char untouched[] = "untouched";

/* ---- whole calls ---- */

typedef int Start(AwsClient *client, const AwsCaller *caller, AwsCall **ret);

static int start_stop(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return import_call_stop(client, &cloudtrail_operations, ID, caller, ret);
}

static int start_list(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return import_call_list(client, &cloudtrail_operations, "arn:aws:x", "STOPPED", "t", caller,
                            ret);
}

static int start_failures(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return import_call_failures(client, &cloudtrail_operations, ID, "t", caller, ret);
}

static int start_describe(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return import_call_get(client, &logs_operations, "Task-1", caller, ret);
}

static int start_batches(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return import_call_failures(client, &logs_operations, "Task-1", NULL, caller, ret);
}

static int start_receive(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_receive(client, QUEUE, 10, 20, 120, caller, ret);
}

static int start_hide(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_change_visibility(client, QUEUE, "receipt", 120, caller, ret);
}

static int start_delete(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_delete(client, QUEUE, "receipt", caller, ret);
}

static int start_send(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return sqs_send(client, QUEUE, "{}", "group", "id", caller, ret);
}

static int start_put(AwsClient *client, const AwsCaller *caller, AwsCall **ret)
{
    return events_put(client, "bus", "io.trailstop", "Import stop ended", "{}", caller, ret);
}

typedef struct Case {
    Start *start;
    Reply replies[2]; /* the last one again, if it is asked for more */
    AwsOutcome outcome;
    const char *code; /* of a refusal */
    World *world;
} Case;

static int connect_client(World *world, AwsMeter *meter)
{
    AwsClientConfig config = world->config;
    AwsClient *client = (AwsClient *)untouched;
    int r;

    config.ca_bundle = "/etc/ca.pem";
    config.meter = meter;
    r = aws_client_new(&config, &client);
    if (r < 0)
        assert_ptr_equal(client, untouched);
    else
        world->client = client;
    return r;
}

static void run_call(World *world, const Case *of)
{
    unsigned n = 0;

    while (world_advance(world)) {
        world_answer(world, &of->replies[n < 1 && of->replies[1].status != 0 ? n : n > 0]);
        n = 1;
    }
    assert_true(world->done);
}

static bool judge(const World *world, const Case *of)
{
    assert_true(world->outcome == of->outcome || world->outcome == AWS_UNAVAILABLE);
    if (world->outcome == AWS_REFUSED)
        assert_string_equal(world->code, of->code);
    return world->outcome == of->outcome;
}

static bool call(void *data)
{
    const Case *of = data;
    World *world = of->world;
    AwsMeters meters = {.timers = world->timers};
    AwsCaller caller = world_caller(world);
    AwsMeter *meter = NULL;
    bool succeeded = false;

    world->quotas = NULL;
    if (quotas_new(world->timers, &world->quotas) == 0 && aws_meter_new(&meters, &meter) == 0) {
        world->config.quotas = world->quotas;
        if (connect_client(world, meter) == 0) {
            AwsCall *started = (AwsCall *)untouched;
            int r = of->start(world->client, &caller, &started);

            if (r == 0) {
                run_call(world, of);
                succeeded = judge(world, of);
            } else {
                assert_int_equal(r, -ENOMEM);
                assert_ptr_equal(started, untouched);
                assert_false(world_advance(world));
            }
            aws_client_unref(world->client);
            world->client = NULL;
        }
    }
    aws_meter_unref(meter);
    quotas_free(world->quotas);
    world->quotas = NULL;
    return succeeded;
}

/* What the world has made for calls of its own. */
static void clear_world(World *world)
{
    aws_client_unref(world->client);
    world->client = NULL;
    quotas_free(world->quotas);
    world->quotas = NULL;
}

#define IMPORT                                                                                     \
    "{\"ImportId\":\"" ID "\",\"ImportStatus\":\"STOPPED\",\"Destinations\":[\"a\",\"b\"],"        \
    "\"CreatedTimestamp\":1763813025.678,\"UpdatedTimestamp\":\"1763813026\","                     \
    "\"ImportSource\":{\"S3\":{\"S3LocationUri\":\"s3://a\"}},"                                    \
    "\"ImportStatistics\":{\"PrefixesFound\":12.0,\"FailedEntries\":\"7\",\"EventsCompleted\":1}}"
#define TASK                                                                                       \
    "{\"importId\":\"Task-1\",\"importStatus\":\"CANCELLED\",\"creationTime\":1763813025678,"      \
    "\"importStatistics\":{\"bytesImported\":7},\"importFilter\":{\"startEventTime\":1}}"
#define REQUEST_ID                                                                                 \
    {                                                                                              \
        "x-amzn-RequestId", "request-1"                                                            \
    }

static void test_calls(void **state)
{
    World *world = *state;
    Case cases[] = {
        {start_stop, {{HTTP_OK, 200, IMPORT, {REQUEST_ID}}}, AWS_OK, NULL, world},
        /* throttled, then answered */
        {start_stop,
         {{HTTP_OK,
           400,
           "{\"__type\":\"x#ThrottlingException\",\"message\":\"Rate\"}",
           {REQUEST_ID}},
          {HTTP_OK, 200, IMPORT, {REQUEST_ID}}},
         AWS_OK,
         NULL,
         world},
        {start_stop,
         {{HTTP_OK,
           404,
           "{\"message\":\"no such import\"}",
           {{"X-Amzn-Errortype", "ImportNotFoundException:http://x"}, REQUEST_ID}}},
         AWS_REFUSED,
         "ImportNotFoundException",
         world},
        {start_stop,
         {{HTTP_OK, 502, "<html>a proxy's page</html>", {{0}}}},
         AWS_UNAVAILABLE,
         NULL,
         world},
        {start_stop, {{HTTP_TIMED_OUT, 0, NULL, {{0}}}}, AWS_UNAVAILABLE, NULL, world},
        {start_list,
         {{HTTP_OK, 200, "{\"Imports\":[" IMPORT ",7,{}],\"NextToken\":\"u\"}", {{0}}}},
         AWS_OK,
         NULL,
         world},
        {start_failures,
         {{HTTP_OK,
           200,
           "{\"Failures\":[{\"Location\":\"s3://a\",\"LastUpdatedTime\":1}]}",
           {{0}}}},
         AWS_OK,
         NULL,
         world},
        {start_describe, {{HTTP_OK, 200, "{\"imports\":[" TASK "]}", {{0}}}}, AWS_OK, NULL, world},
        {start_describe,
         {{HTTP_OK, 200, "{\"imports\":[]}", {{0}}}},
         AWS_REFUSED,
         "ResourceNotFoundException",
         world},
        {start_batches,
         {{HTTP_OK, 200, "{\"importBatches\":[{\"batchId\":\"b\",\"status\":\"FAILED\"}]}", {{0}}}},
         AWS_OK,
         NULL,
         world},
        {start_receive,
         {{HTTP_OK,
           200,
           "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"{}\","
           "\"Attributes\":{\"SenderId\":\"s\",\"ApproximateReceiveCount\":\"2\"}}]}",
           {{0}}}},
         AWS_OK,
         NULL,
         world},
        {start_hide, {{HTTP_OK, 200, NULL, {{0}}}}, AWS_OK, NULL, world},
        {start_delete, {{HTTP_OK, 200, "", {{0}}}}, AWS_OK, NULL, world},
        {start_send, {{HTTP_OK, 200, "{\"MessageId\":\"m\"}", {{0}}}}, AWS_OK, NULL, world},
        {start_put,
         {{HTTP_OK, 200, "{\"FailedEntryCount\":0,\"Entries\":[{}]}", {{0}}}},
         AWS_OK,
         NULL,
         world},
    };

    clear_world(world);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        every_allocation(call, &cases[i]);
}

/* ---- what is made of names and URLs ---- */

static bool resolve_endpoint(void *data)
{
    char *url = untouched, *error = NULL;
    int r = aws_endpoint_resolve(AWS_SERVICE_LOGS, data, &url, &error);

    if (r == -ENOMEM) {
        assert_ptr_equal(url, untouched);
        return false;
    }
    if (r < 0) {
        assert_int_equal(r, -EINVAL);
        assert_ptr_equal(url, untouched);
        assert_non_null(error);
        free(error);
    } else {
        assert_string_equal(url, "https://logs-fips.eu-west-1.api.aws");
        free(url);
    }
    return true;
}

static void test_endpoints(void **state)
{
    AwsEndpointParams good = {.region = "eu-west-1", .use_fips = true, .use_dualstack = true};
    AwsEndpointParams bad = {.use_fips = true, .url = "https://example.com"};

    (void)state;
    every_allocation(resolve_endpoint, &good);
    every_allocation(resolve_endpoint, &bad);
}

static bool look_at_queue(void *data)
{
    char *endpoint = untouched, *region = untouched;
    int r = queue_url_get_endpoint(data, &endpoint);

    if (r == -ENOMEM) {
        assert_ptr_equal(endpoint, untouched);
        return false;
    }
    free(endpoint);
    r = queue_url_get_region(data, &region);
    if (r == -ENOMEM) {
        assert_ptr_equal(region, untouched);
        return false;
    }
    assert_string_equal(region, "eu-west-1");
    free(region);
    return true;
}

static void test_urls_of_queues(void **state)
{
    char url[] = QUEUE;

    (void)state;
    every_allocation(look_at_queue, url);
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(test_calls),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_urls_of_queues),
    };

    return cmocka_run_group_tests_name("call-memory", tests, NULL, NULL);
}
