/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target-test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"
#include "daemon/aws/import-operations.h"
#include "daemon/credentials/sts-identity.h"

struct TargetTest {
    AwsClient *client; /* of the target, which may be gone before the answer */
    Outage *outage;
    AwsSettings *settings;
    char *account, *arn; /* once they are known */
    AwsCredentialsWait credentials_wait;
    StsIdentity *identity; /* under way */
    AwsCall *call;         /* under way */
    TargetTestDone done;
    void *userdata;
};

static void test_fail(TargetTest *test, const char *step, const CallError *error)
{
    CLEANUP(call_error_clear) CallError explained = {0};
    CLEANUP(freep) char *message = NULL;

    if (!error->code ||
        string_format(&message, "%s: %s", step, error->message ? error->message : "") < 0 ||
        call_error_set(&explained, error->code, message, error->http_status, error->request_id) < 0)
        test->done(NULL, NULL, &call_error_no_memory, test->userdata);
    else
        test->done(NULL, NULL, &explained, test->userdata);
}

static void on_listed(const AwsResult *result, void *userdata)
{
    TargetTest *test = userdata;

    test->call = NULL;
    if (result->outcome != AWS_UNAVAILABLE)
        outage_end(test->outage);
    if (result->outcome == AWS_OK)
        test->done(test->account, test->arn, NULL, test->userdata);
    else
        test_fail(test, "cloudtrail:ListImports", result->error);
}

static void on_identity(const char *account, const char *arn, const CallError *error,
                        void *userdata)
{
    TargetTest *test = userdata;
    static const AwsCallHooks hooks = {.done = on_listed};
    const AwsCaller caller = {.hooks = &hooks, .userdata = test};

    test->identity = NULL;
    if (error)
        test_fail(test, "sts:GetCallerIdentity", error);
    else if (string_copy(account, &test->account) < 0 || string_copy(arn, &test->arn) < 0 ||
             import_call_list(test->client, &cloudtrail_operations, NULL, NULL, NULL, &caller,
                              &test->call) < 0)
        test_fail(test, "cloudtrail:ListImports", &call_error_no_memory);
}

static int ask_identity(TargetTest *test, AwsCredentials *credentials)
{
    AwsClient *sts;
    int r =
        aws_client_new_aside(test->client, "sts", test->settings->sts_endpoint, credentials, &sts);

    if (r < 0)
        return r;
    r = sts_get_identity(sts, on_identity, test, &test->identity);
    aws_client_unref(sts); /* the call has a reference of its own */
    return r;
}

static void on_credentials(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    CLEANUP(call_error_clear) CallError failure = {0};
    TargetTest *test = userdata;
    int r;

    if (!credentials) {
        (void)call_error_set(&failure, CALL_ERROR_CREDENTIALS, error->message, error->http_status,
                             error->request_id);
        aws_meter_note_trouble(aws_client_meter(test->client), &failure);
        test_fail(test, "credentials", &failure);
        return;
    }
    r = ask_identity(test, credentials);
    if (r < 0) {
        (void)call_error_set(&failure, CALL_ERROR_RESOURCES, strerror(-r), 0, NULL);
        test_fail(test, "sts:GetCallerIdentity", &failure);
    }
}

int target_test_new(const Target *target, TargetTestDone done, void *userdata, TargetTest **ret)
{
    TargetTest *test = malloc(sizeof(*test));

    if (!test)
        return -ENOMEM;
    *test = (TargetTest){
        .client = aws_client_ref(target->clients[SERVICE_CLOUDTRAIL]),
        .outage = outage_ref(target->outage),
        .settings = aws_settings_ref(target->settings),
        .credentials_wait = {.done = on_credentials, .userdata = test},
        .done = done,
        .userdata = userdata,
    };
    aws_credentials_get(aws_client_credentials(test->client), &test->credentials_wait);
    *ret = test;
    return 0;
}

void target_test_free(TargetTest *test)
{
    if (!test)
        return;
    aws_credentials_cancel(&test->credentials_wait);
    sts_identity_cancel(test->identity);
    aws_call_cancel(test->call);
    outage_unref(test->outage);
    aws_client_unref(test->client);
    aws_settings_unref(test->settings);
    free(test->account);
    free(test->arn);
    free(test);
}
