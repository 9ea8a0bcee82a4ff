/* SPDX-License-Identifier: Apache-2.0 */
/* A string that grows and leaves no copy of its text behind, for what holds keys and tokens. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Begins all zero. */
typedef struct SecretText {
    char *data; /* ended by NUL; NULL until something is appended, be it nothing */
    size_t size, capacity;
    bool failed; /* no memory; further appends do nothing */
} SecretText;

void secret_text_append(SecretText *text, const char *data, size_t size);
void secret_text_add(SecretText *text, const char *string);
void secret_text_add_char(SecretText *text, char character);

/* Hands the string on: 0, or -ENOMEM where any append has failed. */
int secret_text_finish(SecretText *text, char **ret);

void secret_text_clear(SecretText *text); /* wipes and frees what is inside */
