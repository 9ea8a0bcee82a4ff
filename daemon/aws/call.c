/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/answer.h"
#include "daemon/aws/client-state.h"

typedef enum CallState {
    CALL_WAITING_CREDENTIALS,
    CALL_WAITING_DELAY,
    CALL_WAITING_LIMITER,
    CALL_IN_FLIGHT,
} CallState;

struct AwsCall {
    AwsClient *client;
    const AwsOperation *operation;
    char *body;
    size_t body_size;
    AwsCallHooks hooks;
    char invocation_id[AWS_INVOCATION_ID_SIZE];

    CallState state;
    AwsCredentialsWait credentials_wait;
    Timer delay;
    PacerWait pacer_wait;
    HttpTransfer *transfer;

    AwsCredentials *credentials; /* a reference, once they came */
    unsigned attempt;            /* the number of the last that went out */
    unsigned last_cost;          /* of the last retry, in tokens of the quota; 0: none */
    bool skew_corrected;         /* each correction is made once per call */
    bool credentials_renewed;
    int64_t skew_usec; /* what the last attempt was signed with; others may have learned better */
    bool finishing;    /* no more retries */
    CallError error;   /* of the last attempt */
};

/* ---- a call's beginning and end ---- */

static void call_free(AwsCall *call)
{
    aws_credentials_unref(call->credentials);
    call_error_clear(&call->error);
    aws_client_unref(call->client);
    secret_free(call->body); /* a form may hold a token */
    free(call);
}

