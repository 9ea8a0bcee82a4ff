/* SPDX-License-Identifier: Apache-2.0 */
/* Held against each request on the wire, and at the end: no request is lost, nothing is called for
 * without a message that is held, a request that was delivered before is not stopped blindly, no
 * message is deleted before its job's end and its outcome, and each end is told. */
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "tests/model/hosts-private.h"

#define N_JOBS_MAX 1000U

/* ---- jobs in a store ---- */

typedef struct EndSearch {
    const Host *host;
    uint64_t since_usec; /* on the host's wall clock */
    bool ended, told;    /* a job did; its outcome was sent */
} EndSearch;

static bool outcome_is_there(const Hosts *hosts, QueueOperation where, const char *job_id)
{
    for (unsigned i = 0; i < hosts->queue.n_outcomes; i++)
        if (hosts->queue.outcomes[i].where == where &&
            strcmp(hosts->queue.outcomes[i].job_id, job_id) == 0)
            return true;
    return false;
}

static int look_for_end(JobRecord *record, void *userdata)
{
    EndSearch *search = userdata;

    if (job_state_is_final(record->state) && record->state != JOB_RELEASED &&
        record->finished_usec >= search->since_usec) {
        search->ended = true;
        search->told |= outcome_is_there(search->host->hosts, QUEUE_SEND, record->id);
    }
    job_record_clear(record);
    return 0;
}

static void each_job(const Host *host, const StoreFilter *filter, StoreEach each, void *userdata)
{
    StorePage page = {.limit = N_JOBS_MAX, .max_rows = N_JOBS_MAX, .before = UINT64_MAX};
    Model *model = &host->hosts->model;

    model_hold(model, store_each(core_store(host->core), filter, &page, each, userdata) == 0,
               "h%u: its store cannot be read", host->number);
}

/* ---- what goes out ---- */

static const Import *find_import(const Host *host, unsigned target, unsigned import)
{
    return &host->hosts->accounts[target].imports[import];
}

Job *host_find_job(const Host *host, unsigned target, unsigned import)
{
    const Import *found = find_import(host, target, import);
    JobKey key = {.kind = JOB_STOP, .service = found->service, .import_id = found->id};

    return registry_find_key(core_registry(host->core), core_target(host->core, target), &key);
}

/* A job that was not seen before: what made it is as the queue says. */
static void meet(const Host *host, const Job *job, Followed *followed)
{
    const JobMessage *made_by = &job->record.message;
    const Hosts *hosts = host->hosts;
    const QueueMessage *message;

    *followed = (Followed){.by_message = made_by->queue != NULL, .receives = made_by->receives};
    strcpy(followed->job_id, job->record.id);
    if (!followed->by_message)
        return;
    followed->message = (unsigned)strtoul(made_by->id + 1, NULL, 10);
    message = &hosts->queue.messages[followed->message];
    model_hold(&host->hosts->model,
               followed->receives < 64 &&
                   message->by_host[host->number].counts & UINT64_C(1) << followed->receives,
               "h%u: m%u never came with a receive count of %u", host->number, followed->message,
               followed->receives);
}

/* Without delay only after what brought something to do. */
static void check_receive(Host *host, const QueueRequest *request)
{
    const CoreRules *rules = &host->hosts->rules;
    Model *model = &host->hosts->model;

    model_hold(model, !host->stopping && !host->without_queue, "h%u receives no more",
               host->number);
    model_hold(model,
               request->max_messages >= 1 && request->max_messages <= 10 &&
                   request->max_messages <= rules->max_jobs &&
                   request->max_messages <= rules->queue.max_jobs,
               "h%u asks for %u messages", host->number, request->max_messages);
    model_hold(model,
               host->had_work || host->received_usec == 0 ||
                   model->now_usec >= host->received_usec + USEC_PER_SEC,
               "h%u receives again and again", host->number);
    model_hold(model, request->visibility_sec * USEC_PER_SEC == rules->queue.visibility_usec,
               "h%u hides messages for another time", host->number);
    host->received_usec = model->now_usec;
    host->had_work = false;
}

static void *on_attempt(const Attempt *attempt, void *userdata)
{
    Host *host = userdata;
    Model *model = &host->hosts->model;
    Followed *followed;
    const Job *job;

    if (attempt->of_queue) {
        if (attempt->queue.operation == QUEUE_RECEIVE)
            check_receive(host, &attempt->queue);
        return NULL;
    }
    job = host_find_job(host, attempt->target, attempt->request.import);
    model_hold(model, job && job->call == attempt->call, "h%u calls, and no job does",
               host->number);
    followed = &host->followed[attempt->target][attempt->request.import];
    if (strcmp(followed->job_id, job->record.id) != 0)
        meet(host, job, followed);
    return NULL;
}

