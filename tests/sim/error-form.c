/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/error-form.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"

static const struct {
    const char *name;
    const char *code_member; /* NULL: in the header */
    const char *before_code, *after_code;
    const char *message_member;
} forms[] = {
    {"type", "__type", "", "", "message"},
    {"namespace", "__type", "com.amazonaws.cloudtrail.v20131101#", "", "Message"},
    {"code", "code", "", "", "message"},
    {"header", NULL, "", ":http://internal.amazon.com/coral/com.amazonaws.cloudtrail/", "message"},
};
#define N_FORMS (sizeof(forms) / sizeof(*forms))

bool error_form_is_known(const char *form)
{
    for (size_t i = 0; i < N_FORMS; i++)
        if (strcmp(forms[i].name, form) == 0)
            return true;
    return false;
}

json_object *error_form_body(const char *form, const char *code, const char *message,
                             char ret_header[static ERROR_HEADER_SIZE])
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();
    char text[ERROR_HEADER_SIZE];
    size_t i = 0;
    const char *member;

    while (i < N_FORMS - 1 && strcmp(forms[i].name, form) != 0)
        i++;
    member = forms[i].code_member;
    snprintf(text, sizeof(text), "%s%s%s", forms[i].before_code, code, forms[i].after_code);
    snprintf(ret_header, ERROR_HEADER_SIZE, "%s", member ? "" : text);
    if (!body || (member && json_add_string(body, member, text) < 0) ||
        json_add_string(body, forms[i].message_member, message) < 0)
        return NULL;
    return TAKE(body);
}
