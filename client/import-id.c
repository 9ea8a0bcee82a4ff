/* SPDX-License-Identifier: Apache-2.0 */
#include "client/import-id.h"

#include "client/text.h"

int import_id_read(ImportService service, const char *text, size_t size,
                   char ret[static IMPORT_ID_SIZE])
{
    int r = import_id_parse(service, text, size, ret);

    if (r < 0)
        text_complain("\"%.*s\" is not an import id: those of %s have %s",
                      size < 100 ? (int)size : 100, text, import_service_title(service),
                      import_service_id_form(service));
    return r;
}
