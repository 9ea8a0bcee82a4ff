/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/sts-identity.h: whose credentials they are, or why that is not known. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/credentials/sts-identity.h"
#include "tests/unit/every-call.h"
#include "tests/unit/sts-world.h"

#define ARN "arn:aws:iam::123456789012:user/ann"
#define ANSWER(members)                                                                            \
    "<GetCallerIdentityResponse><GetCallerIdentityResult>" members                                 \
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
#define WHOLE                                                                                      \
    {                                                                                              \
        .status = 200, .body = ANSWER("<Account>123456789012</Account><Arn>" ARN "</Arn>")         \
    }

typedef struct Answer {
    StsWorld *world;
    char arn[64], code[64];
} Answer;

static void on_done(const char *account, const char *arn, const CallError *error, void *userdata)
{
    Answer *answer = userdata;

    assert_false(answer->world->done);
    answer->world->done = true;
    assert_true(!account == !arn && !arn == !!error);
    if (error)
        snprintf(answer->code, sizeof(answer->code), "%s", error->code);
    else
        snprintf(answer->arn, sizeof(answer->arn), "%s %s", account, arn);
}

static AwsClient *new_client(StsWorld *world)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;
    AwsClient *client = NULL;
    AwsClientConfig config = {
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .target = "default",
        .endpoint = world->context.sts_endpoint,
        .region = "us-east-1",
        .service = "sts",
        .ca_bundle = world->context.ca_bundle,
        .connect_timeout_usec = world->shared.connect_timeout_usec,
        .timeout_usec = world->shared.timeout_usec,
        .max_attempts = 2,
    };

    if (aws_credentials_new("AKID", "5ecr3t", NULL, 0, &credentials) < 0)
        return NULL;
    config.fixed_credentials = credentials;
    return aws_client_new(&config, &client) < 0 ? NULL : client;
}

/* The same answer to each attempt. False: not even asked. */
static bool ask(Answer *answer, const StsReply *reply)
{
    StsWorld *world = answer->world;
    AwsClient *client = new_client(world);
    StsIdentity *untouched = (StsIdentity *)answer, *identity = untouched;
    int r = client ? sts_get_identity(client, on_done, answer, &identity) : -ENOMEM;

    answer->arn[0] = answer->code[0] = '\0';
    world->done = false;
    world->n_seen = 0;
    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(identity, untouched);
    }
    while (r >= 0 && sts_world_advance(world))
        sts_world_answer(world, reply);
    assert_int_equal(world->done, r >= 0);
    aws_client_unref(client);
    return r >= 0;
}

static void test_account_and_arn(void **state)
{
    Answer answer = {.world = *state};

    assert_true(ask(&answer, &(StsReply)WHOLE));
    assert_string_equal(answer.arn, "123456789012 " ARN);
    assert_non_null(strstr(answer.world->seen[0].body, "Action=GetCallerIdentity"));
}

static void test_an_answer_without_one_of_them_is_not_an_answer(void **state)
{
    static const StsReply replies[] = {
        {.status = 200, .body = ANSWER("<Account>123456789012</Account>")},
        {.status = 200, .body = ANSWER("<Arn>" ARN "</Arn>")},
        {.status = 200, .body = ANSWER("<Arn>" ARN "</Arn><Arn>" ARN "</Arn>")},
        {.status = 200, .body = "<html>"},
        {.status = 200},
    };
    Answer answer = {.world = *state};

    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        assert_true(ask(&answer, &replies[i]));
        assert_string_equal(answer.code, CALL_ERROR_UNREADABLE);
        assert_int_equal(answer.world->n_seen, 2); /* asked again */
    }
}

static void test_a_no(void **state)
{
    static const StsReply reply = {.status = 403,
                                   .body =
                                       "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>"
                                       "<Message>no</Message></Error></ErrorResponse>"};
    Answer answer = {.world = *state};

    assert_true(ask(&answer, &reply));
    assert_string_equal(answer.code, "SignatureDoesNotMatch");
}

static bool ask_once(void *data)
{
    Answer *answer = data;

    return ask(answer, &(StsReply)WHOLE) && answer->arn[0];
}

static void test_without_memory(void **state)
{
    Answer answer = {.world = *state};

    every_allocation(ask_once, &answer);
}

static void test_cancelled(void **state)
{
    Answer answer = {.world = *state};
    AwsClient *client = new_client(answer.world);
    StsIdentity *identity;

    assert_int_equal(sts_get_identity(client, on_done, &answer, &identity), 0);
    assert_true(sts_world_advance(answer.world));
    sts_identity_cancel(identity);
    assert_int_equal(answer.world->cancelled, 1);
    assert_false(answer.world->done);
    sts_identity_cancel(NULL);
    aws_client_unref(client);
}

#define WORLD_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, sts_world_setup, sts_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_account_and_arn),
        WORLD_TEST(test_an_answer_without_one_of_them_is_not_an_answer),
        WORLD_TEST(test_a_no),
        WORLD_TEST(test_without_memory),
        WORLD_TEST(test_cancelled),
    };

    return cmocka_run_group_tests_name("sts-identity", tests, NULL, NULL);
}
