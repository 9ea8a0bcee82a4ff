/* Shares fetches and their results between all who ask; chooses the source at each fetch. */
#include "daemon/aws/credentials.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/chain.h"
#include "daemon/aws/credentials-source.h"
#include "daemon/aws/settings.h"
#include "daemon/journal.h"

struct AwsCredentialsProvider {
    Timers *timers;
    Timer timer; /* set while someone waits and nothing is under way */
    char *target;
    char *profile;
    bool profile_named, profile_explicit;
    char *role_arn;
    char *source; /* description; NULL: none */

    TAILQ_HEAD(AwsCredentialsWaits, AwsCredentialsWait) waiting;
    uint64_t ticket; /* of the last who came */

    bool fetching;
    AwsFetch fetch;
    AwsProfiles *profiles; /* of the fetch; not kept, they hold secrets */

    AwsCredentials *current;
    bool rejected; /* by AWS: current is not handed out any more */
    bool failing;  /* and the journal knows */
};

/* NULL: this version has no such source. */
static AwsFetchStart *const sources[N_AWS_SOURCES] = {
    [AWS_SOURCE_ENVIRONMENT] = aws_fetch_environment,
    [AWS_SOURCE_PROFILE] = aws_fetch_profile,
};

void aws_fetch_keys(AwsFetch *fetch, const char *access_key_id, const char *secret_access_key,
                    const char *session_token)
{
    const char *keys[] = {access_key_id, secret_access_key, session_token};
    AwsCredentials *credentials = NULL;
    char *sentence = NULL;
    int r = 0;

    if (!access_key_id || !*access_key_id)
        r = explain(&sentence, -EINVAL, "%s: there is no access key id", fetch->source);
    else if (!secret_access_key || !*secret_access_key)
        r = explain(&sentence, -EINVAL, "%s: an access key id without its secret access key",
                    fetch->source);
    /* They go into headers. */
    for (size_t i = 0; r == 0 && i < sizeof(keys) / sizeof(*keys); i++)
        for (const char *at = keys[i]; r == 0 && at && *at; at++)
            if (*at <= ' ' || *at > '~')
                r = explain(&sentence, -EINVAL,
                            "%s: a key with white space or control characters inside",
                            fetch->source);
    if (r == 0)
        r = aws_credentials_new(access_key_id, secret_access_key,
                                session_token && *session_token ? session_token : NULL, 0,
                                &credentials);
    fetch->done(fetch, credentials, r, sentence);
    aws_credentials_unref(credentials);
}

static void set_soon(AwsCredentialsProvider *provider)
{
    timer_set(&provider->timer, timers_boottime_usec(provider->timers));
}

/* All who have come so far; who comes back from within done() waits for the next turn. */
static void release(AwsCredentialsProvider *provider, AwsCredentials *credentials,
                    const AwsError *error)
{
    const uint64_t last = provider->ticket;
    AwsCredentialsWait *wait;

    if (credentials)
        aws_credentials_ref(credentials);
    while ((wait = TAILQ_FIRST(&provider->waiting)) && wait->ticket <= last) {
        aws_credentials_cancel(wait);
        wait->done(credentials, error, wait->userdata);
    }
    aws_credentials_unref(credentials);
}

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

static void report(const AwsCredentialsProvider *provider, JournalEvent event,
                   const AwsError *error)
{
    JournalEntry entry;

    journal_begin(&entry, event);
    journal_add(&entry, "TRAILSTOP_TARGET", "%s", provider->target);
    if (error) {
        journal_add_error(&entry, error);
        journal_send(&entry, "Target %s has no credentials: %s", provider->target, error->message);
    } else {
        journal_send(&entry, "Target %s has credentials: %s", provider->target, provider->source);
    }
}

static void succeed(AwsCredentialsProvider *provider, AwsCredentials *credentials)
{
    if (!same_credentials(provider->current, credentials))
        report(provider, EVENT_CREDENTIALS_OBTAINED, NULL);
    aws_credentials_unref(provider->current);
    provider->current = aws_credentials_ref(credentials);
    provider->rejected = false;
    provider->failing = false;
    release(provider, credentials, NULL);
}

static void fail(AwsCredentialsProvider *provider, const char *sentence)
{
    /* Where even this cannot be copied, callers still get an error that they can read. */
    AwsError last_resort = {.code = (char[]){AWS_CODE_RESOURCES}, .message = (char[]){"no memory"}};
    CLEANUP(aws_error_clear) AwsError error = {0};
    const AwsError *outcome = &error;

    if (!sentence || aws_error_set(&error, AWS_CODE_CREDENTIALS, sentence, 0, NULL) < 0)
        outcome = &last_resort;
    if (!provider->failing)
        report(provider, EVENT_CREDENTIALS_FAILED, outcome);
    provider->failing = true;
    release(provider, NULL, outcome);
}

