/* SPDX-License-Identifier: Apache-2.0 */
/* Splits a command line into words as a shell does (POSIX.1-2017, XCU 2.2 "Quoting"): quotes and
 * backslashes, and nothing else. No expansion, no comments, no operators: there is no shell. */
#pragma once

/* An owned list of owned words, ended by NULL. 0; -EINVAL: a quote is left open, a backslash is the
 * last character, or there is no word; -ENOMEM. */
int words_split(const char *text, char ***ret);

/* Wipes the words, which may hold secrets, and frees them; takes NULL. */
void words_free(char **words);
