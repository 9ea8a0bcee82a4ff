/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of environment, shared files and a section, with what the settings are to make of them.
 */
#pragma once

#include "daemon/credentials/settings.h"

#define VARIABLES_MAX 6U

struct sample {
    const char *environment[VARIABLES_MAX][2]; /* up to the first without a name */
    const char *config, *credentials;
    AwsSection section; /* flags: 0 stands for unset unless flags_set */
    bool flags_set;
    AwsPurpose purpose;   /* without a noun: that of a target */
    const char *error;    /* part of the sentence; NULL: works */
    const char *option;   /* that has to do with the error; NULL: does not matter */
    const char *expected; /* what the test looks at */
};

/* What a test looks at. */
typedef const char *Look(const AwsSettings *settings);
Look trouble; /* "file:line: what is wrong", as far as there is each of them */

#define ASSERT_SAMPLES(samples, look)                                                              \
    assert_samples(samples, sizeof(samples) / sizeof(*(samples)), look)
void assert_samples(const struct sample *samples, size_t n, Look *look);

/* Of every variable that the settings look at; each sample begins so. */
int clear_environment(void **state);
