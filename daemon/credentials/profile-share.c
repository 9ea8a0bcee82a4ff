/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/profile-share.h"

#include <errno.h>
#include <stdlib.h>

struct AwsProfileShare {
    Timers *timers;
    Timer end_of_turn;
    AwsProfileReading *reading; /* of this turn; NULL: none yet */
};

void aws_profile_reading_unref(AwsProfileReading *reading)
{
    if (!reading || --reading->references > 0)
        return;
    aws_profiles_free(reading->profiles);
    free(reading);
}

static void forget(void *userdata)
{
    AwsProfileShare *share = userdata;

    aws_profile_reading_unref(TAKE(share->reading));
}

int aws_profile_share_new(Timers *timers, AwsProfileShare **ret)
{
    AwsProfileShare *share = malloc(sizeof(*share));

    if (!share)
        return -ENOMEM;
    *share = (AwsProfileShare){.timers = timers};
    timer_init(&share->end_of_turn, timers, forget, share);
    *ret = share;
    return 0;
}

void aws_profile_share_free(AwsProfileShare *share)
{
    if (!share)
        return;
    timer_clear(&share->end_of_turn);
    forget(share);
    free(share);
}

static int read_files(AwsProfileReading **ret, char **ret_error)
{
    AwsProfileReading *reading = malloc(sizeof(*reading));
    int r;

    if (!reading)
        return -ENOMEM;
    *reading = (AwsProfileReading){.references = 1};
    r = aws_profiles_load(&reading->profiles, ret_error);
    if (r < 0) {
        free(reading);
        return r;
    }
    *ret = reading;
    return 0;
}

int aws_profile_share_get(AwsProfileShare *share, AwsProfileReading **ret, char **ret_error)
{
    AwsProfileReading *reading = share ? share->reading : NULL;
    int r = reading ? 0 : read_files(&reading, ret_error);

    if (r < 0)
        return r;
    if (share && !share->reading) {
        /* Fetches begin in timers_run(), where a timer that is set now fires in the next one. */
        timer_set(&share->end_of_turn, timers_boottime_usec(share->timers));
        share->reading = reading;
    }
    if (share)
        reading->references++;
    *ret = reading;
    return 0;
}
