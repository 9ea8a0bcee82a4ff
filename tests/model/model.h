/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual world: its clock, its dice, and the account of what happened in it.
 *
 * One history is all that follows from one seed. Whatever is found to be wrong ends the test with
 * the seed and the whole account. Times are microseconds of the virtual CLOCK_BOOTTIME. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/base/timer.h"

typedef struct Dice {
    uint64_t state;
} Dice;

double dice_uniform(Dice *dice);                                  /* in [0, 1) */
uint64_t dice_below(Dice *dice, uint64_t n);                      /* 0 to n - 1 */
uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most); /* both included */
bool dice_chance(Dice *dice, double probability);

typedef struct Model {
    uint64_t seed;
    Dice dice;        /* of what happens to the daemon */
    Dice daemon_dice; /* of what the daemon draws itself */
    double constant;  /* what it draws each time instead; negative: it throws the dice */
    uint64_t now_usec;
    int64_t wall_usec; /* how far the daemon's wall clock is ahead of the true time */
    bool clock_jumps;  /* in this history, now and then */
    Clock clock;
    Random random;
    FILE *account;
    char *account_text;
    size_t account_size;
} Model;

void model_init(Model *model, uint64_t seed);
void model_clear(Model *model);

uint64_t model_true_time(const Model *model); /* on the wall clock */

/* One line of the account. */
__attribute__((format(printf, 2, 3))) void model_note(Model *model, const char *format, ...);

/* What is true of every history. */
#define model_hold(model, condition, ...)                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            model_fail(model, #condition, __VA_ARGS__);                                            \
    } while (0)

__attribute__((format(printf, 3, 4), noreturn)) void model_fail(Model *model, const char *condition,
                                                                const char *format, ...);