static void call_end(AwsCall *call, AwsOutcome outcome, json_object *body)
{
    AwsResult result = {.outcome = outcome, .body = body};

    if (outcome == AWS_OK)
        aws_retry_quota_give_back(&call->client->quota, call->last_cost);
    else /* an error without a code is one that memory ran out for */
        result.error = call->error.code ? &call->error : &call_error_no_memory;
    aws_meter_note_end(call->client->config.meter, result.error, outcome == AWS_REFUSED,
                       call->operation->of_target);
    call->hooks.done(&result, call->hooks.userdata);
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

/* ---- retries ---- */

static void on_delay(void *userdata);

static bool may_retry(const AwsCall *call, AwsRetryClass retry_class)
{
    switch (retry_class) {
    case AWS_RETRY_TRANSIENT:
    case AWS_RETRY_THROTTLING:
        return call->attempt < call->client->config.max_attempts;
    case AWS_RETRY_SKEW:
        return !call->skew_corrected;
    case AWS_RETRY_EXPIRED:
        return call->client->config.credentials && !call->credentials_renewed;
    case AWS_RETRY_NONE:
        break;
    }
    return false;
}

/* Goes on from timers_run(), not from the provider of credentials: the end of this call may be that
 * of its client, and so of the provider. */
static void call_go_on(AwsCall *call, void (*step)(void *userdata))
{
    call->state = CALL_WAITING_DELAY;
    call->delay.fire = step;
    timer_set(&call->delay, timers_boottime_usec(call->client->config.timers));
}

static void on_granted(void *userdata);

/* Fixed ones are there, and calls with them are not limited. */
static void call_fetch_credentials(AwsCall *call)
{
    AwsCredentialsProvider *provider = call->client->config.credentials;

    if (provider) {
        call->state = CALL_WAITING_CREDENTIALS;
        aws_credentials_get(provider, &call->credentials_wait);
    } else {
        call_go_on(call, on_granted);
    }
}

static void journal_retry(const AwsCall *call, uint64_t delay_usec)
{
    char delay[TIMESPAN_SIZE];
    JournalEntry entry;

    journal_begin(&entry, EVENT_CALL_RETRIED);
    if (call->hooks.describe)
        call->hooks.describe(&entry, call->hooks.userdata);
    else
        journal_add(&entry, "TRAILSTOP_TARGET", "%s", call->client->target);
    journal_add(&entry, "TRAILSTOP_OPERATION", "%s", call->operation->name);
    journal_add_error(&entry, &call->error);
    journal_send(&entry, "Attempt %u of %s failed and is repeated in %s: %s", call->attempt,
                 call->operation->name, timespan_format(delay_usec, delay),
                 call->error.message ? call->error.message : "out of memory");
}

/* Corrections cost no quota: each comes once per call, and without it a call would count as refused
 * that is not. Returns false where the quota allows no retry. */
static bool call_retry(AwsCall *call, AwsRetryClass retry_class, const HttpResponse *response)
{
    AwsClient *client = call->client;
    uint64_t delay_usec;
    unsigned cost;

    if (retry_class == AWS_RETRY_SKEW || retry_class == AWS_RETRY_EXPIRED) {
        if (retry_class == AWS_RETRY_EXPIRED) {
            call->credentials_renewed = true;
            client->config.credentials->reject(client->config.credentials, call->credentials);
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
    call->last_cost = cost;
    delay_usec = aws_retry_delay_usec(
        retry_class, call->attempt, client->config.random->uniform(client->config.random->userdata),
        http_response_header(response, "x-amz-retry-after"));
    journal_retry(call, delay_usec);
    call->state = CALL_WAITING_DELAY;
    call->delay.fire = on_delay;
    timer_set(&call->delay, timers_boottime_usec(client->config.timers) + delay_usec);
    return true;
}

/* ---- the answer ---- */

static int read_error(AwsCall *call, const HttpResponse *response, bool *ret_named)
{
    const AwsProtocol *protocol = call->operation->protocol;
    const char *host = call->client->route.host;

    return protocol
               ? protocol->read_error(response, host, call->hooks.userdata, &call->error, ret_named)
               : aws_answer_read_error(response, host, &call->error, ret_named);
}

/* What to do about an answer that is no success. *ret_refusal: AWS itself said no, with a code. */
static int classify_failure(AwsCall *call, const HttpResponse *response, AwsRetryClass *ret_class,
                            bool *ret_refusal)
{
    AwsClient *client = call->client;
    uint64_t date_usec = 0;
    uint64_t now_usec = timers_realtime_usec(client->config.timers) + (uint64_t)call->skew_usec;
    bool named, dated = aws_answer_read_date(response, &date_usec);
    bool skewed = dated && (date_usec > now_usec ? date_usec - now_usec : now_usec - date_usec) >
                               AWS_SKEW_TOLERATED_USEC;
    int r = read_error(call, response, &named);

    if (r < 0)
        return r;
    if (call->credentials) {
        call_error_mask(&call->error, call->credentials->secret_access_key);
        call_error_mask(&call->error, call->credentials->session_token);
    }
    *ret_refusal = false;
    if (response->failure != HTTP_OK) {
        *ret_class = response->failure == HTTP_NO_RESOURCES ? AWS_RETRY_NONE : AWS_RETRY_TRANSIENT;
        return 0;
    }
    *ret_class = aws_retry_classify(response->status, named ? call->error.code : NULL, skewed);
    /* A "no" about a clock says nothing about the import, and clocks are put right. */
    *ret_refusal = named && response->status >= 400 && response->status <= 499 &&
                   (*ret_class == AWS_RETRY_NONE || *ret_class == AWS_RETRY_EXPIRED);
    if (dated && (*ret_class == AWS_RETRY_SKEW || client->skew_usec != 0))
        aws_client_track_skew(client, date_usec);
    if (*ret_class == AWS_RETRY_SKEW && !dated)
        *ret_class = AWS_RETRY_NONE;
    return 0;
}

static int read_success(AwsCall *call, const HttpResponse *response, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = NULL;
    uint64_t date_usec;
    int r;

    if (call->client->skew_usec != 0 && aws_answer_read_date(response, &date_usec))
        aws_client_track_skew(call->client, date_usec);
    if (call->operation->protocol)
        return call->operation->protocol->read_success(response, call->hooks.userdata);
    r = aws_answer_read_object(response, &answer);
    if (r < 0)
        return r;
    return call->operation->decode(answer, ret);
}

static void call_count(const AwsCall *call, AttemptOutcome outcome)
{
    aws_meter_count(call->client->config.meter, call->operation->name, outcome);
}

static AttemptOutcome classify_attempt(AwsRetryClass retry_class, bool refusal)
{
    if (retry_class == AWS_RETRY_THROTTLING)
        return ATTEMPT_THROTTLED;
    return refusal ? ATTEMPT_REFUSED : ATTEMPT_FAILED;
}

static void on_response(const HttpResponse *response, void *userdata)
{
    CLEANUP(json_object_putp) json_object *body = NULL;
    AwsCall *call = userdata;
    AwsRetryClass retry_class = AWS_RETRY_TRANSIENT;
    bool refusal = false;
    int r;

    call->transfer = NULL;
    if (aws_answer_is_success(response)) {
        r = read_success(call, response, &body);
        if (r == 0) {
            call_count(call, ATTEMPT_OK);
            call_end(call, AWS_OK, body);
            return;
        }
        if (r == -EBADMSG)
            r = aws_answer_describe_unreadable(response, call->client->route.host, &call->error);
    } else {
        r = classify_failure(call, response, &retry_class, &refusal);
    }
    call_count(call, r < 0 ? ATTEMPT_FAILED : classify_attempt(retry_class, refusal));
    if (r < 0) {
        call_end_locally(call, r);
        return;
    }
    if (may_retry(call, retry_class)) {
        if (!call->finishing && call_retry(call, retry_class, response))
            return;
        refusal = false; /* what a correction may still change is no final word */
    }
    call_end(call, refusal ? AWS_REFUSED : AWS_UNAVAILABLE, NULL);
}

/* ---- an attempt: credentials, then the pacer, then out ---- */

static int call_send(AwsCall *call)
{
    const AwsClientConfig *config = &call->client->config;
    const AwsProtocol *protocol = call->operation->protocol;
    unsigned number = call->attempt + 1;
    AwsAttempt attempt = {
        .content_type = protocol ? protocol->content_type : "application/x-amz-json-1.1",
        .target = call->operation->target,
        .body = call->body,
        .body_size = call->body_size,
        .credentials = call->credentials,
        .realtime_usec = aws_client_server_time_usec(call->client),
        .invocation_id = call->invocation_id,
        .number = number,
        /* A correction may come on top of the attempts that the configuration allows. */
        .max = number > config->max_attempts ? number : config->max_attempts,
    };
    AwsRequest request;
    int r = aws_request_sign(&request, &call->client->route, &attempt);

    if (r < 0)
        return r;
    call->attempt = number;
    call->skew_usec = call->client->skew_usec;
    if (call->hooks.attempt)
        call->hooks.attempt(call->attempt, call->hooks.userdata);
    r = config->http->start(config->http,
                            &(HttpRequest){
                                .method = "POST",
                                .url = call->client->route.url,
                                .headers = request.headers,
                                .n_headers = request.n_headers,
                                .body = call->body,
                                .body_size = call->body_size,
                                .connect_timeout_usec = config->connect_timeout_usec,
                                .timeout_usec = config->timeout_usec,
                                .ca_bundle = call->client->ca_bundle,
                            },
                            on_response, call, &call->transfer);
    aws_request_clear(&request);
    return r;
}

/* The queue may be longer than credentials live. */
static bool has_outlived_credentials(const AwsCall *call)
{
    const AwsClientConfig *config = &call->client->config;

    return config->credentials && call->credentials->expires_usec != 0 &&
           call->credentials->expires_usec <= timers_realtime_usec(config->timers);
}

static void on_granted(void *userdata)
{
    AwsCall *call = userdata;
    int r;

    if (has_outlived_credentials(call)) {
        call_fetch_credentials(call);
        return;
    }
    call->state = CALL_IN_FLIGHT;
    r = call_send(call);
    if (r < 0)
        call_end_locally(call, r);
}

static void on_unavailable(void *userdata)
{
    call_end(userdata, AWS_UNAVAILABLE, NULL);
}

/* Credentials tell the account, and that the limits. */
static void call_await_limiter(AwsCall *call)
{
    const AwsCredentials *credentials = call->credentials;
    AwsClient *client = call->client;

    if (!client->config.quotas) {
        call_go_on(call, on_granted);
    } else if (quotas_join(&client->quotas, client->route.url, client->route.region,
                           credentials->account_id ? credentials->account_id
                                                   : credentials->access_key_id) < 0) {
        call_go_on(call, on_unavailable); /* no memory: see call_end() */
    } else {
        call->state = CALL_WAITING_LIMITER;
        quotas_enter(&client->quotas, call->operation->limit, &call->pacer_wait);
    }
}

static void on_credentials(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    AwsCall *call = userdata;

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

static void on_delay(void *userdata)
{
    call_fetch_credentials(userdata);
}

int aws_call_start(AwsClient *client, const AwsOperation *operation, const char *body,
                   const AwsCallHooks *hooks, AwsCall **ret)
{
    AwsCall *call = malloc(sizeof(*call));

    if (!call)
        return -ENOMEM;
    *call = (AwsCall){
        .client = client,
        .operation = operation,
        .body = strdup(body),
        .body_size = strlen(body),
        .hooks = *hooks,
        .credentials_wait = {.done = on_credentials, .userdata = call},
        .pacer_wait = {.granted = on_granted, .userdata = call},
    };
    if (!call->body) {
        free(call);
        return -ENOMEM;
    }
    aws_client_ref(client);
    if (client->config.fixed_credentials)
        call->credentials = aws_credentials_ref(client->config.fixed_credentials);
    aws_request_make_id(client->config.random, call->invocation_id);
    timer_init(&call->delay, client->config.timers, on_delay, call);
    call_fetch_credentials(call);
    *ret = call;
    return 0;
}

void aws_call_cancel(AwsCall *call)
{
    HttpClient *http;

    if (!call)
        return;
    http = call->client->config.http;
    aws_credentials_cancel(&call->credentials_wait);
    timer_clear(&call->delay);
    pacer_leave(&call->pacer_wait);
    if (call->transfer)
        http->cancel(http, call->transfer);
    call_free(call);
}

bool aws_call_finish(AwsCall *call)
{
    if (call->state != CALL_IN_FLIGHT)
        return false;
    call->finishing = true;
    return true;
}

uint64_t aws_call_next_usec(const AwsCall *call)
{
    switch (call->state) {
    case CALL_IN_FLIGHT:
        return 0;
    case CALL_WAITING_DELAY:
        return call->delay.at_usec;
    case CALL_WAITING_LIMITER:
        return pacer_expected_usec(&call->pacer_wait);
    case CALL_WAITING_CREDENTIALS:
        break;
    }
    return timers_boottime_usec(call->client->config.timers); /* as soon as they come */
}
