/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/aws-connection.h: from a section of the configuration to a call that reaches AWS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/events.h"
#include "daemon/aws/sqs.h"
#include "daemon/base/journal.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/jobs/aws-connection.h"
#include "tests/unit/config-world.h"
#include "tests/unit/journal-capture.h"
#include "tests/unit/virtual-clock.h"

#define STOPS "https://sqs.us-east-1.amazonaws.com/1/stops"

typedef struct Fixture {
    HttpClient http; /* the first member */
    VirtualClock time;
    Clock clock;
    Random random;
    Timers *timers;
    Config *config;
    AwsProfileShare *profiles;
    AwsMeters meters;
    AwsContext context;

    HttpCallback callback; /* of the request that waits for its answer; NULL: none */
    void *userdata;
    char url[128], authorization[512];
    bool done;
    AwsOutcome outcome;
} Fixture;

static int on_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                    void *userdata, HttpTransfer **ret)
{
    Fixture *fixture = (Fixture *)http;

    snprintf(fixture->url, sizeof(fixture->url), "%s", request->url);
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcmp(request->headers[i].name, "Authorization") == 0)
            snprintf(fixture->authorization, sizeof(fixture->authorization), "%s",
                     request->headers[i].value);
    fixture->callback = callback;
    fixture->userdata = userdata;
    *ret = (HttpTransfer *)http;
    return 0;
}

static void on_cancel(HttpClient *http, HttpTransfer *transfer)
{
    assert_ptr_equal(http, transfer);
    ((Fixture *)http)->callback = NULL;
}

static void on_done(const AwsResult *result, void *userdata)
{
    Fixture *fixture = userdata;

    fixture->done = true;
    fixture->outcome = result->outcome;
}

static const AwsCallHooks hooks = {.done = on_done};

static void set_up(Fixture *fixture, const char *text)
{
    *fixture = (Fixture){
        .http = {on_start, on_cancel},
        .time = {.boottime_usec = 1000 * USEC_PER_SEC,
                 .realtime_usec = UINT64_C(1795350225) * USEC_PER_SEC},
    };
    write_file(CONF, text);
    fixture->config = expect_loaded();
    fixture->clock = virtual_clock(&fixture->time);
    fixture->random = virtual_random(&fixture->time);
    assert_int_equal(timers_new(&fixture->clock, &fixture->timers), 0);
    assert_int_equal(
        aws_profile_share_new(fixture->timers, fixture->config->shared_files, &fixture->profiles),
        0);
    fixture->meters.timers = fixture->timers;
    fixture->context = (AwsContext){
        .timers = fixture->timers,
        .random = &fixture->random,
        .http = &fixture->http,
        .meters = &fixture->meters,
        .profiles = fixture->profiles,
    };
}

static void tear_down(Fixture *fixture)
{
    aws_profile_share_free(fixture->profiles);
    timers_free(fixture->timers);
    config_free(fixture->config);
}

static void answer(Fixture *fixture, unsigned status, const char *body)
{
    const HttpResponse response = {.status = status, .body = body, .body_size = strlen(body)};
    HttpCallback callback = fixture->callback;

    while (!callback) {
        assert_true(timers_next_usec(fixture->timers) != TIMER_NEVER);
        fixture->time.boottime_usec = timers_next_usec(fixture->timers);
        timers_run(fixture->timers);
        callback = fixture->callback;
    }
    fixture->callback = NULL;
    callback(&response, fixture->userdata);
}

static void test_a_queue_is_called_where_its_section_leads(void **state)
{
    AwsCall *call;
    AwsClient *client, *outcomes;
    const QueueConfig *queue;
    AwsCaller caller = {.hooks = &hooks};
    Fixture fixture;

    (void)state;
    set_up(&fixture, "[queue q]\nurl = " STOPS
                     "\noutcome-url = https://sqs.eu-north-1.amazonaws.com/1/outcomes\n");
    caller.userdata = &fixture;
    queue = fixture.config->queues[0];
    assert_int_equal(aws_connection_new(&fixture.context, fixture.config, &queue->account,
                                        SQS_SERVICE, queue->endpoint, NULL, &client),
                     0);
    assert_int_equal(sqs_receive(client, queue->url, 1, 20, 120, &caller, &call), 0);
    answer(&fixture, 200, "{}");
    assert_true(fixture.done);
    assert_int_equal(fixture.outcome, AWS_OK);
    assert_string_equal(fixture.url, "https://sqs.us-east-1.amazonaws.com/");
    assert_non_null(strstr(fixture.authorization, "AKIDEXAMPLE/20261122/us-east-1/sqs/"));

    assert_int_equal(aws_connection_new(&fixture.context, fixture.config, &queue->account,
                                        SQS_SERVICE, queue->outcome_endpoint, queue->outcome_region,
                                        &outcomes),
                     0);
    assert_int_equal(sqs_send(outcomes, queue->outcome_url, "{}", NULL, NULL, &caller, &call), 0);
    answer(&fixture, 200, "{\"MessageId\":\"m\"}");
    assert_int_equal(fixture.outcome, AWS_OK);
    assert_string_equal(fixture.url, "https://sqs.eu-north-1.amazonaws.com/");
    assert_non_null(strstr(fixture.authorization, "/eu-north-1/sqs/"));
    aws_client_unref(outcomes);
    aws_client_unref(client);
    tear_down(&fixture);
}

