/* SPDX-License-Identifier: Apache-2.0 */
/* Import ids as the user types them. */
#pragma once

#include <stddef.h>

#include "common/import-service.h"

/* As import_id_parse(), with a message where it is not one. */
int import_id_read(ImportService service, const char *text, size_t size,
                   char ret[static IMPORT_ID_SIZE]);
