/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/job-journal.h: who asked for a job, and every field of its events. */
#include <string.h>

#include "common/time.h"
#include "daemon/jobs/job-journal.h"
#include "tests/unit/journal-capture.h"

#define REQUESTED_USEC (UINT64_C(1795348800) * USEC_PER_SEC)

static const Requester canceller = {4, 5, 6};
static char queue[] = "requests", message_id[] = "m-1", sender[] = "AIDAEXAMPLE:ci",
            guard[] = "run";
static const JobMessage message = {queue, message_id, sender, 2};

/* A job of which everything is known that can be. Its strings are not owned. */
static JobRecord full_job(JobState state)
{
    static char import_id[] = "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", target[] = "default",
                reason[] = "wrong bucket", code[] = "AccessDenied", text[] = "no", id[] = "r-1",
                import[] = "{\"ImportStatus\":\"IN_PROGRESS\",\"ImportStatistics\":{"
                           "\"PrefixesFound\":5,\"PrefixesCompleted\":4,\"FilesCompleted\":3,"
                           "\"EventsCompleted\":2,\"FailedEntries\":1}}";

    return (JobRecord){
        .number = 1,
        .id = "job1",
        .import_id = import_id,
        .target = target,
        .reason = reason,
        .message = message,
        .requester = {1, 2, 3},
        .state = state,
        .requested_usec = REQUESTED_USEC,
        .finished_usec = REQUESTED_USEC + 2 * USEC_PER_SEC,
        .last_error = {code, text, 403, id},
        .import = import,
    };
}

static void assert_message(json_object *object)
{
    assert_field(object, "TRAILSTOP_QUEUE", "requests");
    assert_field(object, "TRAILSTOP_MESSAGE_ID", "m-1");
    assert_field(object, "TRAILSTOP_SENDER_ID", "AIDAEXAMPLE:ci");
}

/* However many there are. */
static void test_the_end_of_a_job_has_all_its_fields(void **state)
{
    (void)state;
    for (JobState end = N_ACTIVE_JOB_STATES; end < N_JOB_STATES; end++) {
        CLEANUP(json_object_putp) json_object *object = NULL;
        const JobRecord record = full_job(end);
        Capture capture;

        capture_begin(&capture, JOURNAL_JSON);
        job_journal_end(&record, &canceller);
        object = capture_end_json(&capture);
        assert_message(object);
        assert_field(object, "TRAILSTOP_STATE", job_state_name(end));
        assert_field(object, "TRAILSTOP_IMPORT_STATUS", "IN_PROGRESS");
        assert_field(object, "TRAILSTOP_REASON", "wrong bucket");
        assert_field(object, "TRAILSTOP_FAILED_ENTRIES", "1");
        assert_field(object, "TRAILSTOP_ELAPSED_USEC", "2000000");
        assert_field(object, "TRAILSTOP_HTTP_STATUS", "403");
        if (end == JOB_CANCELLED)
            assert_field(object, "TRAILSTOP_CANCELLER_PID", "6");
        assert_non_null(json_object_object_get(object, "MESSAGE"));
        assert_non_null(json_object_object_get(object, "MESSAGE_ID"));
        assert_field(object, "SYSLOG_IDENTIFIER", "trailstopd");
        assert_non_null(json_object_object_get(object, "TRAILSTOP_EVENT"));
    }
}

static void test_a_released_job_says_where_its_request_is_and_who_asked(void **state)
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    JobRecord record = full_job(JOB_RELEASED);
    Capture capture;

    (void)state;
    record.last_error = (CallError){0};
    record.import = NULL;
    capture_begin(&capture, JOURNAL_JSON);
    job_journal_end(&record, &canceller);
    object = capture_end_json(&capture);
    assert_field(object, "TRAILSTOP_EVENT", "job-released");
    assert_field(object, "MESSAGE",
                 "Import ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29 of target default is left to another "
                 "host, after 2s (asked for by queue requests: wrong bucket)");
}

/* A user, a guard or a queue, whatever made the job. */
static void test_what_joins_a_job_is_named(void **state)
{
    static const struct {
        JobRequest request;
        const char *joined;
    } samples[] = {
        {{.requester = {7, 8, 9}}, "Joined: uid 7 asks to stop"},
        {{.guard = guard}, "Joined: guard run asks to stop"},
        {{.message = &message}, "Joined: queue requests asks to stop"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *object = NULL;
        JobRecord record = full_job(JOB_POLLING);
        const char *text;
        Capture capture;

        record.message = (JobMessage){0};
        capture_begin(&capture, JOURNAL_JSON);
        job_journal_joined(&record, &samples[i].request);
        object = capture_end_json(&capture);
        text = json_object_get_string(json_object_object_get(object, "MESSAGE"));
        assert_true(strncmp(text, samples[i].joined, strlen(samples[i].joined)) == 0);
        if (samples[i].request.message)
            assert_message(object);
        else
            assert_null(json_object_object_get(object, "TRAILSTOP_QUEUE"));
    }
}

/* Of two messages, that which joins: the other one's is on the job's own events. */
static void test_a_message_that_joins_the_job_of_another_is_the_one_that_is_logged(void **state)
{
    static char other[] = "others";
    static const JobMessage joining = {.queue = other, .id = message_id, .receives = 1};
    static const JobRequest request = {.message = &joining};
    CLEANUP(json_object_putp) json_object *object = NULL;
    const JobRecord record = full_job(JOB_POLLING);
    Capture capture;

    (void)state;
    capture_begin(&capture, JOURNAL_JSON);
    job_journal_joined(&record, &request);
    object = capture_end_json(&capture);
    assert_field(object, "TRAILSTOP_QUEUE", "others");
    assert_null(json_object_object_get(object, "TRAILSTOP_SENDER_ID"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_end_of_a_job_has_all_its_fields),
        cmocka_unit_test(test_a_released_job_says_where_its_request_is_and_who_asked),
        cmocka_unit_test(test_what_joins_a_job_is_named),
        cmocka_unit_test(test_a_message_that_joins_the_job_of_another_is_the_one_that_is_logged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
