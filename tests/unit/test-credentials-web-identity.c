/* SPDX-License-Identifier: Apache-2.0 */
/* aws_source_new_web_identity(): a role for the token in a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/unit/sts-world.h"

#define CREDENTIALS                                                                                \
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"            \
    "<AccessKeyId>ASIARABCDEFGHIJKLMNOP</AccessKeyId>"                                             \
    "<SecretAccessKey>TESTSECRET</SecretAccessKey><SessionToken>TESTSESSIONTOKEN</SessionToken>"   \
    "<Expiration>2026-11-22T13:23:45Z</Expiration>"                                                \
    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
#define REFUSAL                                                                                    \
    "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"                   \
    "<Message>No OpenIDConnect provider found in your account</Message></Error>"                   \
    "<RequestId>5045ca91</RequestId></ErrorResponse>"

static char directory[] = "/tmp/trailstop-web-identity-XXXXXX";
static char token_path[sizeof(directory) + 16];

static int set_up_group(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(token_path, sizeof(token_path), "%s/token.jwt", directory);
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int tear_down(void **state)
{
    unlink(token_path);
    return sts_world_teardown(state);
}

static void write_token(const char *text, size_t size)
{
    CLEANUP(fclosep) FILE *file = fopen(token_path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
}

static AwsSource *make(StsWorld *world)
{
    const AwsRole role = {
        .arn = (char *)"arn:aws:iam::123456789012:role/s3-reader",
        .session_name = (char *)"s",
    };
    AwsSource *source = NULL;

    assert_int_equal(aws_source_new_web_identity(&world->context, "web identity of profile B",
                                                 &role, token_path, &source),
                     0);
    return source;
}

static void fetch_nothing(StsWorld *world, const char *with)
{
    world->done = false;
    sts_world_fetch(world, make(world), NULL, 0);
    sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS, with);
    sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS, "web identity of profile B: ");
    sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS, token_path);
    assert_int_equal(world->n_seen, 0);
}

static void shows_the_token_without_the_white_space_at_its_end(void **state)
{
    static const char *const files[] = {"sometoken", "sometoken\n", "sometoken \t\r\n\n"};
    StsWorld *world = *state;

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        write_token(files[i], strlen(files[i]));
        world->done = false;
        world->n_seen = 0;
        sts_world_fetch(world, make(world), &(StsReply){.status = 200, .body = CREDENTIALS}, 1);
        assert_string_equal(world->seen[0].body,
                            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                            "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fs3-reader"
                            "&RoleSessionName=s&WebIdentityToken=sometoken");
        assert_null(sts_world_header(world, 1, "authorization"));
        sts_world_assert_keys(world, "ASIARABCDEFGHIJKLMNOP", "TESTSECRET", "TESTSESSIONTOKEN");
        aws_credentials_unref(TAKE(world->credentials));
    }
}

static void reads_the_file_when_it_is_started(void **state)
{
    StsWorld *world = *state;
    AwsSource *source;

    write_token("old", 3);
    source = make(world);
    write_token("new", 3);
    sts_world_fetch(world, source, &(StsReply){.status = 200, .body = CREDENTIALS}, 1);
    assert_non_null(strstr(world->seen[0].body, "&WebIdentityToken=new"));
}

static void says_what_is_wrong_with_the_file(void **state)
{
    StsWorld *world = *state;

    fetch_nothing(world, "No such file or directory");
    write_token("", 0);
    fetch_nothing(world, "holds no token");
    write_token(" \n", 2);
    fetch_nothing(world, "holds no token");
    write_token("a\0b", 3);
    fetch_nothing(world, "NUL");
    assert_int_equal(unlink(token_path), 0);
    assert_int_equal(mkdir(token_path, 0700), 0);
    fetch_nothing(world, "Is a directory");
    assert_int_equal(rmdir(token_path), 0);
}

static void says_what_sts_did_not_like(void **state)
{
    StsWorld *world = *state;

    write_token("sometoken\n", strlen("sometoken\n"));
    sts_world_fetch(world, make(world), &(StsReply){.status = 400, .body = REFUSAL}, 1);
    sts_world_assert_fails(world, "InvalidIdentityToken",
                           "web identity of profile B: InvalidIdentityToken at "
                           "https://sts.us-east-1.amazonaws.com: No OpenIDConnect provider found");
    assert_int_equal(world->http_status, 400);
    assert_string_equal(world->request_id, "5045ca91");
    assert_null(strstr(world->message, "sometoken"));
}

static void can_be_the_source_of_a_role(void **state)
{
    static const StsReply replies[] = {
        {.status = 200, .body = CREDENTIALS},
        {.status = 200,
         .body = "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                 "<AccessKeyId>ASIARTESTID</AccessKeyId>"
                 "<SecretAccessKey>TESTSECRETKEY</SecretAccessKey>"
                 "<SessionToken>ANOTHER</SessionToken><Expiration>2026-11-22T13:23:45Z</Expiration>"
                 "</Credentials></AssumeRoleResult></AssumeRoleResponse>"},
    };
    const AwsRole role = {.arn = (char *)"arn:aws:iam::123456789:role/RoleA"};
    StsWorld *world = *state;
    AwsSource *source = NULL;

    write_token("sometoken\n", strlen("sometoken\n"));
    assert_int_equal(aws_source_new_role(&world->context, "role A", &role, make(world), &source),
                     0);
    sts_world_fetch(world, source, replies, 2);
    assert_non_null(
        strstr(sts_world_header(world, 2, "authorization"), "Credential=ASIARABCDEFGHIJKLMNOP/"));
    assert_string_equal(sts_world_header(world, 2, "x-amz-security-token"), "TESTSESSIONTOKEN");
    sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "ANOTHER");
}

static void can_be_freed_at_any_time(void **state)
{
    StsWorld *world = *state;
    AwsSource *source;

    aws_source_free(make(world));
    write_token("sometoken", strlen("sometoken"));
    source = make(world);
    aws_source_start(source, sts_world_done, world);
    assert_true(sts_world_advance(world));
    aws_source_free(source);
    assert_int_equal(world->cancelled, 1);
    assert_false(world->done);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, sts_world_setup, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(shows_the_token_without_the_white_space_at_its_end),
        WORLD_TEST(reads_the_file_when_it_is_started),
        WORLD_TEST(says_what_is_wrong_with_the_file),
        WORLD_TEST(says_what_sts_did_not_like),
        WORLD_TEST(can_be_the_source_of_a_role),
        WORLD_TEST(can_be_freed_at_any_time),
    };

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
