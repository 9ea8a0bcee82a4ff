/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what the daemon tells the journal, each with a MESSAGE_ID, a catalog entry and structured
 * fields. The only user of sd-journal.h. events.def declares every event once.
 *
 *     JournalEntry entry;
 *     journal_begin(&entry, EVENT_OUTAGE_BEGAN);
 *     journal_add(&entry, "TRAILSTOP_TARGET", "%s", name);
 *     journal_send(&entry, "Target %s is out: %s", name, error->message);
 *
 * Text from outside goes into a field of its own, or into the message, where control characters and
 * their like are replaced: it can forge no field and no line. Writing never fails for the caller:
 * where memory runs out, the entry loses that field. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/call-error.h"

typedef enum JournalEvent {
#define EVENT(symbol, name, priority, message_id) EVENT_##symbol,
#include "daemon/base/events.def"
#undef EVENT
    N_EVENTS
} JournalEvent;

typedef enum JournalFormat { JOURNAL_NATIVE, JOURNAL_TEXT, JOURNAL_JSON } JournalFormat;

void journal_open(JournalFormat format, int max_priority);
void journal_set_level(int max_priority);

#define JOURNAL_FIELDS_MAX 32U

typedef struct JournalEntry {
    JournalEvent event;
    bool wanted; /* at today's log level */
    size_t n_fields;
    struct {
        const char *name;
        char *value; /* owned */
    } fields[JOURNAL_FIELDS_MAX];
} JournalEntry;

void journal_begin(JournalEntry *entry, JournalEvent event);
__attribute__((format(printf, 3, 4))) void journal_add(JournalEntry *entry, const char *name,
                                                       const char *format, ...);
/* TRAILSTOP_AWS_ERROR, TRAILSTOP_AWS_MESSAGE, TRAILSTOP_AWS_REQUEST_ID, TRAILSTOP_HTTP_STATUS */
void journal_add_error(JournalEntry *entry, const CallError *error);
__attribute__((format(printf, 2, 3))) void journal_send(JournalEntry *entry, const char *format,
                                                        ...);
