/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/call.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/json-write.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/call-answer.h"
#include "daemon/aws/call-wait.h"

/* A call waits for one thing at a time: credentials, its turn at the pacer, an answer, or the delay
 * before the next attempt. Whatever it waits for, the next step comes from the loop, never from
 * within the function that began the wait: so a caller has its handle before the first hook runs,
 * and no step has to reckon with a call that ended below it.
 *
 * It ends in call_end() and nowhere else, except that aws_call_cancel() ends it without a word.
 * Credentials are asked for again before each attempt, because they may have been renewed or
 * rejected meanwhile; and the pacer comes last before the wire, because a place that was granted
 * and not used would be a call that the quota allowed in vain. */

/* ---- a call's beginning and end ---- */

static void call_free(AwsCall *call)
{
    aws_credentials_unref(call->credentials);
    aws_credentials_unref(call->rejected_credentials);
    call_error_clear(&call->error);
    aws_client_unref(call->client);
    OPENSSL_cleanse(call->body, call->body_size); /* a form may hold a token */
    free(call);
}

static void call_end(AwsCall *call, AwsOutcome outcome, json_object *body)
{
    AwsResult result = {.outcome = outcome, .body = body};

    assert(!call_is_waiting(call));
    if (outcome == AWS_OK) {
        aws_retry_quota_give_back(&call->client->quota, call->last_cost);
        aws_rejections_end(&call->client->rejections);
    } else /* an error without a code is one that memory ran out for */
        result.error = call->error.code ? &call->error : &call_error_no_memory;
    aws_meter_note_end(call->client->config->meter, result.error,
                       outcome == AWS_REFUSED && !call->operation->refusal_is_trouble,
                       call->operation->of_target);
    call->hooks->done(&result, call->userdata);
    call_free(call);
}

/* Ends a call that this host itself, not AWS, kept from going on. */
static void call_end_locally(AwsCall *call, int error)
{
    char message[128];

    snprintf(message, sizeof(message), "cannot call %s: %s", call->client->route.host,
             strerror(-error));
    /* Without memory for the sentence the error stays empty: see call_end(). */
    (void)call_error_set(&call->error, CALL_ERROR_RESOURCES, message, 0, NULL);
    call_end(call, AWS_UNAVAILABLE, NULL);
}

/* Goes on from timers_run(), not from the provider of credentials: the end of this call may be that
 * of its client, and so of the provider. */
static void call_go_on(AwsCall *call, void (*step)(void *userdata))
{
    call_await_delay(call, 0, step);
}

static void on_granted(void *userdata);
static void on_credentials(AwsCredentials *credentials, const CallError *error, void *userdata);

/* Fixed ones are there, and calls with them are not limited. */
static void call_fetch_credentials(AwsCall *call)
{
    AwsCredentialsProvider *provider = call->client->config->credentials;

    if (provider)
        call_await_credentials(call, provider, on_credentials);
    else
        call_go_on(call, on_granted);
}

/* ---- retries ---- */

static void on_delay(void *userdata)
{
    call_fetch_credentials(userdata);
}

static bool may_retry(const AwsCall *call, AwsRetryClass retry_class)
{
    switch (retry_class) {
    case AWS_RETRY_TRANSIENT:
        if (call->operation->once)
            return false;
        __attribute__((fallthrough));
    case AWS_RETRY_THROTTLING:
        return call->attempt < call->client->config->max_attempts;
    case AWS_RETRY_SKEW:
        return !call->skew_corrected;
    case AWS_RETRY_EXPIRED:
        return call->client->config->credentials && !call->rejected_credentials;
    case AWS_RETRY_NONE:
        break;
    }
    return false;
}

static void journal_retry(const AwsCall *call, uint64_t delay_usec)
{
    char delay[TIMESPAN_SIZE];
    JournalEntry entry;

    journal_begin(&entry, EVENT_CALL_RETRIED);
    if (call->hooks->describe)
        call->hooks->describe(&entry, call->userdata);
    else
        journal_add(&entry, aws_owner_field(call->client->config->owner), "%s",
                    call->client->config->target);
    journal_add(&entry, "TRAILSTOP_OPERATION", "%s", call->operation->name);
    journal_add_error(&entry, &call->error);
    journal_send(&entry, "Attempt %u of %s failed and is repeated in %s: %s", call->attempt,
                 call->operation->name, timespan_format(delay_usec, delay),
                 call->error.message ? call->error.message : "out of memory");
}

