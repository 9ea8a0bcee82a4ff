/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration is read in tests: an empty directory to each test, which is the current
 * one, and an environment without AWS except for a region and keys. */
#pragma once

#include "daemon/config/config.h"

#define CONF "t.conf"
#define DROP_IN(name) CONF ".d/" name

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_directory, leave_directory)

int enter_directory(void **state);
int leave_directory(void **state);

void write_file(const char *name, const char *text);

extern char last_warning[512]; /* empty: none */
void note_warning(const char *warning);

Config *expect_loaded(void); /* CONF, which the caller frees */
void expect_error(const char *sentence);
