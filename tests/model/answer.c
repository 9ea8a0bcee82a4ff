/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/answer.h"

#include <string.h>

bool operation_reads(Operation operation)
{
    return operation == OPERATION_GET || operation == OPERATION_LIST;
}

const char *request_name(const Request *request)
{
    static const char *const names[N_IMPORT_SERVICES][N_OPERATIONS] = {
        [SERVICE_CLOUDTRAIL] = {"StopImport", "StartImport", "GetImport", "ListImports"},
        [SERVICE_LOGS] = {"CancelImportTask", "no start", "DescribeImportTasks of one",
                          "DescribeImportTasks"},
    };

    return names[request->service][request->operation];
}

bool answer_counts(const Answer *answer)
{
    switch (answer->meaning) {
    case MEANS_OBSERVED:
    case MEANS_NO:
    case MEANS_UNKNOWN:
    case MEANS_VERIFY:
        return true;
    case MEANS_THROTTLED:
    case MEANS_NOTHING:
    case MEANS_TROUBLE:
    case MEANS_SKEWED:
    case MEANS_EXPIRED:
        break;
    }
    return false;
}

bool answer_is_lost(const Answer *answer)
{
    return answer->meaning == MEANS_NOTHING || answer->meaning == MEANS_TROUBLE;
}

void answer_set_error(Answer *answer, const char *name, unsigned status, const char *code,
                      Meaning meaning)
{
    answer->name = name;
    answer->status = status;
    answer->code = code;
    answer->meaning = meaning;
    if (answer->code_in_body)
        snprintf(answer->body, sizeof(answer->body),
                 "{\"__type\":\"com.amazonaws.v20131101#%s\",\"Message\":\"no\"}", code);
    else
        strcpy(answer->body, "{\"message\":\"no\"}");
}
