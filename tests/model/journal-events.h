/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the place of daemon/base/journal.c: events go to the model instead of the journal. */
#pragma once

#include "daemon/base/journal.h"

/* Some of its fields; NULL: it has none of that name. */
typedef struct JournalNews {
    JournalEvent event;
    const char *target, *guard, *import_id;
} JournalNews;

/* tell NULL: none is wanted. */
void journal_events_to(void (*tell)(const JournalNews *news, void *userdata), void *userdata);
