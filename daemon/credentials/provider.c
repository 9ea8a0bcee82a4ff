/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/provider.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/loop.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/credentials/settings.h"
#include "daemon/credentials/source.h"
#include "daemon/credentials/tree.h"

/* This long before they expire, credentials are fetched again. */
#define REFRESH_USEC (15 * USEC_PER_MINUTE)

/* Between two refreshes of credentials that are about to expire. */
#define REFRESH_WAIT_MIN_USEC USEC_PER_SEC
#define REFRESH_WAIT_MAX_USEC USEC_PER_MINUTE

/* For how long credentials are used that had expired when they were fetched. */
#define GRACE_USEC (5 * USEC_PER_MINUTE)

/* Who frees a source, and when: the provider has at most one, from start_fetch() on, and frees it
 * in on_fetched() as the last thing that it does with the fetch. It does so after the waiters have
 * been called, because the credentials or the error that they are called with may belong to the
 * source; and it may do so although the source is still on the stack, because done() is the last
 * thing that a source does. A waiter may ask again from within its callback: that sets the timer
 * alone, so no fetch begins before this one is gone. What ends a provider in the middle of a fetch,
 * a reload that removes its target, frees the source too, which cancels transfers, timers and
 * children; done() is then never called. The reading of the shared files goes with the source,
 * which borrows from it. */
typedef struct Provider {
    AwsCredentialsProvider base; /* the first member; source is owned below */
    AwsCredentialsContext context;
    Timer timer; /* set while a call has asked and is to be answered in the next turn */
    char *target;
    AwsSettings *settings; /* a reference */
    char *description;     /* of where they come from, as the last fetch had it; NULL: as set up */

    /* A fetch; all but fetching is NULL where it ended before there was a source. */
    bool fetching;
    AwsSource *source;
    AwsProfileReading *reading; /* not kept, it holds secrets */
    AwsSourceContext source_context;
    AwsInstanceToken instance_token;

    AwsCredentials *current;
    bool rejected;              /* by AWS: current is not handed out any more */
    uint64_t refresh_at_usec;   /* CLOCK_BOOTTIME: not before, while current is good */
    uint64_t refresh_wait_usec; /* what the next refresh that does not help is followed by */
    bool failing;               /* and it is logged */
} Provider;

static void set_soon(Provider *provider)
{
    timer_set(&provider->timer, timers_boottime_usec(provider->context.timers));
}

static bool expires_within(const Provider *provider, uint64_t usec)
{
    const AwsCredentials *current = provider->current;

    return current->expires_usec != 0 &&
           current->expires_usec <= timers_realtime_usec(provider->context.timers) + usec;
}

static bool is_good(const Provider *provider)
{
    return provider->current && !provider->rejected && !expires_within(provider, 0);
}

/* Those that have come so far, as many as a turn has time for; a waiter that asks again from within
 * done() waits for the next turn. */
static void release(Provider *provider, AwsCredentials *credentials, const CallError *error)
{
    const uint64_t last = provider->base.ticket;
    AwsCredentialsWait *wait;

    if (credentials)
        aws_credentials_ref(credentials);
    for (unsigned n = 0; (wait = TAILQ_FIRST(&provider->base.waiting)) && wait->ticket <= last;
         n++) {
        if (n == LOOP_SHARE_MAX) {
            set_soon(provider);
            break;
        }
        aws_credentials_cancel(wait);
        wait->done(credentials, error, wait->userdata);
    }
    aws_credentials_unref(credentials);
}

/* ---- the journal ---- */

static bool same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_credentials(const AwsCredentials *a, const AwsCredentials *b)
{
    return a && same_string(a->access_key_id, b->access_key_id) &&
           same_string(a->secret_access_key, b->secret_access_key) &&
           same_string(a->session_token, b->session_token);
}

static void report_obtained(const Provider *provider)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_CREDENTIALS_OBTAINED);
    journal_add(&entry, aws_owner_field(provider->context.owner), "%s", provider->target);
    journal_send(&entry, "%s %s has credentials: %s", aws_owner_noun(provider->context.owner),
                 provider->target, provider->base.source);
}

static void report_failed(const Provider *provider, const CallError *error)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_CREDENTIALS_FAILED);
    journal_add(&entry, aws_owner_field(provider->context.owner), "%s", provider->target);
    journal_add_error(&entry, error);
    if (is_good(provider))
        journal_send(&entry,
                     "%s %s gets no new credentials, and uses the old ones until they expire: %s",
                     aws_owner_noun(provider->context.owner), provider->target, error->message);
    else
        journal_send(&entry, "%s %s has no credentials: %s",
                     aws_owner_noun(provider->context.owner), provider->target, error->message);
}

/* ---- the end of a fetch ---- */

/* A refresh has not helped: the next one comes after a wait that grows. */
static void defer_refresh(Provider *provider)
{
    const Random *random = provider->context.random;
    double share = 0.5 + random->uniform(random->userdata) / 2;

    provider->refresh_at_usec = timers_boottime_usec(provider->context.timers) +
                                (uint64_t)((double)provider->refresh_wait_usec * share);
    provider->refresh_wait_usec *= 2;
    if (provider->refresh_wait_usec > REFRESH_WAIT_MAX_USEC)
        provider->refresh_wait_usec = REFRESH_WAIT_MAX_USEC;
}

