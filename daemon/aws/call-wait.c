/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/call-wait.h"

#include <assert.h>

bool call_is_waiting(const AwsCall *call)
{
    switch (call->state) {
    case CALL_WAITING_CREDENTIALS:
        return call->credentials_wait.provider;
    case CALL_WAITING_DELAY:
        return call->delay.set;
    case CALL_WAITING_LIMITER:
        return call->pacer_wait.pacer;
    case CALL_IN_FLIGHT:
        break;
    }
    return call->transfer;
}

void call_await_delay(AwsCall *call, uint64_t delay_usec, void (*step)(void *userdata))
{
    Timers *timers = call->client->config->timers;

    assert(!call_is_waiting(call));
    call->state = CALL_WAITING_DELAY;
    timer_init(&call->delay, timers, step, call);
    timer_set(&call->delay, timers_boottime_usec(timers) + delay_usec);
}

void call_await_credentials(AwsCall *call, AwsCredentialsProvider *provider,
                            void (*done)(AwsCredentials *credentials, const CallError *error,
                                         void *userdata))
{
    assert(!call_is_waiting(call));
    call->state = CALL_WAITING_CREDENTIALS;
    call->credentials_wait = (AwsCredentialsWait){.done = done, .userdata = call};
    aws_credentials_get(provider, &call->credentials_wait);
}

void call_await_turn(AwsCall *call, void (*granted)(void *userdata))
{
    assert(!call_is_waiting(call));
    call->state = CALL_WAITING_LIMITER;
    call->pacer_wait = (PacerWait){
        .of = call->hooks->of_client ? PACER_CLIENT : PACER_JOB,
        .granted = granted,
        .userdata = call,
    };
    quotas_enter(&call->client->quotas, call->operation->limit, &call->pacer_wait);
}

void call_await_answer(AwsCall *call)
{
    assert(!call_is_waiting(call));
    call->state = CALL_IN_FLIGHT;
    call->transfer = NULL;
}

void call_stop_waiting(AwsCall *call)
{
    HttpClient *http = call->client->config->http;

    switch (call->state) {
    case CALL_WAITING_CREDENTIALS:
        aws_credentials_cancel(&call->credentials_wait);
        break;
    case CALL_WAITING_DELAY:
        timer_clear(&call->delay);
        break;
    case CALL_WAITING_LIMITER:
        pacer_leave(&call->pacer_wait);
        break;
    case CALL_IN_FLIGHT:
        if (call->transfer)
            http->cancel(http, call->transfer);
        break;
    }
}

bool aws_call_finish(AwsCall *call)
{
    if (call->state != CALL_IN_FLIGHT)
        return false;
    call->finishing = true;
    return true;
}

bool aws_call_place(const AwsCall *call, PacerPlace *ret)
{
    if (call->state != CALL_WAITING_LIMITER)
        return false;
    *ret = pacer_place(&call->pacer_wait);
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
    return timers_boottime_usec(call->client->config->timers); /* as soon as they come */
}
