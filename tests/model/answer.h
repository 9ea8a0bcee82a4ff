/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS is asked in the model, what it answers, and what the answer means to whoever asked. */
#pragma once

#include "common/import-service.h"
#include "daemon/http/client.h"
#include "tests/model/model.h"

#define N_TARGETS_MAX 3U
#define N_IMPORTS 4U /* of each target: as many of each service */

/* As both services have them, by whatever names. */
typedef enum Operation {
    OPERATION_STOP,
    OPERATION_START,
    OPERATION_GET,
    OPERATION_LIST,
    N_OPERATIONS
} Operation;

bool operation_reads(Operation operation); /* and so has the read rate */

typedef struct Request {
    ImportService service;
    Operation operation;
    unsigned import;       /* N_IMPORTS: none, it is a list */
    char status[16];       /* that a list asks for */
    unsigned page;         /* of the list */
    uint64_t signed_usec;  /* the time it was signed with */
    uint64_t timeout_usec; /* how long the other side waits */
} Request;

/* For the account of a history: "StopImport". */
const char *request_name(const Request *request);

/* What an answer says about the import that was asked for. */
typedef enum Meaning {
    MEANS_OBSERVED,  /* the import is as Answer.import_status says */
    MEANS_THROTTLED, /* not now, so it had no effect */
    MEANS_NOTHING,   /* no answer that counts */
    MEANS_TROUBLE,   /* neither, and it may be this import's own */
    MEANS_NO,        /* a clear "no" that ends it, such as access denied */
    MEANS_UNKNOWN,   /* not found: MEANS_NO, unless it was just accepted to stop it */
    MEANS_VERIFY,    /* a "no" to a stop that a look at the import has to explain */
    MEANS_SKEWED,    /* the clocks disagree, which says nothing of the import */
    MEANS_EXPIRED,   /* other credentials, please; for five minutes that is not a "no" */
} Meaning;

typedef struct Answer {
    const char *name; /* for the account */
    HttpFailure failure;
    unsigned status;
    const char *code; /* in a header or in the body; NULL: none */
    bool code_in_body;
    char body[8192];
    uint64_t date_usec;
    uint64_t delay_usec;
    Meaning meaning;
    const char *import_status; /* "STOPPED" also where it is called "CANCELLED"; NULL: left out */
    uint64_t amount;           /* of events or bytes, as the answer says */
    unsigned listed;           /* of a list: a bit for each import on this page */
    bool last_page;
} Answer;

bool answer_counts(const Answer *answer);  /* it says something, whatever that is */
bool answer_is_lost(const Answer *answer); /* the call may have had its effect, or not */

/* code may be NULL. */
void answer_set_error(Answer *answer, const char *name, unsigned status, const char *code,
                      Meaning meaning);
