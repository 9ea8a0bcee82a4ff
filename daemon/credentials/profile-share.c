/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/profile-share.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"

struct AwsProfileShare {
    Timers *timers;
    Timer end_of_turn;
    AwsSharedFiles *files;
    AwsProfileReading *reading; /* of this turn; NULL: none yet */
    char *logged;               /* the warning; NULL: the files are good */
};

void aws_profile_reading_unref(AwsProfileReading *reading)
{
    if (!reading)
        return;
    assert(reading->references > 0);
    if (--reading->references > 0)
        return;
    aws_profiles_free(reading->profiles);
    free(reading);
}

static void forget(void *userdata)
{
    AwsProfileShare *share = userdata;

    aws_profile_reading_unref(TAKE(share->reading));
}

int aws_profile_share_new(Timers *timers, AwsSharedFiles *files, AwsProfileShare **ret)
{
    AwsProfileShare *share = malloc(sizeof(*share));

    if (!share)
        return -ENOMEM;
    *share = (AwsProfileShare){.timers = timers, .files = aws_shared_files_ref(files)};
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
    aws_shared_files_unref(share->files);
    free(share->logged);
    free(share);
}

static int log_stale(AwsProfileShare *share, const char *stale)
{
    if (stale && !(share->logged && strcmp(stale, share->logged) == 0))
        aws_shared_files_log(stale);
    free(TAKE(share->logged));
    return string_copy(stale, &share->logged);
}

static int read_files(AwsProfileShare *share)
{
    AwsProfileReading *reading = malloc(sizeof(*reading));
    int r;

    if (!reading)
        return -ENOMEM;
    *reading = (AwsProfileReading){.references = 1};
    r = aws_shared_files_read(share->files, &reading->profiles);
    if (r >= 0)
        r = log_stale(share, aws_profiles_stale(reading->profiles));
    if (r < 0) {
        aws_profile_reading_unref(reading);
        return r;
    }
    /* Fetches begin in timers_run(), where a timer that is set now fires in the next one. */
    timer_set(&share->end_of_turn, timers_boottime_usec(share->timers));
    share->reading = reading;
    return 0;
}

int aws_profile_share_get(AwsProfileShare *share, AwsProfileReading **ret)
{
    int r = share->reading ? 0 : read_files(share);

    if (r < 0)
        return r;
    share->reading->references++;
    *ret = share->reading;
    return 0;
}
