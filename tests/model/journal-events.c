/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/journal-events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*journal_tell)(JournalEvent event, const char *target, void *userdata);
static void *journal_userdata;

void journal_events_to(void (*tell)(JournalEvent event, const char *target, void *userdata),
                       void *userdata)
{
    journal_tell = tell;
    journal_userdata = userdata;
}

void journal_open(JournalFormat format, int max_priority)
{
    (void)format, (void)max_priority;
}

void journal_set_level(int max_priority)
{
    (void)max_priority;
}

void journal_begin(JournalEntry *entry, JournalEvent event)
{
    entry->event = event;
    entry->n_fields = 0;
}

/* Only the target is looked at. */
void journal_add(JournalEntry *entry, const char *name, const char *format, ...)
{
    va_list arguments;
    char *value;

    if (strcmp(name, "TRAILSTOP_TARGET") != 0)
        return;
    va_start(arguments, format);
    if (vasprintf(&value, format, arguments) < 0)
        abort();
    va_end(arguments);
    entry->fields[entry->n_fields].name = name;
    entry->fields[entry->n_fields++].value = value;
}

void journal_add_error(JournalEntry *entry, const CallError *error)
{
    (void)entry, (void)error;
}

void journal_send(JournalEntry *entry, const char *format, ...)
{
    (void)format;
    if (journal_tell)
        journal_tell(entry->event, entry->n_fields > 0 ? entry->fields[0].value : NULL,
                     journal_userdata);
    for (size_t i = 0; i < entry->n_fields; i++)
        free(entry->fields[i].value);
    entry->n_fields = 0;
}
