/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/stats.h"

typedef enum MetricType { GAUGE, COUNTER, HISTOGRAM } MetricType;

static const struct {
    const char *name, *help;
    MetricType type;
} metrics[] = {
#define METRIC(symbol, name, family, suffix, type, help)                                           \
    [METRIC_##symbol] = {TRAILSTOP_INTERFACE "." name, help, type},
#include "common/metrics.def"
};

json_object *metrics_describe(unsigned metric)
{
    CLEANUP(json_object_putp) json_object *family = json_object_new_object();

    if (!family || json_add_string(family, "name", metrics[metric].name) < 0 ||
        json_add_string(family, "description", metrics[metric].help) < 0 ||
        json_add_string(family, "type", metrics[metric].type == GAUGE ? "gauge" : "counter") < 0)
        return NULL;
    return TAKE(family);
}

/* What the samples of a step have in common. */
typedef struct Emitter {
    const Service *service;
    const Target *target; /* NULL: the metric is not about one, nor: */
    const Queue *queue;
    const Destination *destination;
    MetricsTake take;
    void *userdata;
} Emitter;

typedef struct Label {
    const char *name, *value; /* name NULL: none */
} Label;

static int add_fields(json_object *sample, const Label *first, const Label *second)
{
    json_object *fields;

    if (!first->name)
        return 0;
    fields = json_object_new_object();
    if (json_add(sample, "fields", fields) < 0 ||
        json_add_string(fields, first->name, first->value) < 0)
        return -ENOMEM;
    return second->name ? json_add_string(fields, second->name, second->value) : 0;
}

/* Takes the value. */
static int emit(const Emitter *emitter, Metric metric, Label first, Label second,
                json_object *value)
{
    CLEANUP(json_object_putp) json_object *sample = json_object_new_object();

    if (!sample) {
        json_object_put(value);
        return -ENOMEM;
    }
    if (json_add_string(sample, "name", metrics[metric].name) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    if (json_add(sample, "value", value) < 0 ||
        (emitter->target && json_add_string(sample, "object", emitter->target->name) < 0) ||
        add_fields(sample, &first, &second) < 0)
        return -ENOMEM;
    return emitter->take(TAKE(sample), emitter->userdata);
}

static int emit_count(const Emitter *emitter, Metric metric, Label label, uint64_t value)
{
    return emit(emitter, metric, label, (Label){0}, json_object_new_int64((int64_t)value));
}

static int emit_plain(const Emitter *emitter, Metric metric, uint64_t value)
{
    return emit_count(emitter, metric, (Label){0}, value);
}

static int emit_seconds(const Emitter *emitter, Metric metric, uint64_t usec)
{
    return emit(emitter, metric, (Label){0}, (Label){0},
                json_object_new_double((double)usec / (double)USEC_PER_SEC));
}

/* ---- the families ---- */

static int emit_start(const Emitter *emitter)
{
    return emit_seconds(emitter, METRIC_START, emitter->service->started_usec);
}

static int emit_jobs_active(const Emitter *emitter)
{
    int r = 0;

    for (JobState state = 0; r >= 0 && state < N_ACTIVE_JOB_STATES; state++)
        r = emit_count(emitter, METRIC_JOBS_ACTIVE, (Label){"state", job_state_name(state)},
                       emitter->target->counts.active[state]);
    return r;
}

static int emit_jobs_ended(const Emitter *emitter)
{
    int r = 0;

    for (JobState state = N_ACTIVE_JOB_STATES; r >= 0 && state < N_JOB_STATES; state++)
        r = emit_count(emitter, METRIC_JOBS_ENDED, (Label){"state", job_state_name(state)},
                       emitter->target->counts.ended[state - N_ACTIVE_JOB_STATES]);
    return r;
}

static int emit_requests(const Emitter *emitter)
{
    static const struct {
        const char *result;
        Stat stat;
    } results[] = {
        {"accepted", STAT_REQUESTS_ACCEPTED},
        {"joined", STAT_REQUESTS_JOINED},
        {"denied", STAT_REQUESTS_DENIED},
        {"rejected", STAT_REQUESTS_REJECTED},
    };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < sizeof(results) / sizeof(results[0]); i++)
        r = emit_count(emitter, METRIC_REQUESTS, (Label){"result", results[i].result},
                       stats_get(results[i].stat));
    return r;
}

static int emit_calls(const Emitter *emitter)
{
    const AwsMeter *meter = target_meter(emitter->target);
    int r = 0;

    for (unsigned i = 0; r >= 0 && i < meter->n_operations; i++)
        for (AttemptOutcome outcome = 0; r >= 0 && outcome < N_ATTEMPT_OUTCOMES; outcome++)
            r = emit(emitter, METRIC_CALLS, (Label){"operation", meter->operations[i]->name},
                     (Label){"outcome", attempt_outcome_name(outcome)},
                     json_object_new_int64((int64_t)meter->operations[i]->attempts[outcome]));
    return r;
}

/* Buckets add up what is below their bound, as OpenMetrics has it. */
static int emit_stop_duration(const Emitter *emitter)
{
    static const unsigned bounds_sec[] = STOP_DURATION_BUCKETS;
    const JobCounts *counts = &emitter->target->counts;
    uint64_t sum = 0;
    int r = 0;

    for (unsigned i = 0; r >= 0 && i < N_STOP_DURATION_BUCKETS; i++) {
        char bound[24] = "+Inf";

        if (i < N_STOP_DURATION_BUCKETS - 1)
            snprintf(bound, sizeof(bound), "%u.0", bounds_sec[i]);
        sum += counts->stop_durations[i];
        r = emit_count(emitter, METRIC_STOP_DURATION_BUCKET, (Label){"le", bound}, sum);
    }
    if (r >= 0)
        r = emit_seconds(emitter, METRIC_STOP_DURATION_SUM, counts->stop_duration_usec);
    return r < 0 ? r : emit_plain(emitter, METRIC_STOP_DURATION_COUNT, sum);
}

static int emit_target_out(const Emitter *emitter)
{
    return emit_plain(emitter, METRIC_TARGET_OUT,
                      target_meter(emitter->target)->state != TARGET_OK);
}

static int emit_credentials_expiry(const Emitter *emitter)
{
    uint64_t expires_usec = target_credentials(emitter->target)->expires_usec;

    return expires_usec == 0 ? 0 : emit_seconds(emitter, METRIC_CREDENTIALS_EXPIRY, expires_usec);
}

static int emit_queue_messages(const Emitter *emitter)
{
    const LeaseSource *source = &emitter->queue->source;
    int r = 0;

    for (MessageResult result = 0; r >= 0 && result < N_MESSAGE_RESULTS; result++)
        r = emit(emitter, METRIC_QUEUE_MESSAGES, (Label){"queue", source->name},
                 (Label){"result", message_result_name(result)},
                 json_object_new_int64((int64_t)source->counts[result]));
    return r;
}

static int emit_notifications(const Emitter *emitter)
{
    const Destination *destination = emitter->destination;
    int r = 0;

    for (NotificationResult result = 0; r >= 0 && result < N_NOTIFICATION_RESULTS; result++)
        r = emit(emitter, METRIC_NOTIFICATIONS, (Label){"notify", destination_label(destination)},
                 (Label){"result", notification_result_name(result)},
                 json_object_new_int64((int64_t)destination_count(destination, result)));
    return r;
}

static int emit_oldest_job(const Emitter *emitter)
{
    uint64_t requested_usec = registry_oldest_usec(emitter->service->registry);

    return requested_usec == 0 ? 0 : emit_seconds(emitter, METRIC_OLDEST_JOB, requested_usec);
}

static int emit_store_bytes(const Emitter *emitter)
{
    return emit_plain(emitter, METRIC_STORE_BYTES,
                      store_bytes(emitter->service->config->state_directory));
}

static int emit_clients(const Emitter *emitter)
{
    return emit_plain(emitter, METRIC_CLIENTS, emitter->service->n_clients);
}

/* What a family has samples of. */
typedef enum Subject { OF_ALL, OF_TARGETS, OF_QUEUES, OF_DESTINATIONS } Subject;

/* In the order of metrics.def. */
static const struct {
    int (*emit)(const Emitter *emitter);
    Subject subject;
} families[] = {
    {emit_start, OF_ALL},
    {emit_jobs_active, OF_TARGETS},
    {emit_jobs_ended, OF_TARGETS},
    {emit_requests, OF_ALL},
    {emit_calls, OF_TARGETS},
    {emit_stop_duration, OF_TARGETS},
    {emit_target_out, OF_TARGETS},
    {emit_credentials_expiry, OF_TARGETS},
    {emit_queue_messages, OF_QUEUES},
    {emit_notifications, OF_DESTINATIONS},
    {emit_oldest_job, OF_ALL},
    {emit_store_bytes, OF_ALL},
    {emit_clients, OF_ALL},
};

#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

static size_t count_subjects(const Service *service, Subject subject)
{
    switch (subject) {
    case OF_TARGETS:
        return target_set_size(service->targets);
    case OF_QUEUES:
        return service->queues ? queue_set_size(service->queues) : 0;
    case OF_DESTINATIONS:
        return service->outbox ? outbox_size(service->outbox) : 0;
    case OF_ALL:
        break;
    }
    return 1;
}

static const char *name_subject(const Service *service, Subject subject, size_t i)
{
    switch (subject) {
    case OF_TARGETS:
        return target_set_get(service->targets, i)->name;
    case OF_QUEUES:
        return queue_set_get(service->queues, i)->source.name;
    case OF_DESTINATIONS:
        return destination_label(outbox_get(service->outbox, i));
    case OF_ALL:
        break;
    }
    return "";
}

/* After a reload what follows the last one has another place. No sample may come twice, for whoever
 * reads OpenMetrics refuses all of it then; where the last one is gone, the rest of its family is
 * left to the next List. */
static void find_place(const Service *service, size_t n, MetricsCursor *cursor)
{
    Subject subject = families[cursor->family].subject;
    size_t last = cursor->next - 1;

    if (cursor->next == 0 ||
        (last < n && strcmp(name_subject(service, subject, last), cursor->last) == 0))
        return;
    for (last = 0; last < n; last++)
        if (strcmp(name_subject(service, subject, last), cursor->last) == 0)
            break;
    cursor->next = last < n ? last + 1 : n;
}

static int emit_subject(Emitter *emitter, MetricsCursor *cursor)
{
    Subject subject = families[cursor->family].subject;

    snprintf(cursor->last, sizeof(cursor->last), "%s",
             name_subject(emitter->service, subject, cursor->next));

    if (subject == OF_TARGETS)
        emitter->target = target_set_get(emitter->service->targets, cursor->next);
    else if (subject == OF_QUEUES)
        emitter->queue = queue_set_get(emitter->service->queues, cursor->next);
    else if (subject == OF_DESTINATIONS)
        emitter->destination = outbox_get(emitter->service->outbox, cursor->next);
    return families[cursor->family].emit(emitter);
}

int metrics_step(const Service *service, MetricsCursor *cursor, MetricsTake take, void *userdata)
{
    size_t n = count_subjects(service, families[cursor->family].subject);
    Emitter emitter = {.service = service, .take = take, .userdata = userdata};
    int r = 0;

    find_place(service, n, cursor);
    if (cursor->next < n && (r = emit_subject(&emitter, cursor)) < 0)
        return r;
    if (++cursor->next >= n)
        *cursor = (MetricsCursor){.family = cursor->family + 1};
    return cursor->family < N_FAMILIES;
}