static bool is_about(const Hosts *hosts, unsigned number, unsigned target, unsigned import)
{
    const QueueMessage *message = &hosts->queue.messages[number];

    return message->is_request && message->target == target && message->import == import;
}

/* Whether the queue hides a message that asks for this import from all others but the host. */
static bool is_held(const Host *host, unsigned target, unsigned import)
{
    const Hosts *hosts = host->hosts;

    for (unsigned i = 0; i < hosts->queue.n_messages; i++)
        if (is_about(hosts, i, target, import) &&
            hosts->queue.messages[i].by_host[host->number].hidden_until_usec >
                hosts->model.now_usec)
            return true;
    return false;
}

static void check_call(Host *host, const Attempt *attempt)
{
    Followed *followed = &host->followed[attempt->target][attempt->request.import];
    Model *model = &host->hosts->model;

    model_hold(model,
               !followed->by_message || is_held(host, attempt->target, attempt->request.import),
               "h%u calls for a request that it holds no more", host->number);
    if (attempt->request.operation != OPERATION_STOP)
        return;
    model_hold(model, !followed->by_message || followed->receives <= 1 || followed->asked,
               "h%u stops blindly after a redelivery", host->number);
    model_hold(model, followed->n_stops_before == 0 || followed->asked_in_run,
               "h%u stops blindly after a restart", host->number);
    followed->n_stops++;
}

static uint64_t host_wall_usec(const Host *host, uint64_t true_usec)
{
    const Model *model = &host->hosts->model;

    return model_true_time(model) - model->now_usec + true_usec + (uint64_t)host->wall_usec;
}

static void check_delete(const Host *host, const QueueRequest *request)
{
    const Hosts *hosts = host->hosts;
    const QueueMessage *message = &hosts->queue.messages[request->message];
    const Import *import = find_import(host, message->target, message->import);
    EndSearch search = {
        .host = host,
        .since_usec = host_wall_usec(host, message->sent_usec),
    };
    Model *model = &host->hosts->model;

    model_hold(model, message->is_request, "h%u deletes m%u, which it cannot read", host->number,
               message->number);
    each_job(host, &(StoreFilter){.service = &import->service, .import_id = import->id},
             look_for_end, &search);
    model_hold(model, search.ended, "h%u deletes m%u, and its job has not ended", host->number,
               message->number);
    model_hold(model, search.told || !hosts->rules.queue.outcome,
               "h%u deletes m%u, and its outcome was not sent", host->number, message->number);
}

static void on_sent(const Attempt *attempt, void *userdata)
{
    Host *host = userdata;

    if (!attempt->of_queue)
        check_call(host, attempt);
    else if (attempt->queue.operation == QUEUE_DELETE)
        check_delete(host, &attempt->queue);
}

static void on_dropped(const Attempt *attempt, void *userdata)
{
    Host *host = userdata;

    host->had_work |= attempt->of_queue && attempt->queue.operation == QUEUE_RECEIVE;
}

static void on_queue_answer(Host *host, const QueueRequest *request, const Answer *answer)
{
    if (request->operation == QUEUE_RECEIVE)
        host->had_work = answer->meaning != MEANS_OBSERVED || answer->listed > 0;
    host->fine_stop &= answer->meaning == MEANS_OBSERVED;
    if (request->operation == QUEUE_CHANGE_VISIBILITY && answer->code &&
        strcmp(answer->code, STALE_CODE) == 0)
        queue_disown(&host->hosts->queue, request);
}

static void on_answer(const Attempt *attempt, const Answer *answer, void *userdata)
{
    Host *host = userdata;
    Followed *followed;

    if (attempt->of_queue) {
        on_queue_answer(host, &attempt->queue, answer);
        return;
    }
    followed = &host->followed[attempt->target][attempt->request.import];
    if (attempt->request.operation == OPERATION_GET && answer_counts(answer))
        followed->asked = followed->asked_in_run = true;
}

static void on_handled(const Attempt *attempt, const Answer *answer, void *userdata)
{
    (void)attempt, (void)answer, (void)userdata;
}

WireObserver ledger_observer(Host *host)
{
    return (WireObserver){on_attempt, on_sent, on_dropped, on_answer, on_handled, host};
}

/* ---- a host's runs ---- */

void ledger_restarted(Host *host)
{
    host->received_usec = 0;
    for (unsigned i = 0; i < N_TARGETS_MAX; i++)
        for (unsigned j = 0; j < N_IMPORTS; j++) {
            Followed *followed = &host->followed[i][j];

            followed->n_stops_before = followed->n_stops;
            followed->asked_in_run = false;
        }
}

