/* SPDX-License-Identifier: Apache-2.0 */
/* CloudTrail as the model plays it: imports that run and end, StopImport and GetImport, and all
 * that can go wrong between here and there, drawn from the dice.
 *
 * What StopImport says of an import that has ended, or is being stopped already, is not documented:
 * each account draws its own habit. */
#pragma once

#include "common/import-service.h"
#include "daemon/http/client.h"
#include "tests/model/model.h"

#define N_TARGETS_MAX 3U
#define N_IMPORTS 4U

/* What an answer says about the import that was asked for. */
typedef enum Meaning {
    MEANS_OBSERVED, /* the import is as Answer.import_status says */
    MEANS_NOTHING,  /* no answer that counts */
    MEANS_TROUBLE,  /* neither, and it may be this import's own */
    MEANS_NO,       /* a clear "no" that ends it, such as access denied */
    MEANS_UNKNOWN,  /* not found: MEANS_NO, unless it was just accepted to stop it */
    MEANS_VERIFY,   /* a "no" to StopImport that GetImport has to explain */
    MEANS_SKEWED,   /* the clocks disagree, which says nothing of the import */
    MEANS_EXPIRED,  /* other credentials, please; a second time in one call: MEANS_NO */
} Meaning;

typedef struct Answer {
    const char *name; /* for the account */
    HttpFailure failure;
    unsigned status;
    const char *code; /* in a header or in the body; NULL: none */
    bool code_in_body;
    char body[512];
    uint64_t date_usec;
    uint64_t delay_usec;
    Meaning meaning;
    const char *import_status; /* as the answer says; NULL: left out */
} Answer;

bool answer_counts(const Answer *answer); /* it says something, whatever that is */

typedef struct Import {
    char id[IMPORT_ID_SIZE];
    bool exists;
    const char *status;
    uint64_t started_usec;
    uint64_t stopped_usec; /* when a stop that was asked for takes effect; 0: not asked for */
    uint64_t ends_usec;    /* when it ends by itself */
    const char *end;       /* how: "COMPLETED" or "FAILED" */
} Import;

typedef enum Weather { WEATHER_FINE, WEATHER_FAIR, WEATHER_ROUGH, WEATHER_OUT, N_WEATHERS } Weather;

typedef struct ScriptedAccount {
    Import imports[N_IMPORTS];
    Weather weather;
    const char *ended_code;    /* StopImport for one that has ended; NULL: its status */
    const char *stopping_code; /* for one that is being stopped; NULL: its status */
} ScriptedAccount;

void account_init(ScriptedAccount *account, Model *model);

/* Somebody starts an import that has ended once more. */
void account_restart_import(ScriptedAccount *account, Model *model, unsigned import);

/* All imports end soon. */
void account_settle(ScriptedAccount *account, Model *model);

/* A call arrives: signed_usec is the time it was signed with, timeout_usec how long the other side
 * waits. */
void account_call(ScriptedAccount *account, Model *model, unsigned import, bool stop,
                  uint64_t signed_usec, uint64_t timeout_usec, Answer *ret);
