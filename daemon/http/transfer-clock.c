/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/transfer-clock.h"

#include "common/time.h"

#define LOOK_MIN_USEC (50 * USEC_PER_MSEC)
#define LOOK_MAX_USEC USEC_PER_SEC
#define LOOKS 30U /* within a time-out */

/* A longer time than two looks take is a pause; some of it counts all the same, so that on a host
 * of nothing but pauses a time-out still comes. */
#define PAUSE_LOOKS 2U
#define PAUSE_COUNTS(look_usec) ((look_usec) / 10)

void transfer_clock_restart(TransferClock *clock)
{
    clock->looked_usec = time_now_boottime();
    clock->look_usec = LOOK_MAX_USEC;
}

uint64_t transfer_clock_look(TransferClock *clock)
{
    uint64_t now_usec = time_now_boottime(), passed_usec = now_usec - clock->looked_usec;
    uint64_t left_out_usec = 0;

    clock->looked_usec = now_usec;
    if (passed_usec > PAUSE_LOOKS * clock->look_usec)
        left_out_usec = passed_usec - PAUSE_COUNTS(clock->look_usec);
    clock->usec += passed_usec - left_out_usec;
    return left_out_usec;
}

uint64_t transfer_clock_choose_look(uint64_t patience_usec)
{
    uint64_t look_usec = patience_usec / LOOKS;

    if (look_usec < LOOK_MIN_USEC)
        return LOOK_MIN_USEC;
    return look_usec < LOOK_MAX_USEC ? look_usec : LOOK_MAX_USEC;
}
