/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong between the daemon and AWS, and AWS's own unexpected words, drawn from the
 * dice. */
#pragma once

#include "tests/model/answer.h"

typedef enum Weather {
    WEATHER_FINE,
    WEATHER_FAIR,
    WEATHER_ROUGH,
    WEATHER_LOSSY, /* of the way alone, as the next */
    WEATHER_OUT,
    N_WEATHERS
} Weather;

typedef struct Fault Fault;

/* NULL: nothing goes wrong with this request. */
const Fault *fault_draw(Weather weather, Model *model, const Request *request);

bool fault_is_of_the_way(const Fault *fault); /* else it is AWS's own word */
bool fault_may_act(const Fault *fault);       /* the call may have taken effect all the same */

/* A status of success, which a call without an answer of its own may take for one. */
bool fault_is_readable(const Fault *fault);

void fault_answer(const Fault *fault, const Request *request, Answer *answer);
