/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"

/* The true time when the virtual machine booted. */
#define BOOTED_USEC (UINT64_C(1795348800) * USEC_PER_SEC)

/* How long it was up when a history begins. */
#define UPTIME_USEC (10 * USEC_PER_HOUR)

/* SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t dice_throw(Dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double dice_uniform(Dice *dice)
{
    return (double)(dice_throw(dice) >> 11) * 0x1p-53;
}

uint64_t dice_below(Dice *dice, uint64_t n)
{
    return dice_throw(dice) % n;
}

uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most)
{
    return least + dice_below(dice, most - least + 1);
}

bool dice_chance(Dice *dice, double probability)
{
    return dice_uniform(dice) < probability;
}

static uint64_t clock_boottime_usec(void *userdata)
{
    const Model *model = userdata;

    return model->now_usec;
}

static uint64_t clock_realtime_usec(void *userdata)
{
    const Model *model = userdata;

    return model_true_time(model) + (uint64_t)model->wall_usec;
}

static double daemon_uniform(void *userdata)
{
    Model *model = userdata;

    return model->constant >= 0 ? model->constant : dice_uniform(&model->daemon_dice);
}

void model_init(Model *model, uint64_t seed)
{
    *model = (Model){
        .seed = seed,
        .dice = {seed},
        .daemon_dice = {~seed},
        .constant = -1,
        .now_usec = UPTIME_USEC,
        .clock = {clock_boottime_usec, clock_realtime_usec, model},
        .random = {daemon_uniform, model},
    };
    model->account = open_memstream(&model->account_text, &model->account_size);
    assert_non_null(model->account);
}

void model_clear(Model *model)
{
    fclose(model->account);
    free(model->account_text);
}

uint64_t model_true_time(const Model *model)
{
    return BOOTED_USEC + model->now_usec;
}

void model_note(Model *model, const char *format, ...)
{
    va_list arguments;

    fprintf(model->account, "%14.6f  ",
            (double)(model->now_usec - UPTIME_USEC) / (double)USEC_PER_SEC);
    va_start(arguments, format);
    vfprintf(model->account, format, arguments);
    va_end(arguments);
    fputc('\n', model->account);
}

/* A history that failed is left where it stood; what leaks there says nothing new. LeakSanitizer
 * asks. */
static bool failed;
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return failed;
}

void model_fail(Model *model, const char *condition, const char *format, ...)
{
    va_list arguments;

    fflush(model->account);
    fprintf(stderr, "%s", model->account_text);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (%s)\nAgain: MODEL_SEED=%llu MODEL_HISTORIES=1 tests/model/model\n",
            condition, (unsigned long long)model->seed);
    failed = true;
    fail();
    abort(); /* not reached */
}
