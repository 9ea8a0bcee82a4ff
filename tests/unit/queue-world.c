/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/queue-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/json.h"
#include "daemon/base/journal.h"
#include "daemon/jobs/store-message.h"

#define MOMENT_USEC 100U /* what takes some turns, and no time, is done then */

/* ---- the wire ---- */

static QueueWorld *world_of(HttpClient *http)
{
    return (QueueWorld *)((char *)http - offsetof(QueueWorld, http));
}

static int wire_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                      void *userdata, HttpTransfer **ret)
{
    QueueWorld *world = world_of(http);
    WireRequest *free_place = NULL;
    const char *dot;

    for (size_t i = 0; !free_place && i < WORLD_REQUESTS_MAX; i++)
        if (!world->requests[i].callback)
            free_place = &world->requests[i];
    assert_non_null(free_place);
    *free_place = (WireRequest){.callback = callback, .userdata = userdata};
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, "x-amz-target") == 0) {
            dot = strrchr(request->headers[i].value, '.');
            snprintf(free_place->operation, sizeof(free_place->operation), "%s", dot + 1);
        }
    assert_true(request->body_size < sizeof(free_place->body));
    memcpy(free_place->body, request->body, request->body_size);
    *ret = (HttpTransfer *)free_place;
    return 0;
}

static void wire_cancel(HttpClient *http, HttpTransfer *transfer)
{
    WireRequest *request = (WireRequest *)transfer;

    (void)http;
    assert_non_null(request->callback);
    request->callback = NULL;
}

static const WireRequest *find(const QueueWorld *world, const char *operation, const char *text)
{
    for (size_t i = 0; i < WORLD_REQUESTS_MAX; i++) {
        const WireRequest *request = &world->requests[i];

        if (request->callback && request->sent && strcmp(request->operation, operation) == 0 &&
            (!text || strstr(request->body, text)))
            return request;
    }
    return NULL;
}

unsigned queue_world_count(const QueueWorld *world, const char *operation, const char *text)
{
    unsigned n = 0;

    for (size_t i = 0; i < WORLD_REQUESTS_MAX; i++) {
        const WireRequest *request = &world->requests[i];

        n += request->callback && request->sent && strcmp(request->operation, operation) == 0 &&
             (!text || strstr(request->body, text));
    }
    return n;
}

void queue_world_answer(QueueWorld *world, const char *operation, const char *text, unsigned status,
                        const char *body)
{
    WireRequest *request = (WireRequest *)find(world, operation, text);
    HttpCallback callback;
    HttpResponse response = {.status = status, .body = body, .body_size = strlen(body)};

    if (!request)
        fail_msg("no %s (%s) is on the wire", operation, text ? text : "any");
    callback = request->callback;
    request->callback = NULL;
    if (status == 0)
        response = (HttpResponse){.failure = HTTP_CONNECT_FAILED, .message = "it is unreachable"};
    callback(&response, request->userdata);
    queue_world_turn(world);
}

void queue_world_deliver(QueueWorld *world, const char *id, const char *receipt, unsigned receives,
                         const char *body)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    CLEANUP(json_object_putp) json_object *text = json_object_new_string(body ? body : "");
    char message[2048];

    assert_non_null(answer);
    if (!id) {
        queue_world_answer(world, "ReceiveMessage", NULL, 200, "{}");
        return;
    }
    snprintf(message, sizeof(message),
             "{\"Messages\":[{\"MessageId\":\"%s\",\"ReceiptHandle\":\"%s\",\"Body\":%s,"
             "\"Attributes\":{\"SenderId\":\"AIDASENDER\",\"ApproximateReceiveCount\":\"%u\"}}]}",
             id, receipt, json_object_to_json_string_ext(text, JSON_C_TO_STRING_PLAIN), receives);
    queue_world_answer(world, "ReceiveMessage", NULL, 200, message);
}

unsigned queue_world_number(const QueueWorld *world, const char *operation, const char *member)
{
    const WireRequest *request = find(world, operation, NULL);
    char key[64];
    const char *at;

    assert_non_null(request);
    snprintf(key, sizeof(key), "\"%s\":", member);
    at = strstr(request->body, key);
    assert_non_null(at);
    return (unsigned)strtoul(at + strlen(key), NULL, 10);
}

/* ---- turns ---- */

void queue_world_turn(QueueWorld *world)
{
    bool changed;
    int r;

    lease_book_end_due(world->context.book); /* as the HTTP client does before it writes */
    for (size_t i = 0; i < WORLD_REQUESTS_MAX; i++) {
        WireRequest *request = &world->requests[i];

        world->n_sent += request->callback && !request->sent &&
                         strcmp(request->operation, "ReceiveMessage") != 0;
        request->sent = request->callback != NULL;
    }
    timers_run(world->timers);
    r = registry_commit(world->registry, &changed);
    assert_true(r == 0 || world->fails);
}

