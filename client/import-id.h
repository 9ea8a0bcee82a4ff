/* SPDX-License-Identifier: Apache-2.0 */
/* Import ids as the user types them. */
#pragma once

#include <stddef.h>

#include "common/names.h"

/* As import_id_parse(), and tells the user when it is none. */
int import_id_read(const char *text, size_t size, char ret[static IMPORT_ID_SIZE]);
