/* SPDX-License-Identifier: Apache-2.0 */
/* One restart of an import as it has to be: StartImport goes out once more only where a look at the
 * import, after the answer was lost, said that it does not run. */
#pragma once

#include "tests/model/answer.h"

typedef struct ExpectedRestart {
    bool asked_for;
    unsigned n_starts; /* calls of StartImport */
    bool lost;         /* an answer is, and no look has told since what became of it */
    bool runs;         /* which AWS said, after StartImport */
    bool logged;
} ExpectedRestart;

void expected_restart_begin(ExpectedRestart *restart);
void expected_restart_attempt(ExpectedRestart *restart, Model *model, const Request *request,
                              unsigned number);
void expected_restart_sent(ExpectedRestart *restart, const Request *request);
void expected_restart_answer(ExpectedRestart *restart, const Request *request,
                             const Answer *answer);
void expected_restart_logged(ExpectedRestart *restart, Model *model);
void expected_restart_done(ExpectedRestart *restart, Model *model, bool restarted);
