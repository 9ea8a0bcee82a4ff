/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/server/methods.h"
#include "daemon/server/stop-all-private.h"

#define CALLS_ALONE_MAX 32U
#define FOUND_SIZE 256U /* bytes that an import costs besides its text: ids, a job's place */

int stop_all_listing_init(Listing *listing, StopAll *stop_all, const char *target,
                          const char *status)
{
    *listing = (Listing){.stop_all = stop_all, .target = strdup(target), .status = status};
    return listing->target ? 0 : -ENOMEM;
}

void stop_all_listing_clear(Listing *listing)
{
    query_free(listing->query);
    inspection_free(listing->inspection);
    text_set_free(listing->ids);
    text_set_free(listing->unseen);
    if (listing->texts)
        evbuffer_free(listing->texts);
    free(listing->target);
}

static const Parameters *parameters_of(const Listing *listing)
{
    return &listing->stop_all->call->parameters;
}

/* A list leaves out most of what a filter asks for, and what a rehearsal is to show. */
static bool wants_looks(const Listing *listing)
{
    const Parameters *parameters = parameters_of(listing);

    return parameters->dry_run || import_filter_is_given(&parameters->filter);
}

static void listing_end(Listing *listing, const CallError *error)
{
    StopAll *stop_all = listing->stop_all;

    if (error && target_failures_add(&stop_all->failures, listing->target, error) < 0)
        stop_all->error = -ENOMEM;
    stop_all_listing_ended(stop_all);
}

/* ---- the list ---- */

/* One that nobody can name, so that nobody can stop it. */
static int take_nameless(const Listing *listing, const char *text)
{
    StopAll *stop_all = listing->stop_all;
    int r = text_set_add(stop_all->seen, *text ? text : listing->target);

    if (r <= 0)
        return r;
    r = call_charge(stop_all->call, FOUND_SIZE + strlen(text));
    return r < 0 ? r : target_failures_add_nameless(&stop_all->failures, listing->target, text);
}

/* What the list says of an import is its place in the reply, unless it is looked at. */
static int keep_text(Listing *listing, json_object *import)
{
    size_t size;
    const char *text = json_text(import, &size);
    int r = text ? call_charge(listing->stop_all->call, size) : -ENOMEM;

    if (r < 0)
        return r;
    if (!listing->texts && !(listing->texts = evbuffer_new()))
        return -ENOMEM;
    return evbuffer_add(listing->texts, text, size + 1) < 0 ? -ENOMEM : 0;
}

/* While the list may yet fail nothing is done but to keep what it has. What has ended is there only
 * where the server ignored that it was asked for what runs. */
static int take_listed(json_object *import, void *userdata)
{
    Listing *listing = userdata;
    ImportService service = parameters_of(listing)->service;
    char import_id[IMPORT_ID_SIZE];
    const char *text = "";
    int r = json_get_string(import, import_operations(service)->id_member, &text);

    if (import_is_over(import_operations(service), import))
        return 0;
    if (r <= 0 || import_id_parse(service, text, strlen(text), import_id) < 0)
        return take_nameless(listing, text);
    if (!listing->ids && text_set_new(&listing->ids) < 0)
        return -ENOMEM;
    r = text_set_add(listing->ids, import_id);
    if (r <= 0)
        return r;
    r = call_charge(listing->stop_all->call, FOUND_SIZE);
    return r < 0 || wants_looks(listing) ? r : keep_text(listing, import);
}

/* What an operator asked for stands when the client has gone, as far as a few calls find it. */
static bool is_wanted(void *userdata)
{
    Listing *listing = userdata;

    return !output_is_closed(listing->stop_all->call->caller->output) ||
           (!parameters_of(listing)->dry_run && listing->n_calls_alone++ < CALLS_ALONE_MAX);
}

static void on_listed(json_object *none, const CallError *error, void *userdata)
{
    Listing *listing = userdata;

    (void)none; /* taken */
    query_free(TAKE(listing->query));
    if (!error && listing->ids)
        stop_all_listed(listing);
    else
        listing_end(listing, error);
}

