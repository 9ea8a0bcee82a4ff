/* SPDX-License-Identifier: Apache-2.0 */
#include "client/import-id.h"

#include "client/text.h"

int import_id_read(const char *text, size_t size, char ret[static IMPORT_ID_SIZE])
{
    int r = import_id_parse(text, size, ret);

    if (r < 0)
        text_complain("\"%.*s\" is not an import id: those have 36 characters of a-f, 0-9 and -",
                      size < 100 ? (int)size : 100, text);
    return r;
}
