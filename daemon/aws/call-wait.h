/* SPDX-License-Identifier: Apache-2.0 */
/* What a call waits for: one thing at a time. Each of these begins a wait, when the former one is
 * over; what it is given comes once, from the loop. */
#pragma once

#include "daemon/aws/call-state.h"

/* Between two waits it waits for nothing, whatever its state says. */
bool call_is_waiting(const AwsCall *call);

void call_await_delay(AwsCall *call, uint64_t delay_usec, void (*step)(void *userdata));
void call_await_credentials(AwsCall *call, AwsCredentialsProvider *provider,
                            void (*done)(AwsCredentials *credentials, const CallError *error,
                                         void *userdata));

/* At the quota of its account, which it has joined. */
void call_await_turn(AwsCall *call, void (*granted)(void *userdata));

/* Of the transfer, which the caller sets. */
void call_await_answer(AwsCall *call);

void call_stop_waiting(AwsCall *call); /* takes one that does not wait */