void queue_world_advance(QueueWorld *world, uint64_t usec)
{
    VirtualClock *clock = &world->fixture->virtual;
    uint64_t until_usec = clock->boottime_usec + usec + MOMENT_USEC;

    for (;;) {
        uint64_t next_usec = timers_next_usec(world->timers);

        if (next_usec > until_usec)
            break;
        if (next_usec > clock->boottime_usec) {
            clock->realtime_usec += next_usec - clock->boottime_usec;
            clock->boottime_usec = next_usec;
        }
        queue_world_turn(world);
    }
    queue_world_pause(world, until_usec - clock->boottime_usec);
    queue_world_turn(world);
}

void queue_world_pause(QueueWorld *world, uint64_t usec)
{
    world->fixture->virtual.boottime_usec += usec;
    world->fixture->virtual.realtime_usec += usec;
}

/* ---- what is on disk ---- */

typedef struct Search {
    const char *import_id;
    JobRecord record;
} Search;

static int take_record(JobRecord *record, void *userdata)
{
    Search *search = userdata;

    job_record_clear(&search->record);
    search->record = *record;
    return 0;
}

JobRecord queue_world_job(const QueueWorld *world, const char *import_id)
{
    Search search = {.import_id = import_id};
    StoreFilter filter = {.import_id = import_id};
    StorePage page = {.limit = 1, .max_rows = 1000, .before = UINT64_MAX};

    assert_int_equal(store_each(world->fixture->store, &filter, &page, take_record, &search), 0);
    assert_non_null(search.record.import_id);
    return search.record;
}

static int count_row(StoredMessage *message, void *userdata)
{
    unsigned *n = userdata;

    stored_message_clear(message);
    ++*n;
    return 0;
}

unsigned queue_world_rows(const QueueWorld *world)
{
    unsigned n = 0;

    assert_int_equal(store_each_message(world->fixture->store, count_row, &n), 0);
    return n;
}

/* ---- set-up ---- */

static Target *find_target(const char *name, void *userdata)
{
    QueueWorld *world = userdata;

    return strcmp(name, world->target.name) == 0 ? &world->target : NULL;
}

static AwsClient *connect_to(QueueWorld *world, const char *service, const char *endpoint)
{
    AwsClientConfig config = {
        .timers = world->timers,
        .random = &world->random,
        .http = &world->http,
        .target = "default",
        .endpoint = endpoint,
        .region = "eu-west-1",
        .service = service,
        .connect_timeout_usec = 3 * USEC_PER_SEC,
        .timeout_usec = 30 * USEC_PER_SEC,
        .max_attempts = 1,
    };
    AwsClient *client;

    assert_int_equal(aws_meter_new(&world->meters, &config.meter), 0);
    assert_int_equal(aws_client_new(&config, &client), 0);
    aws_meter_unref(config.meter);
    return client;
}

static LeaseSource *find_source(const char *name, void *userdata)
{
    QueueWorld *world = userdata;

    return strcmp(name, world->queue->source.name) == 0 ? &world->queue->source : NULL;
}

static void on_room(void *userdata)
{
    queue_wake(((QueueWorld *)userdata)->queue);
}

static void start_jobs(QueueWorld *world)
{
    JobContext jobs = {.timers = world->timers, .random = &world->random};
    PollingRules polling = {USEC_PER_SEC, 30 * USEC_PER_SEC, 1.5};

    assert_int_equal(outage_new(world->timers, &world->random, AWS_OWNER_TARGET, "default",
                                &world->target.outage),
                     0);
    world->target.clients[SERVICE_CLOUDTRAIL] =
        connect_to(world, "cloudtrail", "https://cloudtrail.eu-west-1.amazonaws.com");
    assert_int_equal(registry_new(&jobs, world->fixture->store, &world->registry), 0);
    registry_configure(world->registry, &polling, 1000);
    assert_int_equal(registry_load(world->registry, find_target, world), 0);
}

static void start_queue(QueueWorld *world)
{
    const LeaseBookContext book = {
        .timers = world->timers,
        .clock = &world->fixture->clock,
        .registry = world->registry,
        .store = world->fixture->store,
        .room = on_room,
        .userdata = world,
    };

    world->context = (QueueContext){
        .timers = world->timers,
        .random = &world->random,
        .registry = world->registry,
        .find_target = find_target,
        .userdata = world,
        .max_jobs = 1000,
        .timeout_usec = 24 * USEC_PER_HOUR,
    };
    assert_int_equal(lease_book_new(&book, &world->context.book), 0);
    world->sqs = connect_to(world, SQS_SERVICE, "https://sqs.eu-west-1.amazonaws.com");
    assert_int_equal(queue_new(&world->context, &world->config, world->sqs, &world->queue), 0);
    assert_int_equal(lease_book_load(world->context.book, find_source, world), 0);
    queue_wake(world->queue);
}

