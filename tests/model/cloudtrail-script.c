/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/cloudtrail-script.h"

#include <stdlib.h>
#include <string.h>

#include "common/time.h"

#define SKEW_ALLOWED_USEC (5 * USEC_PER_MINUTE)
#define PAGE "<html><body>Welcome to the airport's network</body></html>"

typedef struct Fault {
    const char *name;
    HttpFailure failure;
    unsigned status;
    const char *code; /* NULL: none */
    const char *body; /* NULL: what CloudTrail writes beside a code */
    Meaning meaning;
    bool may_act; /* the call may have taken effect all the same */
} Fault;

static const Fault faults[] = {
    {"throttled", HTTP_OK, 400, "ThrottlingException", NULL, MEANS_NOTHING, false},
    {"throttled", HTTP_OK, 429, "TooManyRequestsException", NULL, MEANS_NOTHING, false},
    {"throttled without a code", HTTP_OK, 429, NULL, "", MEANS_NOTHING, false},
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
    {"200 of another import", HTTP_OK, 200, NULL, "{\"ImportId\":\"other\"}", MEANS_TROUBLE, true},
    /* From here on, it is AWS's own word. */
    {"200 of wrong types", HTTP_OK, 200, NULL, "{\"ImportStatus\":5}", MEANS_OBSERVED, false},
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

bool answer_counts(const Answer *answer)
{
    return answer->meaning != MEANS_NOTHING && answer->meaning != MEANS_TROUBLE &&
           answer->meaning != MEANS_SKEWED;
}

static bool import_runs(const Import *import)
{
    return import->exists && (strcmp(import->status, "INITIALIZING") == 0 ||
                              strcmp(import->status, "IN_PROGRESS") == 0);
}

static void import_start(Import *import, Model *model)
{
    import->status = "INITIALIZING";
    import->started_usec = model->now_usec;
    import->stopped_usec = 0;
    import->ends_usec =
        model->now_usec + dice_between(&model->dice, USEC_PER_SEC, 20 * USEC_PER_MINUTE);
    import->end = dice_chance(&model->dice, 0.3) ? "FAILED" : "COMPLETED";
}

void account_init(ScriptedAccount *account, Model *model)
{
    static const char *const codes[] = {NULL, NULL, "OperationNotPermittedException",
                                        "InvalidParameterException"};

    *account = (ScriptedAccount){
        .ended_code = codes[dice_below(&model->dice, 4)],
        .stopping_code = codes[dice_below(&model->dice, 4)],
    };
    for (unsigned i = 0; i < N_IMPORTS; i++) {
        Import *import = &account->imports[i];

        snprintf(import->id, sizeof(import->id), "ee54f254-6d13-4ac7-b1e5-%012u", i);
        import->exists = dice_chance(&model->dice, 0.95);
        import_start(import, model);
    }
}

/* Lets happen what was to happen by now. */
static void import_advance(Import *import, const Model *model)
{
    bool stops = import->stopped_usec > 0 && import->stopped_usec <= model->now_usec;
    bool ends = import->ends_usec <= model->now_usec;

    if (!import_runs(import))
        return;
    if (stops && (!ends || import->stopped_usec <= import->ends_usec))
        import->status = "STOPPED";
    else if (ends)
        import->status = import->end;
    else if (import->started_usec + USEC_PER_SEC <= model->now_usec)
        import->status = "IN_PROGRESS";
}

void account_restart_import(ScriptedAccount *account, Model *model, unsigned number)
{
    Import *import = &account->imports[number];

    import_advance(import, model);
    if (import->exists && !import_runs(import))
        import_start(import, model);
}

void account_settle(ScriptedAccount *account, Model *model)
{
    account->weather = WEATHER_FINE;
    for (unsigned i = 0; i < N_IMPORTS; i++) {
        uint64_t latest_usec = model->now_usec + USEC_PER_MINUTE;

        import_advance(&account->imports[i], model);
        if (account->imports[i].ends_usec > latest_usec)
            account->imports[i].ends_usec = latest_usec;
    }
}

static void answer_error(Answer *answer, const char *name, unsigned status, const char *code,
                         Meaning meaning)
{
    answer->name = name;
    answer->status = status;
    answer->code = code;
    answer->meaning = meaning;
    if (answer->code_in_body)
        snprintf(answer->body, sizeof(answer->body),
                 "{\"__type\":\"com.amazonaws.cloudtrail.v20131101#%s\",\"Message\":\"no\"}", code);
    else
        strcpy(answer->body, "{\"message\":\"no\"}");
}

/* The import as it is; of one that runs, now and then as no version known today would say it. */
static void answer_import(Answer *answer, Model *model, const Import *import)
{
    const char *status = import->status;

    if (import_runs(import) && dice_chance(&model->dice, 0.05))
        status = dice_chance(&model->dice, 0.5) ? "PAUSED" : NULL;
    answer->name = status ? status : "no status";
    answer->status = 200;
    answer->meaning = MEANS_OBSERVED;
    answer->import_status = status;
    snprintf(answer->body, sizeof(answer->body),
             "{\"ImportId\":\"%s\",%s%s%s\"CreatedTimestamp\":1795348800.5,\"New\":[],"
             "\"ImportStatistics\":{\"PrefixesFound\":5,\"FilesCompleted\":%u}}",
             import->id, status ? "\"ImportStatus\":\"" : "", status ? status : "",
             status ? "\"," : "", (unsigned)dice_below(&model->dice, 1000));
}

/* The call takes effect; *answer is what CloudTrail says to it. */
static void act(ScriptedAccount *account, Model *model, Import *import, bool stop, Answer *answer)
{
    const char *code = NULL;
    bool runs;

    import_advance(import, model);
    runs = import_runs(import);
    if (!import->exists) {
        answer_error(answer, "no such import", 404, "ImportNotFoundException", MEANS_UNKNOWN);
        return;
    }
    if (stop)
        code = !runs                      ? account->ended_code
               : import->stopped_usec > 0 ? account->stopping_code
                                          : NULL;
    if (code) {
        answer_error(answer, runs ? "is being stopped" : "has ended", 400, code, MEANS_VERIFY);
        return;
    }
    if (stop && runs && import->stopped_usec == 0) {
        import->stopped_usec = model->now_usec;
        if (dice_chance(&model->dice, 0.8))
            import->stopped_usec += dice_between(&model->dice, 1, 3 * USEC_PER_MINUTE);
        import_advance(import, model);
    }
    answer_import(answer, model, import);
}

static const Fault *draw_fault(const ScriptedAccount *account, Model *model)
{
    static const double probabilities[N_WEATHERS] = {0, 0.05, 0.5, 1};
    const Fault *fault;

    if (!dice_chance(&model->dice, probabilities[account->weather]))
        return NULL;
    if (account->weather == WEATHER_OUT)
        return &faults[dice_below(&model->dice, N_FAULTS_OF_THE_WAY)];
    /* The "no"s end jobs, so they are the lesser part. */
    fault = &faults[dice_below(&model->dice,
                               dice_chance(&model->dice, 0.3) ? N_FAULTS : N_FAULTS_OF_THE_WAY)];
    /* Where the clock jumps, a Date may explain a bad signature or not: see test-retry. */
    if (model->clock_jumps && fault->code && strcmp(fault->code, "InvalidSignatureException") == 0)
        return NULL;
    return fault;
}

static void answer_fault(Answer *answer, const Fault *fault)
{
    if (fault->code) {
        answer_error(answer, fault->name, fault->status, fault->code, fault->meaning);
    } else {
        answer->name = fault->name;
        answer->status = fault->status;
        answer->code = NULL;
        answer->meaning = fault->meaning;
        strcpy(answer->body, fault->body);
    }
    answer->failure = fault->failure;
    answer->import_status = NULL;
}

void account_call(ScriptedAccount *account, Model *model, unsigned number, bool stop,
                  uint64_t signed_usec, uint64_t timeout_usec, Answer *ret)
{
    uint64_t now_usec = model_true_time(model);
    const Fault *fault = draw_fault(account, model);

    *ret = (Answer){
        .date_usec = now_usec,
        .delay_usec = dice_between(&model->dice, 1000, 2 * USEC_PER_SEC),
        .code_in_body = dice_chance(&model->dice, 0.5),
    };
    if (fault && (fault->meaning == MEANS_NOTHING || fault->meaning == MEANS_TROUBLE)) {
        if (fault->may_act && dice_chance(&model->dice, 0.5))
            act(account, model, &account->imports[number], stop, ret);
        answer_fault(ret, fault);
        if (fault->failure == HTTP_TIMED_OUT)
            ret->delay_usec = timeout_usec;
    } else if (llabs((int64_t)(signed_usec - now_usec)) > (int64_t)SKEW_ALLOWED_USEC) {
        answer_error(ret, "signed at another time", 400, "RequestTimeTooSkewed", MEANS_SKEWED);
    } else if (fault) {
        answer_fault(ret, fault);
    } else {
        act(account, model, &account->imports[number], stop, ret);
    }
}
