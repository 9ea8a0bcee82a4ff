/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/account-script.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"

#define SKEW_ALLOWED_USEC (5 * USEC_PER_MINUTE)
#define PAGE_ITEMS 1U

static bool import_runs(const Import *import)
{
    return import->exists && (strcmp(import->status, "INITIALIZING") == 0 ||
                              strcmp(import->status, "IN_PROGRESS") == 0);
}

static void import_start(Import *import, Model *model)
{
    import->status = import->service == SERVICE_LOGS ? "IN_PROGRESS" : "INITIALIZING";
    import->started_usec = model->now_usec;
    import->stopped_usec = 0;
    import->ends_usec =
        model->now_usec + dice_between(&model->dice, USEC_PER_SEC, 20 * USEC_PER_MINUTE);
    import->end = dice_chance(&model->dice, 0.3) ? "FAILED" : "COMPLETED";
    import->speed = dice_chance(&model->dice, 0.5) ? 0 : dice_uniform(&model->dice);
}

ImportService account_service(unsigned import)
{
    return import % N_IMPORT_SERVICES;
}

void account_init(ScriptedAccount *account, Model *model, unsigned target)
{
    static const char *const codes[] = {NULL, NULL, "OperationNotPermittedException",
                                        "InvalidOperationException"};

    *account = (ScriptedAccount){
        .ended_code = codes[dice_below(&model->dice, 4)],
        .stopping_code = codes[dice_below(&model->dice, 4)],
    };
    for (unsigned i = 0; i < N_IMPORTS; i++) {
        Import *import = &account->imports[i];

        import->service = account_service(i);
        snprintf(import->id, sizeof(import->id),
                 import->service == SERVICE_LOGS ? "Task-%u-%u" : "ee54f254-6d13-4ac7-%04u-%012u",
                 target, i);
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

bool account_import_goes_on(const Import *import)
{
    return import_runs(import) && import->stopped_usec == 0;
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

static uint64_t import_amount(const Import *import, const Model *model)
{
    return (uint64_t)(import->speed * (double)(model->now_usec - import->started_usec) /
                      (double)USEC_PER_SEC);
}

/* Its members in the words of its service. status NULL: left out. */
static void write_import(const Import *import, const char *status, uint64_t amount, char *buffer,
                         size_t size)
{
    bool logs = import->service == SERVICE_LOGS;

    if (logs && status && strcmp(status, "STOPPED") == 0)
        status = "CANCELLED";
    snprintf(buffer, size,
             logs ? "{\"importId\":\"%s\",%s%s%s\"creationTime\":1795348800500,\"new\":[],"
                    "\"importStatistics\":{\"bytesImported\":%llu}}"
                  : "{\"ImportId\":\"%s\",%s%s%s\"CreatedTimestamp\":1795348800.5,\"New\":[],"
                    "\"ImportStatistics\":{\"PrefixesFound\":5,\"EventsCompleted\":%llu}}",
             import->id,
             !status ? ""
             : logs  ? "\"importStatus\":\""
                     : "\"ImportStatus\":\"",
             status ? status : "", status ? "\"," : "", (unsigned long long)amount);
}

/* The import as it is; of one that runs, now and then as no version known today would say it. */
static void answer_import(Answer *answer, Model *model, const Import *import, bool in_a_list)
{
    const char *status = import->status;
    char text[512];

    if (import_runs(import) && dice_chance(&model->dice, 0.05))
        status = dice_chance(&model->dice, 0.5) ? "PAUSED" : NULL;
    answer->name = status ? status : "no status";
    answer->status = 200;
    answer->meaning = MEANS_OBSERVED;
    answer->import_status = status;
    answer->amount = import_amount(import, model);
    write_import(import, status, answer->amount, text, sizeof(text));
    snprintf(answer->body, sizeof(answer->body), in_a_list ? "{\"imports\":[%s]}" : "%s", text);
}

/* The items of a list have their ids and no more. */
static void answer_list(ScriptedAccount *account, Model *model, const Request *request,
                        Answer *answer)
{
    bool logs = request->service == SERVICE_LOGS;
    unsigned n_found = 0, first = request->page * PAGE_ITEMS;
    char *end = answer->body, *limit = answer->body + sizeof(answer->body);

    *answer = (Answer){.name = "a list",
                       .status = 200,
                       .meaning = MEANS_OBSERVED,
                       .date_usec = answer->date_usec,
                       .delay_usec = answer->delay_usec};
    end += snprintf(end, (size_t)(limit - end), logs ? "{\"imports\":[" : "{\"Imports\":[");
    for (unsigned i = 0; i < N_IMPORTS; i++) {
        Import *import = &account->imports[i];

        import_advance(import, model);
        if (import->service != request->service || !import->exists ||
            strcmp(import->status, request->status) != 0 || n_found++ < first ||
            n_found > first + PAGE_ITEMS)
            continue;
        answer->listed |= 1U << i;
        end += snprintf(end, (size_t)(limit - end), "%s{\"%s\":\"%s\"}",
                        n_found > first + 1 ? "," : "", logs ? "importId" : "ImportId", import->id);
    }
    answer->last_page = n_found <= first + PAGE_ITEMS;
    if (answer->last_page)
        snprintf(end, (size_t)(limit - end), "]}");
    else
        snprintf(end, (size_t)(limit - end), "],\"%s\":\"page %u\"}",
                 logs ? "nextToken" : "NextToken", request->page + 1);
}

/* Why the import is not stopped or started; NULL: it is. */
static const char *find_objection(const ScriptedAccount *account, const Import *import,
                                  Operation operation)
{
    bool runs = import_runs(import);

    if (operation == OPERATION_STOP)
        return !runs                      ? account->ended_code
               : import->stopped_usec > 0 ? account->stopping_code
                                          : NULL;
    if (operation == OPERATION_START)
        return runs                                       ? "AccountHasOngoingImportException"
               : strcmp(import->status, "COMPLETED") == 0 ? "InvalidImportSourceException"
                                                          : NULL;
    return NULL;
}

static void answer_missing(const Request *request, Answer *answer)
{
    if (request->service == SERVICE_LOGS && request->operation == OPERATION_GET) {
        *answer = (Answer){.name = "none of that id",
                           .status = 200,
                           .code = "ResourceNotFoundException",
                           .code_in_body = true,
                           .body = "{\"imports\":[]}",
                           .date_usec = answer->date_usec,
                           .delay_usec = answer->delay_usec,
                           .meaning = MEANS_UNKNOWN};
        return;
    }
    answer_set_error(answer, "no such import", 404,
                     request->service == SERVICE_LOGS ? "ResourceNotFoundException"
                                                      : "ImportNotFoundException",
                     MEANS_UNKNOWN);
}

static void import_stop(Import *import, Model *model)
{
    if (!import_runs(import) || import->stopped_usec > 0)
        return;
    import->stopped_usec = model->now_usec;
    if (dice_chance(&model->dice, 0.8))
        import->stopped_usec += dice_between(&model->dice, 1, 3 * USEC_PER_MINUTE);
    import_advance(import, model);
}

/* The call takes effect; *answer is what AWS says to it. */
static void act(ScriptedAccount *account, Model *model, const Request *request, Answer *answer)
{
    Import *import = &account->imports[request->import];
    const char *code;

    assert(request->import < N_IMPORTS && import->service == request->service);
    import_advance(import, model);
    if (!import->exists) {
        answer_missing(request, answer);
        return;
    }
    code = find_objection(account, import, request->operation);
    if (code) {
        answer_set_error(answer, import_runs(import) ? "it runs" : "it has ended", 400, code,
                         MEANS_VERIFY);
        return;
    }
    if (request->operation == OPERATION_STOP)
        import_stop(import, model);
    else if (request->operation == OPERATION_START)
        import_start(import, model);
    answer_import(answer, model, import,
                  request->service == SERVICE_LOGS && request->operation == OPERATION_GET);
}

static void serve(ScriptedAccount *account, Model *model, const Request *request, Answer *answer)
{
    if (request->operation == OPERATION_LIST)
        answer_list(account, model, request, answer);
    else
        act(account, model, request, answer);
}

void account_call(ScriptedAccount *account, Model *model, const Request *request, Answer *ret)
{
    uint64_t now_usec = model_true_time(model);
    const Fault *fault = fault_draw(account->weather, model, request);

    *ret = (Answer){
        .date_usec = now_usec,
        .delay_usec = dice_between(&model->dice, 1000, 2 * USEC_PER_SEC),
        .code_in_body = dice_chance(&model->dice, 0.5),
    };
    if (fault && fault_is_of_the_way(fault)) {
        if (fault_may_act(fault) && dice_chance(&model->dice, 0.5))
            serve(account, model, request, ret);
        fault_answer(fault, request, ret);
    } else if (llabs((int64_t)(request->signed_usec - now_usec)) > (int64_t)SKEW_ALLOWED_USEC) {
        answer_set_error(ret, "signed at another time", 400, "RequestTimeTooSkewed", MEANS_SKEWED);
    } else if (fault) {
        fault_answer(fault, request, ret);
    } else {
        serve(account, model, request, ret);
    }
}
