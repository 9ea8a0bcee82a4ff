/* SPDX-License-Identifier: Apache-2.0 */
/* The imports: each runs, is stopped or ends by itself, as its spec says, and shows what CloudTrail
 * would.
 *
 * Time passes by being asked about: nothing here has a timer. Times are CLOCK_MONOTONIC
 * microseconds but where a name says otherwise. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/account.h"
#include "tests/sim/spec.h"

typedef struct Import Import;
typedef struct Imports Imports;

int imports_new(Imports **ret);
void imports_free(Imports *imports);
void imports_clear(Imports *imports); /* generated ids start again */

/* Declares an import, or several, as in README.md; one with a known id replaces it. Their ids are
 * added to ids (NULL: not wanted). 0; -EINVAL and an owned sentence; -ENOMEM. */
int imports_add(Imports *imports, json_object *declaration, json_object *ids, char **ret_error);

/* The import of that service that the account sees in that region, or NULL. */
Import *imports_find(Imports *imports, ImportService service, const char *id,
                     const Account *account, const char *region);

/* In the order of their declaration; NULL to begin, NULL at the end. Account NULL: all of them, of
 * any service. */
Import *imports_next(Imports *imports, ImportService service, const Import *import,
                     const Account *account, const char *region);

/* A place in that order: for NextToken. */
uint64_t import_sequence(const Import *import);

const char *import_id(const Import *import);
const ImportSpec *import_spec(const Import *import);
const char *import_status(Import *import); /* now */
bool import_has_ended(Import *import);     /* now */

/* StopImport, GetImport and StartImport take effect, or what a service has in their place. */
void import_stop(Import *import);
void import_poll(Import *import);
void import_restart(Import *import);

/* As StopImport and GetImport answer; as one of the Imports of ListImports. NULL: no memory. */
json_object *import_to_json(Import *import);
json_object *import_to_list_item(Import *import);

/* As DescribeImportTasks and CancelImportTask answer; batch number index. NULL: no memory. */
json_object *import_task_to_json(Import *import);
json_object *import_task_to_cancelled(Import *import);
json_object *import_batch_to_json(const Import *import, uint64_t index);

/* Failure number index of the import, as ListImportFailures answers. */
json_object *import_failure_to_json(const Import *import, uint64_t index);