static void on_fetched(AwsFetch *fetch, AwsCredentials *credentials, int error, char *sentence)
{
    AwsCredentialsProvider *provider =
        (AwsCredentialsProvider *)((char *)fetch - offsetof(AwsCredentialsProvider, fetch));
    CLEANUP(freep) char *owned = sentence;

    provider->fetching = false;
    aws_profiles_free(TAKE(provider->profiles));
    if (error < 0)
        fail(provider, owned);
    else
        succeed(provider, credentials);
}

/* Chooses the source by the shared files as they are now. */
static int prepare(AwsCredentialsProvider *provider, AwsSource *ret, char **ret_error)
{
    char *description = NULL;

    int r = aws_profiles_load(&provider->profiles, ret_error);
    if (r < 0)
        return r;
    const AwsChainQuery query = {
        .profiles = provider->profiles,
        .profile = provider->profile,
        .named = provider->profile_named,
        .explicit = provider->profile_explicit,
    };
    r = aws_chain_choose(&query, ret, &description, ret_error);
    if (r < 0)
        return r;
    free(provider->source);
    provider->source = description;
    if (provider->role_arn)
        return explain(ret_error, -EOPNOTSUPP,
                       "this version of trailstop cannot assume the target's role-arn; name a "
                       "profile with keys");
    if (*ret == AWS_SOURCE_NONE)
        return explain(ret_error, -ENOENT,
                       "there are none: neither AWS_ACCESS_KEY_ID nor profile %s has any",
                       provider->profile);
    if (!sources[*ret])
        return explain(ret_error, -EOPNOTSUPP,
                       "this version of trailstop cannot take them from %s; set AWS_ACCESS_KEY_ID "
                       "and AWS_SECRET_ACCESS_KEY, or put keys into profile %s",
                       description, provider->profile);
    return 0;
}

static void start_fetch(AwsCredentialsProvider *provider)
{
    AwsSource source;
    char *sentence = NULL;

    provider->fetching = true;
    int r = prepare(provider, &source, &sentence);
    provider->fetch = (AwsFetch){
        .profiles = provider->profiles,
        .profile = provider->profile,
        .source = provider->source,
        .done = on_fetched,
    };
    if (r < 0)
        on_fetched(&provider->fetch, NULL, r, sentence);
    else
        sources[source](&provider->fetch);
}

static void on_timer(void *userdata)
{
    AwsCredentialsProvider *provider = userdata;

    if (TAILQ_EMPTY(&provider->waiting))
        return;
    if (provider->current && !provider->rejected)
        release(provider, provider->current, NULL);
    else
        start_fetch(provider);
}

void aws_credentials_get(AwsCredentialsProvider *provider, AwsCredentialsWait *wait)
{
    wait->provider = provider;
    wait->ticket = ++provider->ticket;
    TAILQ_INSERT_TAIL(&provider->waiting, wait, entry);
    if (!provider->fetching)
        set_soon(provider);
}

void aws_credentials_cancel(AwsCredentialsWait *wait)
{
    if (!wait->provider)
        return;
    TAILQ_REMOVE(&wait->provider->waiting, wait, entry);
    wait->provider = NULL;
}

void aws_credentials_reject(AwsCredentialsProvider *provider, const AwsCredentials *credentials)
{
    if (provider->current == credentials)
        provider->rejected = true;
}

const char *aws_credentials_provider_source(const AwsCredentialsProvider *provider)
{
    return provider->source;
}

int aws_credentials_provider_new(Timers *timers, const char *target, const AwsSettings *settings,
                                 AwsCredentialsProvider **ret)
{
    AwsCredentialsProvider *provider = calloc(1, sizeof(*provider));

    if (!provider)
        return -ENOMEM;
    provider->timers = timers;
    provider->profile_named = settings->profile_named;
    provider->profile_explicit = settings->profile_explicit;
    TAILQ_INIT(&provider->waiting);
    timer_init(&provider->timer, timers, on_timer, provider);
    provider->target = strdup(target);
    provider->profile = strdup(settings->profile);
    if (settings->role_arn)
        provider->role_arn = strdup(settings->role_arn);
    if (settings->credentials)
        provider->source = strdup(settings->credentials);
    if (!provider->target || !provider->profile || (settings->role_arn && !provider->role_arn) ||
        (settings->credentials && !provider->source)) {
        aws_credentials_provider_free(provider);
        return -ENOMEM;
    }
    *ret = provider;
    return 0;
}

void aws_credentials_provider_free(AwsCredentialsProvider *provider)
{
    if (!provider)
        return;
    timer_clear(&provider->timer);
    aws_credentials_unref(provider->current);
    free(provider->target);
    free(provider->profile);
    free(provider->role_arn);
    free(provider->source);
    free(provider);
}
