/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/xml.h"

static bool write_text(struct evbuffer *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                                            : NULL;
        if ((entity ? evbuffer_add_printf(out, "%s", entity) : evbuffer_add(out, text, 1)) < 0)
            return false;
    }
    return true;
}

bool xml_write(struct evbuffer *out, json_object *document)
{
    struct json_object_iter member;

    if (json_object_is_type(document, json_type_array))
        return true;
    if (!json_object_is_type(document, json_type_object))
        return write_text(out, json_object_get_string(document));
    json_object_object_foreachC (document, member) {
        if (evbuffer_add_printf(out, "<%s>", member.key) < 0 || !xml_write(out, member.val) ||
            evbuffer_add_printf(out, "</%s>", member.key) < 0)
            return false;
    }
    return true;
}
