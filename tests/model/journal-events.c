/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/journal-events.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*journal_tell)(const JournalNews *news, void *userdata);
static void *journal_userdata;

void journal_events_to(void (*tell)(const JournalNews *news, void *userdata), void *userdata)
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
    entry->wanted = true;
    entry->n_fields = 0;
}

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    {"TRAILSTOP_TARGET", offsetof(JournalNews, target)},
    {"TRAILSTOP_GUARD", offsetof(JournalNews, guard)},
    {"TRAILSTOP_IMPORT_ID", offsetof(JournalNews, import_id)},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* The others are not looked at. */
void journal_add(JournalEntry *entry, const char *name, const char *format, ...)
{
    va_list arguments;
    char *value;
    size_t i = 0;
    int length;

    while (i < N_FIELDS && strcmp(name, fields[i].name) != 0)
        i++;
    if (i == N_FIELDS)
        return;
    va_start(arguments, format);
    length = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (length < 0)
        return; /* a field less, as in the journal itself */
    entry->fields[entry->n_fields].name = fields[i].name;
    entry->fields[entry->n_fields++].value = value;
}

void journal_add_error(JournalEntry *entry, const CallError *error)
{
    (void)entry, (void)error;
}

void journal_send(JournalEntry *entry, const char *format, ...)
{
    JournalNews news = {.event = entry->event};

    (void)format;
    for (size_t i = 0; i < entry->n_fields; i++)
        for (size_t j = 0; j < N_FIELDS; j++)
            if (entry->fields[i].name == fields[j].name)
                *(const char **)((char *)&news + fields[j].offset) = entry->fields[i].value;
    if (journal_tell)
        journal_tell(&news, journal_userdata);
    for (size_t i = 0; i < entry->n_fields; i++)
        free(entry->fields[i].value);
    entry->n_fields = 0;
}
