/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/weather.h"

#include <string.h>

#define PAGE "<html><body>Welcome to the airport's network</body></html>"

struct Fault {
    const char *name;
    HttpFailure failure;
    unsigned status;
    const char *code; /* NULL: none */
    const char *body; /* NULL: what AWS writes beside a code, or see wrong_body() */
    Meaning meaning;
    bool may_act; /* the call may have taken effect all the same */
};

static const Fault faults[] = {
    {"throttled", HTTP_OK, 400, "ThrottlingException", NULL, MEANS_THROTTLED, false},
    {"throttled", HTTP_OK, 429, "TooManyRequestsException", NULL, MEANS_THROTTLED, false},
    {"throttled without a code", HTTP_OK, 429, NULL, "", MEANS_THROTTLED, false},
    {"internal error", HTTP_OK, 500, "InternalFailure", NULL, MEANS_TROUBLE, true},
    {"502 page", HTTP_OK, 502, NULL, PAGE, MEANS_TROUBLE, true},
    {"503", HTTP_OK, 503, NULL, "", MEANS_TROUBLE, false},
    {"504", HTTP_OK, 504, "GatewayTimeout", NULL, MEANS_TROUBLE, true},
    {"501 with a code", HTTP_OK, 501, "NotYetException", NULL, MEANS_TROUBLE, false},
    {"connection refused", HTTP_CONNECT_FAILED, 0, NULL, "", MEANS_NOTHING, false},
    {"connection reset", HTTP_CONNECT_FAILED, 0, NULL, "", MEANS_NOTHING, true},
    {"time-out", HTTP_TIMED_OUT, 0, NULL, "", MEANS_NOTHING, true},
    {"TLS failure", HTTP_TLS_FAILED, 0, NULL, "", MEANS_NOTHING, false},
    {"no HTTP", HTTP_UNREADABLE, 0, NULL, "", MEANS_TROUBLE, true},
    {"no resources", HTTP_NO_RESOURCES, 0, NULL, "", MEANS_NOTHING, false},
    {"200 page", HTTP_OK, 200, NULL, PAGE, MEANS_TROUBLE, false},
    {"403 page", HTTP_OK, 403, NULL, PAGE, MEANS_NOTHING, false},
    {"404 page", HTTP_OK, 404, NULL, PAGE, MEANS_NOTHING, false},
    {"407 page", HTTP_OK, 407, NULL, PAGE, MEANS_NOTHING, false},
    {"redirect", HTTP_OK, 302, NULL, PAGE, MEANS_NOTHING, false},
    {"redirect with a code", HTTP_OK, 307, "TemporaryRedirect", NULL, MEANS_NOTHING, false},
    {"empty 200", HTTP_OK, 200, NULL, "", MEANS_TROUBLE, true},
    {"truncated 200", HTTP_OK, 200, NULL, "{\"ImportStatus\":\"STOP", MEANS_TROUBLE, true},
    {"200 array", HTTP_OK, 200, NULL, "[]", MEANS_TROUBLE, true},
    {"200 of another import", HTTP_OK, 200, NULL, NULL, MEANS_TROUBLE, true},
    /* From here on, it is AWS's own word. */
    {"200 of wrong types", HTTP_OK, 200, NULL, NULL, MEANS_OBSERVED, false},
    {"too skewed", HTTP_OK, 400, "RequestTimeTooSkewed", NULL, MEANS_SKEWED, false},
    {"expired token", HTTP_OK, 400, "ExpiredTokenException", NULL, MEANS_EXPIRED, false},
    {"unknown key", HTTP_OK, 403, "UnrecognizedClientException", NULL, MEANS_EXPIRED, false},
    {"bad signature", HTTP_OK, 400, "InvalidSignatureException", NULL, MEANS_NO, false},
    {"access denied", HTTP_OK, 400, "AccessDeniedException", NULL, MEANS_NO, false},
    {"forbidden", HTTP_OK, 403, "NewDenialException", NULL, MEANS_NO, false},
    {"not found", HTTP_OK, 404, "ImportNotFoundException", NULL, MEANS_UNKNOWN, false},
    {"not permitted", HTTP_OK, 400, "OperationNotPermittedException", NULL, MEANS_VERIFY, false},
    {"unsupported", HTTP_OK, 400, "UnsupportedOperationException", NULL, MEANS_VERIFY, false},
    {"invalid parameter", HTTP_OK, 400, "InvalidParameterException", NULL, MEANS_VERIFY, false},
    {"a new exception", HTTP_OK, 400, "NewException", NULL, MEANS_VERIFY, false},
};

#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))
#define N_FAULTS_OF_THE_WAY 24U /* the others are AWS's own word */

bool fault_is_of_the_way(const Fault *fault)
{
    return fault - faults < (ptrdiff_t)N_FAULTS_OF_THE_WAY;
}

bool fault_may_act(const Fault *fault)
{
    return fault->may_act;
}

bool fault_is_readable(const Fault *fault)
{
    return fault->failure == HTTP_OK && fault->status == 200;
}

/* One that is about the import that was asked for, and one that is about another. */
static const char *wrong_body(const Request *request, bool of_another)
{
    if (request->service == SERVICE_CLOUDTRAIL)
        return of_another ? "{\"ImportId\":\"other\"}" : "{\"ImportStatus\":5}";
    if (request->operation == OPERATION_STOP)
        return of_another ? "{\"importId\":\"other\"}" : "{\"importStatus\":5}";
    return of_another ? "{\"imports\":[{\"importId\":\"other\"}]}"
                      : "{\"imports\":[{\"importStatus\":5}]}";
}

/* A list is about no import. */
static bool fits(const Fault *fault, const Model *model, const Request *request)
{
    if (request->operation == OPERATION_LIST && !fault->code && !fault->body)
        return false;
    /* Where the clock jumps, a Date may explain a bad signature or not: see test-retry. */
    return !model->clock_jumps || !fault->code ||
           strcmp(fault->code, "InvalidSignatureException") != 0;
}

const Fault *fault_draw(Weather weather, Model *model, const Request *request)
{
    static const double probabilities[N_WEATHERS] = {0, 0.05, 0.5, 0.3, 1};
    const Fault *fault;

    if (!dice_chance(&model->dice, probabilities[weather]))
        return NULL;
    /* The "no"s end jobs, so they are the lesser part. */
    fault =
        &faults[dice_below(&model->dice, weather < WEATHER_LOSSY && dice_chance(&model->dice, 0.3)
                                             ? N_FAULTS
                                             : N_FAULTS_OF_THE_WAY)];
    return fits(fault, model, request) ? fault : NULL;
}

void fault_answer(const Fault *fault, const Request *request, Answer *answer)
{
    if (fault->code) {
        answer_set_error(answer, fault->name, fault->status, fault->code, fault->meaning);
    } else {
        answer->name = fault->name;
        answer->status = fault->status;
        answer->code = NULL;
        answer->meaning = fault->meaning;
        strcpy(answer->body,
               fault->body ? fault->body : wrong_body(request, fault->meaning == MEANS_TROUBLE));
    }
    answer->failure = fault->failure;
    answer->import_status = NULL;
    answer->amount = 0;
    answer->listed = 0;
    answer->last_page = false;
    if (fault->failure == HTTP_TIMED_OUT)
        answer->delay_usec = request->timeout_usec;
}