void ledger_stopping(Host *host)
{
    const Hosts *hosts = host->hosts;

    host->fine_stop = hosts->queue.weather == WEATHER_FINE;
    host->given_back = 0;
    for (unsigned i = 0; i < hosts->queue.n_messages; i++) {
        const QueueMessage *message = &hosts->queue.messages[i];
        const Job *job =
            message->is_request ? host_find_job(host, message->target, message->import) : NULL;

        if (job && job->record.message.queue && !job_state_is_final(job->record.state) &&
            strtoul(job->record.message.id + 1, NULL, 10) == i)
            host->given_back |= UINT64_C(1) << i;
    }
}

/* Whether a job for the message has ended: if its outcome is still to be sent, it stays hidden. */
static bool has_ended(const Host *host, const QueueMessage *message)
{
    const Import *import = find_import(host, message->target, message->import);
    EndSearch search = {.host = host, .since_usec = host_wall_usec(host, message->sent_usec)};

    each_job(host, &(StoreFilter){.service = &import->service, .import_id = import->id},
             look_for_end, &search);
    return search.ended;
}

/* What was under way is there for the other hosts at once. */
void ledger_stopped(const Host *host)
{
    const Hosts *hosts = host->hosts;

    for (unsigned i = 0; host->fine_stop && i < hosts->queue.n_messages; i++) {
        const QueueMessage *message = &hosts->queue.messages[i];
        bool is_ours = message->by_host[host->number].count == message->receives;

        if (!(host->given_back & UINT64_C(1) << i) || message->deleted || !is_ours ||
            has_ended(host, message))
            continue;
        model_hold(&host->hosts->model, message->visible_usec <= hosts->model.now_usec,
                   "h%u has let go and still hides m%u", host->number, i);
    }
}

/* ---- the end ---- */

unsigned ledger_count_open(const Hosts *hosts)
{
    unsigned n = 0;

    for (unsigned i = 0; i < hosts->queue.n_messages; i++)
        n += hosts->queue.messages[i].is_request && !hosts->queue.messages[i].deleted;
    for (unsigned i = 0; i < hosts->n_hosts; i++)
        n += hosts->hosts[i].core ? registry_count_jobs(core_registry(hosts->hosts[i].core)) : 1;
    return n;
}

static bool is_due(const Host *host, const JobRecord *record, QueueOperation where)
{
    const QueueRules *rules = &host->hosts->rules.queue;

    if (record->state == JOB_RELEASED)
        return false;
    return where == QUEUE_PUT ? rules->notify
                              : rules->outcome && record->message.queue && !host->drops_outcomes;
}

typedef struct OutcomeCount {
    const Host *host;
    unsigned n_missing;
} OutcomeCount;

static int count_missing(JobRecord *record, void *userdata)
{
    OutcomeCount *count = userdata;

    for (QueueOperation where = QUEUE_SEND; where <= QUEUE_PUT; where++)
        count->n_missing += is_due(count->host, record, where) &&
                            !outcome_is_there(count->host->hosts, where, record->id);
    job_record_clear(record);
    return 0;
}

unsigned ledger_count_missing(const Hosts *hosts)
{
    unsigned n_missing = 0;

    for (unsigned i = 0; i < hosts->n_hosts; i++) {
        OutcomeCount count = {.host = &hosts->hosts[i]};

        each_job(count.host, &(StoreFilter){0}, count_missing, &count);
        n_missing += count.n_missing;
    }
    return n_missing;
}

static int check_job(JobRecord *record, void *userdata)
{
    const Host *host = userdata;
    const Hosts *hosts = host->hosts;
    bool told = outcome_is_there(hosts, QUEUE_PUT, record->id) ||
                outcome_is_there(hosts, QUEUE_SEND, record->id);

    model_hold(&host->hosts->model, job_state_is_final(record->state), "h%u: job %s has not ended",
               host->number, record->id);
    model_hold(&host->hosts->model, record->state != JOB_RELEASED || !told,
               "h%u: the outcome of job %s, which was released", host->number, record->id);
    job_record_clear(record);
    return 0;
}

void ledger_finished(Hosts *hosts)
{
    for (unsigned i = 0; i < hosts->queue.n_messages; i++) {
        const QueueMessage *message = &hosts->queue.messages[i];
        const Import *import = &hosts->accounts[message->target].imports[message->import];

        model_hold(&hosts->model,
                   !message->is_request || !account_import_goes_on(import) ||
                       hosts->let_go[message->target] & 1U << message->import,
                   "m%u is done with, and its import goes on", i);
        model_hold(&hosts->model,
                   !message->is_request || message->receives == 1 || hosts->kind != HOSTS_CALM ||
                       hosts->rules.max_jobs < N_MESSAGES_MAX,
                   "m%u came %u times, and nothing went wrong", i, message->receives);
        model_hold(&hosts->model, message->is_request || !message->deleted,
                   "m%u is gone, and nobody could read it", i);
    }
    for (unsigned i = 0; i < hosts->n_hosts; i++)
        each_job(&hosts->hosts[i], &(StoreFilter){0}, check_job, &hosts->hosts[i]);
}
