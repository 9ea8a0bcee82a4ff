/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of StopAll: stop-all-listing.c finds what is to be stopped, stop-all.c makes the
 * jobs and the reply. */
#pragma once

#include "daemon/base/text-set.h"
#include "daemon/jobs/inspection.h"
#include "daemon/jobs/query.h"
#include "daemon/server/stop-all.h"
#include "daemon/server/target-failures.h"

typedef struct StopAll StopAll;

/* One target's imports of one status: listed first, then, where the list came to its end, each is
 * stopped or, as a list does not say all, looked at before. */
typedef struct Listing {
    TAILQ_ENTRY(Listing) entry; /* of those that are listed, see below */
    StopAll *stop_all;
    char *target; /* its name: the target may be gone when the answer comes */
    const char *status;
    Query *query;
    TextSet *ids;           /* found; NULL: none so far */
    struct evbuffer *texts; /* of these imports, each with its NUL */
    size_t n_taken;         /* of the ids */
    TextSet *unseen;        /* of the ids: to be looked at */
    Inspection *inspection;
    unsigned n_calls_alone; /* made after the client had gone */
} Listing;

typedef TAILQ_HEAD(ListingQueue, Listing) ListingQueue;

typedef struct MadeJob {
    char id[JOB_ID_SIZE];
    const char *target; /* where its import was found */
} MadeJob;

struct StopAll {
    Follower follower; /* first, see jobs_saved(): of the jobs until they are on disk */
    Call *call;
    Timer timer;    /* set while listings are to be begun or their imports to be taken */
    TextSet *asked; /* names of targets */
    Listing *listings;
    size_t n_listings, n_begun;
    unsigned work;       /* done in this turn */
    size_t n_open;       /* not through yet */
    ListingQueue listed; /* to their end: what they found is to be taken */
    TextSet *seen;       /* ids: targets of one account find the same imports */
    MadeJob *made;
    size_t n_made, made_room;
    Elements imports; /* found, and meant by the filter */
    TargetFailures failures;
    int error; /* negative errno: there will be no reply */
    /* Once all are through: the reply, as far as it has been made. */
    ReplyList reply;
    size_t n_shown;     /* of the jobs made */
    unsigned n_members; /* of the reply, ended */
};

/* ---- stop-all-listing.c ---- */

int stop_all_listing_init(Listing *listing, StopAll *stop_all, const char *target,
                          const char *status);
void stop_all_listing_clear(Listing *listing);
int stop_all_listing_begin(Listing *listing);

/* The next import of one that is listed. 1: taken; 0: there is none left, and the listing is not
 * to be called again; -ENOMEM. */
int stop_all_listing_step(Listing *listing);

/* ---- stop-all.c ---- */

/* An import that is meant, as text. 0 or -ENOMEM. */
int stop_all_take(StopAll *stop_all, const char *target, const char *import_id, const char *import);

/* The list is there; ended: also what was to be looked at, or it failed, or found nothing. */
void stop_all_listed(Listing *listing);
void stop_all_listing_ended(StopAll *stop_all);