/* Corrections cost no quota: each is made once per call, and without it the call would count as
 * refused although it is not. Returns false where the quota allows no retry. */
static bool call_retry(AwsCall *call, AwsRetryClass retry_class, const HttpResponse *response)
{
    AwsClient *client = call->client;
    uint64_t delay_usec;
    unsigned cost;

    if (retry_class == AWS_RETRY_SKEW || retry_class == AWS_RETRY_EXPIRED) {
        if (retry_class == AWS_RETRY_EXPIRED) {
            assert(call->credentials && !call->rejected_credentials);
            call->rejected_credentials = aws_credentials_ref(call->credentials);
            client->config->credentials->reject(client->config->credentials, call->credentials);
        } else {
            call->skew_corrected = true;
        }
        journal_retry(call, 0);
        call_fetch_credentials(call);
        return true;
    }
    cost = aws_retry_quota_take(&client->quota, retry_class);
    if (cost == 0)
        return false;
    call->last_cost = (uint8_t)cost;
    delay_usec = aws_retry_delay_usec(
        retry_class, call->attempt,
        client->config->random->uniform(client->config->random->userdata),
        aws_answer_read_retry_after(response, aws_client_server_time_usec(client)));
    journal_retry(call, delay_usec);
    call_await_delay(call, delay_usec, on_delay);
    return true;
}

/* ---- the answer ---- */

static AttemptOutcome classify_attempt(const CallReading *reading)
{
    if (reading->success)
        return ATTEMPT_OK;
    if (reading->retry_class == AWS_RETRY_THROTTLING)
        return ATTEMPT_THROTTLED;
    return reading->refusal ? ATTEMPT_REFUSED : ATTEMPT_FAILED;
}

/* Takes note of a "no": whether it is about credentials that AWS may know a little later, so that
 * it does not count yet. */
static bool excuse_rejection(AwsCall *call, AwsRetryClass retry_class)
{
    const AwsClientConfig *config = call->client->config;

    if (!config->credentials)
        return false;
    if (retry_class == AWS_RETRY_EXPIRED)
        return aws_rejections_excuse(&call->client->rejections,
                                     timers_boottime_usec(config->timers));
    aws_rejections_end(&call->client->rejections);
    return false;
}

static void on_response(const HttpResponse *response, void *userdata)
{
    CallReading reading = {0};
    AwsCall *call = userdata;
    bool refusal;
    int r;

    assert(call->state == CALL_IN_FLIGHT && call->transfer);
    call->transfer = NULL;
    r = call_read_answer(call, response, &reading);
    aws_meter_count(call->client->config->meter, call->operation->name,
                    r < 0 ? ATTEMPT_FAILED : classify_attempt(&reading));
    if (r < 0) {
        call_end_locally(call, r);
        return;
    }
    if (reading.success) {
        call_end(call, AWS_OK, reading.body);
        json_object_put(reading.body);
        return;
    }
    refusal = reading.refusal && !excuse_rejection(call, reading.retry_class);
    if (may_retry(call, reading.retry_class)) {
        if (!call->finishing && call_retry(call, reading.retry_class, response))
            return;
        refusal = false; /* a correction may still change it */
    }
    call_end(call, refusal ? AWS_REFUSED : AWS_UNAVAILABLE, NULL);
}

/* ---- an attempt: credentials, then the pacer, then out ---- */

static const char *content_type(const AwsOperation *operation)
{
    static const char *const of_json[] = {
        [AWS_JSON_1_1] = "application/x-amz-json-1.1",
        [AWS_JSON_1_0] = "application/x-amz-json-1.0",
    };

    return operation->protocol ? operation->protocol->content_type
                               : of_json[operation->json_version];
}

/* What asks about its subject and nothing else. NULL: no memory. */
static char *make_body(const AwsCall *call)
{
    JsonWriter writer = {0};
    size_t size;

    json_write_begin(&writer, NULL, '{');
    json_write_string(&writer, call->operation->subject, call->subject);
    json_write_end(&writer, '}');
    return json_writer_take(&writer, &size);
}

