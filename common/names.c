/* SPDX-License-Identifier: Apache-2.0 */
#include "common/names.h"

#include <errno.h>
#include <string.h>

int import_id_parse(const char *text, size_t size, char ret[static IMPORT_ID_SIZE])
{
    char id[IMPORT_ID_SIZE] = "";

    if (size != IMPORT_ID_LENGTH)
        return -EINVAL;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if (c != '-' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return -EINVAL;
        id[i] = c;
    }
    memcpy(ret, id, sizeof(id));
    return 0;
}