void queue_world_start(QueueWorld *world)
{
    open_store(world->fixture);
    assert_int_equal(timers_new(&world->fixture->clock, &world->timers), 0);
    world->meters = (AwsMeters){.timers = world->timers};
    start_jobs(world);
    start_queue(world);
    world->closed = false;
}

void queue_world_stop(QueueWorld *world)
{
    lease_book_free(world->context.book);
    queue_free(world->queue);
    registry_free(world->registry);
    aws_client_unref(world->sqs);
    aws_client_unref(world->target.clients[SERVICE_CLOUDTRAIL]);
    outage_unref(world->target.outage);
    timers_free(world->timers);
    close_store(world->fixture);
    for (size_t i = 0; i < WORLD_REQUESTS_MAX; i++)
        assert_null(world->requests[i].callback); /* all were given up */
    world->closed = true;
}

int queue_world_setup(void **state)
{
    static char name[] = "stops", url[] = QUEUE_URL, all[] = CONFIG_ALL_TARGETS,
                target[] = "default";
    static char *targets[] = {all, NULL};
    QueueWorld *world = calloc(1, sizeof(*world));
    void *fixture;

    assert_non_null(world);
    journal_open(JOURNAL_TEXT, LOG_EMERG);
    assert_int_equal(set_up_store(&fixture), 0);
    world->fixture = fixture;
    world->fixture->virtual.random = 0.5;
    close_store(world->fixture);
    world->random = virtual_random(&world->fixture->virtual);
    world->http = (HttpClient){.start = wire_start, .cancel = wire_cancel};
    world->target.name = target;
    world->config = (QueueConfig){
        .account = {.section = {.name = name}},
        .url = url,
        .targets = targets,
        .visibility_usec = VISIBILITY_SEC * USEC_PER_SEC,
        .wait_usec = WAIT_SEC * USEC_PER_SEC,
        .max_jobs = 1000,
    };
    queue_world_start(world);
    *state = world;
    return 0;
}

int queue_world_teardown(void **state)
{
    QueueWorld *world = *state;
    void *fixture = world->fixture;

    if (!world->closed)
        queue_world_stop(world);
    assert_int_equal(tear_down_store(&fixture), 0);
    free(world);
    return 0;
}

bool queue_world_calls(const QueueWorld *world, const char *operation)
{
    return queue_world_count(world, operation, NULL) > 0;
}

uint64_t queue_world_messages(const QueueWorld *world, MessageResult result)
{
    return world->queue->source.counts[result];
}

JobState queue_world_job_state(const QueueWorld *world, const char *import_id)
{
    JobRecord record = queue_world_job(world, import_id);
    JobState state = record.state;

    job_record_clear(&record);
    return state;
}

void queue_world_begin_polling(QueueWorld *world)
{
    queue_world_advance(world, 0);
    queue_world_deliver(world, NULL, NULL, 0, NULL); /* a message is not hidden for as long as that
                                                        receive may be on the wire */
    queue_world_advance(world, USEC_PER_SEC);
    queue_world_deliver(world, "m1", "r1", 1, ASKS(IMPORT_A));
    queue_world_advance(world, 0);
    queue_world_answer(world, "StopImport", IMPORT_A, 200, IS(IMPORT_A, "IN_PROGRESS"));
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_POLLING);
}

void queue_world_poll_for(QueueWorld *world, uint64_t usec)
{
    uint64_t until_usec = world->fixture->virtual.boottime_usec + usec, left_usec;

    while (world->fixture->virtual.boottime_usec < until_usec) {
        if (queue_world_calls(world, "GetImport"))
            queue_world_answer(world, "GetImport", NULL, 200, IS(IMPORT_A, "IN_PROGRESS"));
        left_usec = time_since(world->fixture->virtual.boottime_usec, until_usec);
        queue_world_advance(world, left_usec < USEC_PER_SEC ? left_usec : USEC_PER_SEC);
    }
}

void queue_world_assert_quiet(QueueWorld *world)
{
    queue_world_advance(world, 0);
    assert_false(queue_world_calls(world, "StopImport"));
    assert_false(queue_world_calls(world, "GetImport"));
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
    assert_false(queue_world_calls(world, "DeleteMessage"));
    queue_world_advance(world, 10 * LEASE_USEC);
    assert_false(queue_world_calls(world, "StopImport"));
    assert_false(queue_world_calls(world, "GetImport"));
    assert_false(queue_world_calls(world, "ChangeMessageVisibility"));
    assert_false(queue_world_calls(world, "DeleteMessage"));
}

void queue_world_assert_released(QueueWorld *world)
{
    assert_int_equal(queue_world_job_state(world, IMPORT_A), JOB_RELEASED);
    assert_int_equal(queue_world_rows(world), 0);
    assert_int_equal(registry_count_jobs(world->registry), 0);
    assert_int_equal(world->queue->source.n_leases, 0);
    assert_true(queue_world_messages(world, MESSAGE_RELEASED) > 0);
    queue_world_assert_quiet(world);
}
