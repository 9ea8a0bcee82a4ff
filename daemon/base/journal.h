/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what the daemon logs, each with a MESSAGE_ID, a catalog entry and structured fields.
 * events.def declares every event once.
 *
 *     JournalEntry entry;
 *     journal_begin(&entry, EVENT_OUTAGE_BEGAN);
 *     journal_add(&entry, "TRAILSTOP_TARGET", "%s", name);
 *     journal_send(&entry, "Target %s is unreachable: %s", name, error->message);
 *
 * Text from outside goes into a field of its own, or into the message, where control characters and
 * their like are replaced: it can forge no field and no line.
 *
 * Writing never waits and never fails for the caller. Lines that journald or the reader of a pipe
 * does not take are kept, up to 1 MiB, and sent by journal_flush(); further ones are lost, counted
 * in the statistics, and reported by a line of their own when lines get through again. Where memory
 * runs out, the entry loses that field.
 *
 * Source: systemd, "Native Journal Protocol" (docs/JOURNAL_NATIVE_PROTOCOL.md). It is spoken here
 * because sd_journal_sendv() waits without end for a journald that does not read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Sends what is kept. True: something is left, for a later time. */
bool journal_flush(void);

/* At the end of the process; waits for the reader for that long at most. */
void journal_close(uint64_t timeout_usec);

/* More than any entry has; further ones are left out. */
#define JOURNAL_FIELDS_MAX 48U

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
