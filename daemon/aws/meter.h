/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls of one target show: how many of each operation ended how, and whether the target
 * answers. Its clients write here, whatever their calls are for; ListTargets and the metrics read.
 *
 * A meter is a counted reference, because calls may outlive their target. It outlives a reload: the
 * client that takes another one's place goes on with the same meter.
 *
 * Trouble that may be one import's own (an answer of 5xx, one that cannot be read) says nothing
 * about the target here. A caller that knows better calls aws_meter_note_trouble(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/call-error.h"
#include "daemon/base/timer.h"

/* As TargetState of the Varlink interface. */
typedef enum TargetState {
#define TARGET_STATE(symbol, name, word, phrase) TARGET_##symbol,
#include "common/target-states.def"
    N_TARGET_STATES
} TargetState;

const char *target_state_name(TargetState state);

/* What a target is in while its calls fail like this. */
TargetState target_state_of_error(const CallError *error);

/* How an attempt of a call ended. */
typedef enum AttemptOutcome {
    ATTEMPT_OK,
    ATTEMPT_REFUSED,   /* AWS said no */
    ATTEMPT_THROTTLED, /* AWS said later */
    ATTEMPT_FAILED,    /* no answer, or none that can be used */
    N_ATTEMPT_OUTCOMES
} AttemptOutcome;

const char *attempt_outcome_name(AttemptOutcome outcome);

/* What all meters share; outlives them. */
typedef struct AwsMeters {
    Timers *timers;
    unsigned n_in_state[N_TARGET_STATES];
} AwsMeters;

#define METER_OPERATIONS_MAX 8U /* names, of the services that a target is called for */

typedef struct MeteredOperation {
    const char *name; /* borrowed from the operation, which is static */
    uint64_t attempts[N_ATTEMPT_OUTCOMES];
} MeteredOperation;

typedef struct AwsMeter {
    unsigned references;
    AwsMeters *meters;
    TargetState state;
    uint64_t since_usec;                                /* of this state; CLOCK_REALTIME */
    CallError error;                                    /* empty while the state is ok */
    MeteredOperation *operations[METER_OPERATIONS_MAX]; /* each made when it is counted first */
    unsigned n_operations;
} AwsMeter;

int aws_meter_new(AwsMeters *meters, AwsMeter **ret);
AwsMeter *aws_meter_ref(AwsMeter *meter);
void aws_meter_unref(AwsMeter *meter); /* takes NULL */

void aws_meter_move(AwsMeter *meter, AwsMeters *meters); /* it counts among these from now on */

/* An attempt of this operation ended, which only goes uncounted where there is no memory for its
 * first; how its call ended is noted by the others. Takes no meter
 * (NULL), as do the following. */
void aws_meter_count(AwsMeter *meter, const char *operation, AttemptOutcome outcome);

/* The target answered, whatever it said. */
void aws_meter_note_answer(AwsMeter *meter);

/* A call failed for this reason, which is the target's. */
void aws_meter_note_trouble(AwsMeter *meter, const CallError *error);

/* Whether an answer was there, but one of 5xx or one that cannot be read: it may be that one import
 * alone makes AWS answer so. */
bool aws_meter_may_be_of_import(const CallError *error);

/* A call ended: an answer (error NULL, or refused), or trouble as far as it cannot be that of the
 * one import which was asked about. */
void aws_meter_note_end(AwsMeter *meter, const CallError *error, bool refused, bool of_target);
