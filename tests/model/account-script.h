/* SPDX-License-Identifier: Apache-2.0 */
/* An AWS account as the model plays it: imports of CloudTrail and of CloudWatch Logs that run and
 * end, the operations of both services, and all that can go wrong between here and there, drawn
 * from the dice.
 *
 * What a stop says of an import that has ended, or is being stopped already, is not documented:
 * each account draws its own habit. */
#pragma once

#include "tests/model/weather.h"

typedef struct Import {
    ImportService service;
    char id[IMPORT_ID_SIZE];
    bool exists;
    const char *status;
    uint64_t started_usec;
    uint64_t stopped_usec; /* when a stop that was asked for takes effect; 0: not asked for */
    uint64_t ends_usec;    /* when it ends by itself */
    const char *end;       /* how: "COMPLETED" or "FAILED" */
    double speed;          /* events or bytes per second */
} Import;

typedef struct ScriptedAccount {
    Import imports[N_IMPORTS];
    Weather weather;
    const char *ended_code;    /* a stop of one that has ended; NULL: its status */
    const char *stopping_code; /* of one that is being stopped; NULL: its status */
} ScriptedAccount;

/* target: its number, which is in the ids. */
void account_init(ScriptedAccount *account, Model *model, unsigned target);

/* Of the import with this number. */
ImportService account_service(unsigned import);

/* Whether it runs, and nobody has stopped it. */
bool account_import_goes_on(const Import *import);

/* Somebody starts an import that has ended once more. */
void account_restart_import(ScriptedAccount *account, Model *model, unsigned import);

/* All imports end soon. */
void account_settle(ScriptedAccount *account, Model *model);

/* A call arrives. */
void account_call(ScriptedAccount *account, Model *model, const Request *request, Answer *ret);