static void succeed(Provider *provider, AwsCredentials *credentials)
{
    uint64_t now_usec = timers_realtime_usec(provider->context.timers);
    bool news = provider->failing || !same_credentials(provider->current, credentials);

    /* Whether they are really of no use, AWS knows better than the clock of this host. */
    if (credentials->expires_usec != 0 && credentials->expires_usec <= now_usec)
        credentials->expires_usec = now_usec + GRACE_USEC;
    aws_credentials_ref(credentials);
    aws_credentials_unref(provider->current);
    provider->current = credentials;
    provider->base.expires_usec = credentials->expires_usec;
    provider->rejected = false;
    provider->failing = false;
    if (expires_within(provider, REFRESH_USEC))
        defer_refresh(provider);
    else
        provider->refresh_wait_usec = REFRESH_WAIT_MIN_USEC;
    if (news)
        report_obtained(provider);
    release(provider, credentials, NULL);
}

static void fail(Provider *provider, const CallError *error)
{
    if (!provider->failing)
        report_failed(provider, error);
    provider->failing = true;
    if (is_good(provider)) {
        defer_refresh(provider);
        release(provider, provider->current, NULL);
    } else {
        release(provider, NULL, error);
    }
}

/* A source may quote what it gave before. */
static void fail_masked(Provider *provider, const CallError *error)
{
    CLEANUP(call_error_clear) CallError masked = {0};

    if (!provider->current) {
        fail(provider, error);
        return;
    }
    if (call_error_copy(&masked, error) < 0) {
        fail(provider, &call_error_no_memory);
        return;
    }
    call_error_mask(&masked, provider->current->secret_access_key);
    call_error_mask(&masked, provider->current->session_token);
    fail(provider, &masked);
}

static void on_fetched(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    Provider *provider = userdata;

    assert(provider->fetching);
    provider->fetching = false;
    if (credentials)
        succeed(provider, credentials);
    else
        fail_masked(provider, error);
    aws_source_free(TAKE(provider->source));
    aws_profile_reading_unref(TAKE(provider->reading));
}

/* ---- the beginning of a fetch ---- */

/* Takes the text. It is nearly always the same, which there is already. */
static void describe(Provider *provider, char *description)
{
    if (same_string(provider->base.source, description)) {
        free(description);
        return;
    }
    free(provider->description);
    provider->base.source = provider->description = description;
}

/* The tree of sources, by the shared files as they are now. */
static int build_source(Provider *provider, char **ret_error)
{
    const AwsSettings *settings = provider->settings;
    AwsChainQuery query = settings->query;
    char *description = NULL;

    int r = aws_profile_share_get(provider->context.profiles, &provider->reading);
    if (r < 0)
        return r;
    query.profiles = provider->reading->profiles;
    provider->source_context = (AwsSourceContext){
        .shared = &provider->context,
        .profiles = provider->reading->profiles,
        .target = provider->target,
        .region = settings->region,
        .sts_endpoint = settings->sts_endpoint,
        .ca_bundle = settings->ca_bundle,
        .instance_token = &provider->instance_token,
    };
    r = aws_tree_build(&query, &settings->role, &provider->source_context, &provider->source,
                       &description, ret_error);
    if (r < 0)
        return r;
    assert(provider->source && description);
    describe(provider, description);
    return 0;
}

static void start_fetch(Provider *provider)
{
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(freep) char *sentence = NULL;
    int r;

    assert(!provider->fetching && !provider->source && !provider->reading);
    provider->fetching = true;
    r = build_source(provider, &sentence);
    if (r >= 0)
        aws_source_start(provider->source, on_fetched, provider);
    else if (!sentence || call_error_set(&error, CALL_ERROR_CREDENTIALS, sentence, 0, NULL) < 0)
        on_fetched(NULL, &call_error_no_memory, provider);
    else
        on_fetched(NULL, &error, provider);
}

static void on_timer(void *userdata)
{
    Provider *provider = userdata;
    bool good = is_good(provider);

    if (TAILQ_EMPTY(&provider->base.waiting))
        return;
    if (good)
        release(provider, provider->current, NULL);
    if (provider->fetching)
        return;
    if (!good || (expires_within(provider, REFRESH_USEC) &&
                  timers_boottime_usec(provider->context.timers) >= provider->refresh_at_usec))
        start_fetch(provider);
}

/* ---- the interface ---- */

static void provider_wanted(AwsCredentialsProvider *base)
{
    set_soon((Provider *)base);
}

static void provider_reject(AwsCredentialsProvider *base, const AwsCredentials *credentials)
{
    Provider *provider = (Provider *)base;

    if (provider->current == credentials)
        provider->rejected = true;
}

/* ---- birth and death ---- */

static void provider_free(AwsCredentialsProvider *base)
{
    Provider *provider = (Provider *)base;

    timer_clear(&provider->timer);
    aws_source_free(provider->source);
    aws_profile_reading_unref(provider->reading);
    aws_credentials_unref(provider->current);
    secret_free(provider->instance_token.text);
    free(provider->target);
    free(provider->description);
    aws_settings_unref(provider->settings);
    free(provider);
}

int aws_credentials_provider_new(const AwsCredentialsContext *context, const char *target,
                                 AwsSettings *settings, AwsCredentialsProvider **ret)
{
    Provider *provider = calloc(1, sizeof(*provider));

    if (!provider)
        return -ENOMEM;
    provider->context = *context;
    provider->refresh_wait_usec = REFRESH_WAIT_MIN_USEC;
    provider->base = (AwsCredentialsProvider){.wanted = provider_wanted,
                                              .reject = provider_reject,
                                              .free = provider_free,
                                              .references = 1,
                                              .source = settings->credentials};
    TAILQ_INIT(&provider->base.waiting);
    timer_init(&provider->timer, context->timers, on_timer, provider);
    provider->settings = aws_settings_ref(settings);
    if (string_copy(target, &provider->target) < 0) {
        provider_free(&provider->base);
        return -ENOMEM;
    }
    *ret = &provider->base;
    return 0;
}
