/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/sts-identity.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/base/xml.h"
#include "daemon/credentials/sts.h"

enum { ACCOUNT, ARN, N_FIELDS };

struct StsIdentity {
    AwsCall *call;
    SecretText fields[N_FIELDS];
    StsIdentityDone done;
    void *userdata;
};

static void identity_clear_fields(StsIdentity *identity)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        secret_text_clear(&identity->fields[i]);
}

static void identity_free(StsIdentity *identity)
{
    identity_clear_fields(identity);
    free(identity);
}

static int read_success(const HttpResponse *response, void *userdata)
{
    StsIdentity *identity = userdata;
    XmlField fields[N_FIELDS] = {
        [ACCOUNT] = {.path = "GetCallerIdentityResponse/GetCallerIdentityResult/Account"},
        [ARN] = {.path = "GetCallerIdentityResponse/GetCallerIdentityResult/Arn"},
    };
    int r = xml_read(response->body, response->body_size, fields, N_FIELDS);

    identity_clear_fields(identity);
    for (size_t i = 0; i < N_FIELDS; i++) {
        identity->fields[i] = fields[i].text;
        if (r == 0 && !fields[i].text.data)
            r = -EBADMSG;
    }
    return r;
}

static int read_error(const HttpResponse *response, const char *host, void *userdata,
                      CallError *error, bool *ret_named)
{
    (void)userdata;
    return sts_read_error(response, host, error, ret_named);
}

static void on_done(const AwsResult *result, void *userdata)
{
    StsIdentity *identity = userdata;
    bool ok = result->outcome == AWS_OK;

    identity->done(ok ? identity->fields[ACCOUNT].data : NULL,
                   ok ? identity->fields[ARN].data : NULL, result->error, identity->userdata);
    identity_free(identity);
}

int sts_get_identity(AwsClient *client, StsIdentityDone done, void *userdata, StsIdentity **ret)
{
    static const AwsProtocol protocol = {
        .content_type = "application/x-www-form-urlencoded",
        .read_success = read_success,
        .read_error = read_error,
    };
    static const AwsOperation operation = {.name = "GetCallerIdentity", .protocol = &protocol};
    static const AwsCallHooks hooks = {.of_client = true, .done = on_done};
    StsIdentity *identity = calloc(1, sizeof(*identity));
    int r;

    if (!identity)
        return -ENOMEM;
    identity->done = done;
    identity->userdata = userdata;
    r = aws_call_start(client, &operation, "Action=GetCallerIdentity&Version=2011-06-15", NULL,
                       &(AwsCaller){.hooks = &hooks, .userdata = identity}, &identity->call);
    if (r < 0) {
        identity_free(identity);
        return r;
    }
    *ret = identity;
    return 0;
}

void sts_identity_cancel(StsIdentity *identity)
{
    if (!identity)
        return;
    aws_call_cancel(identity->call);
    identity_free(identity);
}