static int call_send(AwsCall *call)
{
    const AwsClientConfig *config = call->client->config;
    CLEANUP(freep) char *made = call->body_size > 0 ? NULL : make_body(call);
    const char *body = call->body_size > 0 ? call->body : made;
    unsigned number = call->attempt + 1;
    AwsAttempt attempt = {
        .content_type = content_type(call->operation),
        .target = call->operation->target,
        .body = body,
        .body_size = body ? strlen(body) : 0,
        .credentials = call->credentials,
        .realtime_usec = aws_client_server_time_usec(call->client),
        .invocation_id = &call->invocation_id,
        .number = number,
        /* A correction may come on top of the attempts that the configuration allows. */
        .max = number > config->max_attempts ? number : config->max_attempts,
    };
    AwsRequest request;
    int r;

    assert(!call->transfer && (call->credentials || !config->credentials));
    if (!body)
        return -ENOMEM;
    r = aws_request_sign(&request, &call->client->route, &attempt);
    if (r < 0)
        return r;
    call->attempt = number;
    call->skew_usec = call->client->skew_usec;
    if (call->hooks->attempt)
        call->hooks->attempt(call->attempt, call->userdata);
    r = config->http->start(
        config->http,
        &(HttpRequest){
            .method = "POST",
            .url = call->client->route.url,
            .headers = request.headers,
            .n_headers = request.n_headers,
            .body = attempt.body,
            .body_size = attempt.body_size,
            .connect_timeout_usec = config->connect_timeout_usec,
            .timeout_usec = config->timeout_usec + call->held_sec * USEC_PER_SEC,
            .ca_bundle = call->client->config->ca_bundle,
            .yields = call->hooks->of_client,
        },
        on_response, call, &call->transfer);
    aws_request_clear(&request);
    return r;
}

/* The queue may be longer than credentials live. */
static bool has_outlived_credentials(const AwsCall *call)
{
    const AwsClientConfig *config = call->client->config;

    return config->credentials && call->credentials->expires_usec != 0 &&
           call->credentials->expires_usec <= timers_realtime_usec(config->timers);
}

static void on_granted(void *userdata)
{
    AwsCall *call = userdata;
    int r;

    assert(call->state == CALL_WAITING_LIMITER || call->state == CALL_WAITING_DELAY);
    if (has_outlived_credentials(call)) {
        call_fetch_credentials(call);
        return;
    }
    call_await_answer(call);
    r = call_send(call);
    if (r < 0)
        call_end_locally(call, r);
}

static void on_unavailable(void *userdata)
{
    call_end(userdata, AWS_UNAVAILABLE, NULL);
}

/* Credentials name the account, and the account its quotas. */
static void call_await_limiter(AwsCall *call)
{
    const AwsCredentials *credentials = call->credentials;
    AwsClient *client = call->client;

    if (!client->config->quotas) {
        call_go_on(call, on_granted);
    } else if (quotas_join(&client->quotas, client->route.service, client->route.url,
                           client->route.region,
                           credentials->account_id ? credentials->account_id
                                                   : credentials->access_key_id) < 0) {
        call_go_on(call, on_unavailable); /* no memory: see call_end() */
    } else {
        call_await_turn(call, on_granted);
        if (call->hooks->waits)
            call->hooks->waits(call->userdata);
    }
}

static void on_credentials(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    AwsCall *call = userdata;

    assert(call->state == CALL_WAITING_CREDENTIALS);
    if (!credentials) {
        /* Without memory for the copy the error stays empty: see call_end(). */
        (void)call_error_set(&call->error, CALL_ERROR_CREDENTIALS, error->message,
                             error->http_status, error->request_id);
        call_go_on(call, on_unavailable);
        return;
    }
    aws_credentials_ref(credentials);
    aws_credentials_unref(call->credentials);
    call->credentials = credentials;
    call_await_limiter(call);
}

int aws_call_start(AwsClient *client, const AwsOperation *operation, const char *body,
                   const char *subject, const AwsCaller *caller, AwsCall **ret)
{
    size_t body_size = body ? strlen(body) + 1 : 0;
    AwsCall *call = malloc(sizeof(*call) + body_size);

    assert(operation->name && (body || (subject && operation->subject)));
    if (!call)
        return -ENOMEM;
    *call = (AwsCall){
        .client = aws_client_ref(client),
        .operation = operation,
        .hooks = caller->hooks,
        .userdata = caller->userdata,
        .held_sec = caller->held_sec,
        .subject = subject,
        .body_size = body_size,
    };
    if (body)
        memcpy(call->body, body, body_size);
    if (client->config->fixed_credentials)
        call->credentials = aws_credentials_ref(client->config->fixed_credentials);
    aws_request_make_id(client->config->random, &call->invocation_id);
    call_fetch_credentials(call);
    *ret = call;
    return 0;
}

void aws_call_cancel(AwsCall *call)
{
    if (!call)
        return;
    call_stop_waiting(call);
    call_free(call);
}