/* How its calls end is noted of the account alone, and counted among those of its kind. */
static void test_each_connection_has_a_meter_of_its_own(void **state)
{
    AwsClient *bus, *other;
    AwsCaller caller = {.hooks = &hooks};
    Fixture fixture;
    AwsCall *call;

    (void)state;
    set_up(&fixture, "[notify n]\nevent-bus = b\n[notify m]\nevent-bus = b\n");
    caller.userdata = &fixture;
    fixture.config->notifies[0]->account.max_attempts = 1;
    assert_int_equal(aws_connection_new(&fixture.context, fixture.config,
                                        &fixture.config->notifies[0]->account, EVENTS_SERVICE,
                                        fixture.config->notifies[0]->endpoint, NULL, &bus),
                     0);
    assert_int_equal(aws_connection_new(&fixture.context, fixture.config,
                                        &fixture.config->notifies[1]->account, EVENTS_SERVICE,
                                        fixture.config->notifies[1]->endpoint, NULL, &other),
                     0);
    assert_int_equal(events_put(bus, "b", "s", "t", "{}", &caller, &call), 0);
    answer(&fixture, 503, "");
    assert_int_equal(fixture.outcome, AWS_UNAVAILABLE);
    assert_int_equal(aws_client_meter(bus)->state, TARGET_UNREACHABLE);
    assert_int_equal(aws_client_meter(other)->state, TARGET_OK);
    assert_int_equal(fixture.meters.n_in_state[TARGET_UNREACHABLE], 1);
    assert_int_equal(fixture.meters.n_in_state[TARGET_OK], 1);
    aws_client_unref(bus);
    aws_client_unref(other);
    assert_int_equal(fixture.meters.n_in_state[TARGET_OK], 0);
    tear_down(&fixture);
}

static void test_the_journal_names_what_a_connection_belongs_to(void **state)
{
    static const struct {
        const char *text, *field, *obtained;
    } samples[] = {
        {"[target n]\n", "TRAILSTOP_TARGET", "Target n has credentials: environment"},
        {"[queue n]\nurl = " STOPS "\n", "TRAILSTOP_QUEUE", "Queue n has credentials: environment"},
        {"[notify n]\nqueue-url = " STOPS "\n", "TRAILSTOP_NOTIFY",
         "Destination n has credentials: environment"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *entry = NULL;
        AwsCaller caller = {.hooks = &hooks};
        const ConfigAccount *account;
        AwsClient *client;
        AwsCall *call;
        Capture capture;
        Fixture fixture;

        set_up(&fixture, samples[i].text);
        caller.userdata = &fixture;
        account = fixture.config->n_queues > 0     ? &fixture.config->queues[0]->account
                  : fixture.config->n_notifies > 0 ? &fixture.config->notifies[0]->account
                                                   : &fixture.config->targets[0]->account;
        assert_int_equal(aws_connection_new(&fixture.context, fixture.config, account, SQS_SERVICE,
                                            "https://sqs.test", NULL, &client),
                         0);
        capture_begin(&capture, JOURNAL_JSON);
        assert_int_equal(sqs_delete(client, STOPS, "r", &caller, &call), 0);
        answer(&fixture, 200, "");
        entry = capture_end_json(&capture);
        assert_field(entry, "TRAILSTOP_EVENT", "credentials-obtained");
        assert_field(entry, samples[i].field, "n");
        assert_field(entry, "MESSAGE", samples[i].obtained);
        aws_client_unref(client);
        tear_down(&fixture);
    }
    journal_set_level(LOG_EMERG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_a_queue_is_called_where_its_section_leads),
        TEST(test_each_connection_has_a_meter_of_its_own),
        TEST(test_the_journal_names_what_a_connection_belongs_to),
    };

    journal_open(JOURNAL_TEXT, LOG_EMERG);
    return cmocka_run_group_tests_name("aws-connection", tests, NULL, NULL);
}
