/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the place of daemon/base/journal.c: events go to the model instead of the journal. */
#pragma once

#include "daemon/base/journal.h"

/* target: the field TRAILSTOP_TARGET, or NULL. tell NULL: none is wanted. */
void journal_events_to(void (*tell)(JournalEvent event, const char *target, void *userdata),
                       void *userdata);
