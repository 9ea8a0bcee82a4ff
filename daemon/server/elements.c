/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/elements.h"

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

void elements_clear(Elements *elements)
{
    if (elements->text)
        evbuffer_free(elements->text);
    *elements = (Elements){0};
}

int elements_add(Elements *elements, const char *element)
{
    if (!element)
        return -ENOMEM;
    if (!elements->text && !(elements->text = evbuffer_new()))
        return -ENOMEM;
    if ((evbuffer_get_length(elements->text) > 0 && evbuffer_add(elements->text, ",", 1) < 0) ||
        evbuffer_add(elements->text, element, strlen(element)) < 0)
        return -ENOMEM;
    return 0;
}
