/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call is refused: an AWS error on its way to the answer. */
#pragma once

typedef struct Refusal {
    unsigned status;
    const char *code; /* of static storage, or living as long as the declaration that it is from */
    char message[4096]; /* a longer one is cut */
} Refusal;

/* Fills it in; returns -EACCES. */
__attribute__((format(printf, 4, 5))) int refuse(Refusal *ret, unsigned status, const char *code,
                                                 const char *format, ...);