int stop_all_listing_begin(Listing *listing)
{
    const Call *call = listing->stop_all->call;
    const Target *target = target_set_find(call->service->targets, listing->target);
    int r;

    if (!target) {
        r = target_failures_add_removed(&listing->stop_all->failures, listing->target);
        listing_end(listing, NULL);
        return r;
    }
    return query_new(&(QueryRequest){.kind = QUERY_IMPORTS,
                                     .nameless = true,
                                     .target = target,
                                     .service = call->parameters.service,
                                     .destination = call->parameters.destination,
                                     .status = listing->status,
                                     .is_wanted = is_wanted,
                                     .take = take_listed},
                     on_listed, listing, &listing->query);
}

/* ---- the looks ---- */

/* Whether it still runs, as far as is known, and is meant. */
static bool is_meant(const Listing *listing, json_object *import)
{
    const Parameters *parameters = parameters_of(listing);

    return !import_is_over(import_operations(parameters->service), import) &&
           import_filter_matches(&parameters->filter, parameters->service, import,
                                 time_now_realtime());
}

static int take_looked(Listing *listing, const char *import_id, json_object *import)
{
    StopAll *stop_all = listing->stop_all;
    size_t size;
    const char *text = json_text(import, &size);

    if (!text)
        return -ENOMEM;
    if (call_charge(stop_all->call, size) < 0)
        return target_failures_add_local(&stop_all->failures, listing->target, CALL_ERROR_RESOURCES,
                                         "some imports were left out: the reply takes more memory "
                                         "than one user has here");
    return stop_all_take(stop_all, listing->target, import_id, text);
}

static void on_looked(const char *import_id, json_object *import, const CallError *error,
                      void *userdata)
{
    Listing *listing = userdata;
    StopAll *stop_all = listing->stop_all;
    int r = 0;

    if (error)
        r = target_failures_add_unseen(&stop_all->failures, listing->target, import_id, error);
    else if (is_meant(listing, import))
        r = take_looked(listing, import_id, import);
    if (r < 0)
        stop_all->error = r;
}

static void on_inspected(const CallError *error, void *userdata)
{
    Listing *listing = userdata;

    listing_end(listing, error);
    inspection_free(TAKE(listing->inspection));
}

static int begin_looks(Listing *listing)
{
    const Call *call = listing->stop_all->call;
    int r = inspection_new(&(InspectionRequest){.targets = call->service->targets,
                                                .target = listing->target,
                                                .service = call->parameters.service,
                                                .ids = listing->unseen,
                                                .is_wanted = is_wanted,
                                                .looked = on_looked,
                                                .done = on_inspected,
                                                .userdata = listing},
                           &listing->inspection);

    if (r >= 0)
        inspection_start(listing->inspection);
    return r;
}

/* ---- what became of the list ---- */

static int note_unseen(Listing *listing, const char *import_id)
{
    if (!listing->unseen && text_set_new(&listing->unseen) < 0)
        return -ENOMEM;
    return text_set_add(listing->unseen, import_id);
}

/* One import, which another list may have found before. */
static int listing_take_next(Listing *listing)
{
    StopAll *stop_all = listing->stop_all;
    const char *import_id = text_set_get(listing->ids, listing->n_taken++);
    CLEANUP(freep) char *text = NULL;
    int r;

    if (listing->texts && !(text = evbuffer_readln(listing->texts, NULL, EVBUFFER_EOL_NUL)))
        return -ENOMEM;
    r = text_set_add(stop_all->seen, import_id);
    if (r <= 0)
        return r;
    return text ? stop_all_take(stop_all, listing->target, import_id, text)
                : note_unseen(listing, import_id);
}

int stop_all_listing_step(Listing *listing)
{
    int r;

    if (listing->n_taken < text_set_count(listing->ids)) {
        r = listing_take_next(listing);
        return r < 0 ? r : 1;
    }
    if (listing->unseen)
        return begin_looks(listing);
    listing_end(listing, NULL);
    return 0;
}
