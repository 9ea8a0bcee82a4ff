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

bool error_is_access_denied(const char *code, unsigned http_status)
{
    static const char *const codes[] = {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    };

    if (http_status == 401 || http_status == 403)
        return true;
    for (size_t i = 0; code && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}
