/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/expected-restart.h"

#include <string.h>

#define STARTS_MAX 2U

void expected_restart_begin(ExpectedRestart *restart)
{
    *restart = (ExpectedRestart){.asked_for = true};
}

void expected_restart_attempt(ExpectedRestart *restart, Model *model, const Request *request,
                              unsigned number)
{
    model_hold(model, restart->asked_for, "import %u is started, and nobody asked for it",
               request->import);
    model_hold(model, !restart->runs, "import %u is started, and it runs", request->import);
    if (request->operation != OPERATION_START)
        return;
    model_hold(model, !restart->lost, "import %u is started blindly once more", request->import);
    restart->n_starts += number == 1;
    model_hold(model, restart->n_starts <= STARTS_MAX, "import %u is started again and again",
               request->import);
}

void expected_restart_sent(ExpectedRestart *restart, const Request *request)
{
    restart->lost |= request->operation == OPERATION_START;
}

void expected_restart_answer(ExpectedRestart *restart, const Request *request, const Answer *answer)
{
    const char *status = answer->import_status ? answer->import_status : "";

    if (request->operation == OPERATION_START) {
        restart->lost = answer_is_lost(answer);
        restart->runs = answer->meaning == MEANS_OBSERVED;
    } else if (answer->meaning == MEANS_OBSERVED) {
        restart->lost = strcmp(status, "STOPPED") != 0 && strcmp(status, "FAILED") != 0;
        restart->runs = strcmp(status, "INITIALIZING") == 0 || strcmp(status, "IN_PROGRESS") == 0;
    }
}

void expected_restart_logged(ExpectedRestart *restart, Model *model)
{
    model_hold(model, restart->asked_for && restart->runs && !restart->logged,
               "a restart is logged that was not, or twice");
    restart->logged = true;
}

void expected_restart_done(ExpectedRestart *restart, Model *model, bool restarted)
{
    model_hold(model, restarted == restart->runs, "restarted or not?");
    model_hold(model, restart->logged == restarted, "a restart is not logged");
    restart->asked_for = false;
}
