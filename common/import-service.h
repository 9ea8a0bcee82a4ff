/* SPDX-License-Identifier: Apache-2.0 */
/* Which service of AWS runs an import, and the ids that it gives: the rows of import-services.def.
 */
#pragma once

#include <stddef.h>

typedef enum ImportService {
#define IMPORT_SERVICE(symbol, ...) SERVICE_##symbol,
#include "common/import-services.def"
#undef IMPORT_SERVICE
    N_IMPORT_SERVICES
} ImportService;

const char *import_service_name(ImportService service);         /* "cloudtrail" */
const char *import_service_title(ImportService service);        /* "CloudTrail" */
const char *import_service_id_form(ImportService service);      /* "36 characters of …" */
int import_service_parse(const char *name, ImportService *ret); /* 0 or -EINVAL */

/* Room for the longest id, that of CloudWatch Logs (API_CancelImportTask: 1 to 256 of
 * [-a-zA-Z0-9]). CloudTrail's have 36 characters of [a-f0-9-] (API_StopImport). */
#define IMPORT_ID_SIZE 257U

/* Checks size bytes of text and writes the id, ended by NUL: CloudTrail's in lower case, others as
 * they are. 0 or -EINVAL. */
int import_id_parse(ImportService service, const char *text, size_t size,
                    char ret[static IMPORT_ID_SIZE]);
