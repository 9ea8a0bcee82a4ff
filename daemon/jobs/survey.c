/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/survey.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "daemon/jobs/inspection.h"
#include "daemon/jobs/query.h"

struct Survey {
    SurveyRequest request;
    char *target;
    unsigned next_status; /* of import_running_statuses, to be listed */
    Query *query;         /* the list under way, or NULL */
    TextSet *ids; /* found, to be looked at: some in two lists, as imports go on meanwhile */
    Inspection *inspection;
};

static void survey_end(Survey *survey, const CallError *error, bool listed)
{
    survey->request.done(error, listed, survey->request.userdata);
}

static void on_looked(const char *import_id, json_object *import, const CallError *error,
                      void *userdata)
{
    Survey *survey = userdata;

    survey->request.looked(import_id, import, error, survey->request.userdata);
}

static void on_inspected(const CallError *error, void *userdata)
{
    survey_end(userdata, error, true);
}

static void survey_inspect(Survey *survey)
{
    if (text_set_count(survey->ids) == 0)
        survey_end(survey, NULL, true);
    else if (inspection_new(&(InspectionRequest){.targets = survey->request.targets,
                                                 .target = survey->target,
                                                 .service = survey->request.service,
                                                 .ids = survey->ids,
                                                 .looked = on_looked,
                                                 .done = on_inspected,
                                                 .userdata = survey},
                            &survey->inspection) < 0)
        survey_end(survey, &call_error_no_memory, true);
    else
        inspection_start(survey->inspection);
}

static void survey_report_nameless(Survey *survey)
{
    static char code[] = CALL_ERROR_INVALID_IMPORT_ID,
                message[] = "the list has an import whose id is not valid";
    static const CallError error = {.code = code, .message = message};

    on_looked("", NULL, &error, survey);
}

static int on_item(json_object *import, void *userdata)
{
    Survey *survey = userdata;
    ImportService service = survey->request.service;
    char import_id[IMPORT_ID_SIZE];
    const char *text = "";

    if (import_is_over(import_operations(service), import))
        return 0; /* the server ignored that it was asked for what runs */
    if (json_get_string(import, import_operations(service)->id_member, &text) <= 0 ||
        import_id_parse(service, text, strlen(text), import_id) < 0) {
        survey_report_nameless(survey);
        return 0;
    }
    return text_set_add(survey->ids, import_id);
}

static void survey_list(Survey *survey);

static void on_listed(json_object *imports, const CallError *error, void *userdata)
{
    Survey *survey = userdata;

    (void)imports; /* taken */
    query_free(TAKE(survey->query));
    if (error)
        survey_end(survey, error, false);
    else
        survey_list(survey);
}

/* The next list, or, after the last one, the inspection. */
static void survey_list(Survey *survey)
{
    const SurveyRequest *request = &survey->request;
    const ImportOperations *operations = import_operations(request->service);
    const Target *target = target_set_find(request->targets, survey->target);
    const char *status = NULL;

    assert(!survey->query);
    while (!status && survey->next_status < N_RUNNING_STATUSES)
        status = operations->statuses[import_running_statuses[survey->next_status++]];
    if (!status)
        survey_inspect(survey);
    else if (!target || query_new(&(QueryRequest){.kind = QUERY_IMPORTS,
                                                  .nameless = true,
                                                  .take = on_item,
                                                  .target = target,
                                                  .service = request->service,
                                                  .destination = request->destination,
                                                  .status = status},
                                  on_listed, survey, &survey->query) < 0)
        survey_end(survey, &call_error_no_memory, false);
}

void survey_start(Survey *survey)
{
    survey_list(survey);
}

int survey_new(const SurveyRequest *request, Survey **ret)
{
    CLEANUP(survey_freep) Survey *survey = malloc(sizeof(*survey));

    if (!survey)
        return -ENOMEM;
    *survey = (Survey){
        .request = *request,
        .target = strdup(request->target),
    };
    survey->request.target = NULL; /* it was borrowed */
    if (!survey->target || text_set_new(&survey->ids) < 0)
        return -ENOMEM;
    *ret = TAKE(survey);
    return 0;
}

void survey_free(Survey *survey)
{
    if (!survey)
        return;
    query_free(survey->query);
    inspection_free(survey->inspection);
    text_set_free(survey->ids);
    free(survey->target);
    free(survey);
}
