/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/outcome.h: whatever a job holds, its outcome is one that SQS and EventBridge take. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/jobs/outcome.h"

#define IMPORT_ID "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"

static JobRecord stopped_job(void)
{
    static char import_id[] = IMPORT_ID, target[] = "default", reason[] = "wrong bucket",
                import[] = "{\"ImportId\":\"" IMPORT_ID "\",\"ImportStatus\":\"STOPPED\"}";

    return (JobRecord){
        .number = 1,
        .id = "0123456789abcdef0123456789abcdef",
        .import_id = import_id,
        .target = target,
        .reason = reason,
        .state = JOB_STOPPED,
        .requested_usec = 1795348800 * USEC_PER_SEC,
        .finished_usec = 1795348805 * USEC_PER_SEC,
        .import = import,
    };
}

static json_object *read_job(const char *detail, json_object **ret_document)
{
    json_object *job;

    assert_int_equal(json_read(detail, strlen(detail), 16, ret_document), 0);
    assert_int_equal(json_get_object(*ret_document, "job", &job), 1);
    return job;
}

static void assert_has(json_object *job, const char *member, bool expected)
{
    assert_int_equal(json_object_object_get_ex(job, member, NULL), expected);
}

static void test_tells_how_the_job_ended(void **state)
{
    CLEANUP(freep) char *detail = NULL, *message = NULL;
    CLEANUP(json_object_putp) json_object *document = NULL;
    json_object *inside, *job;
    JobRecord record = stopped_job();
    const char *text;

    (void)state;
    assert_int_equal(outcome_make_detail(&record, &detail), 0);
    assert_int_equal(outcome_make_message(detail, &message), 0);
    assert_int_equal(json_read(message, strlen(message), 16, &document), 0);
    assert_int_equal(json_object_object_length(document), 3);
    assert_int_equal(json_get_string(document, "source", &text), 1);
    assert_string_equal(text, "io.trailstop");
    assert_int_equal(json_get_string(document, "detail-type", &text), 1);
    assert_string_equal(text, "Import stop ended");
    assert_int_equal(json_get_object(document, "detail", &inside), 1);
    assert_int_equal(json_get_object(inside, "job", &job), 1);
    assert_int_equal(json_get_string(job, "id", &text), 1);
    assert_string_equal(text, record.id);
    assert_int_equal(json_get_string(job, "state", &text), 1);
    assert_string_equal(text, "stopped");
    assert_has(job, "import", true);
    assert_has(job, "nextCallAt", false);
}

/* A text of that many bytes, which the caller frees. */
static char *long_text(const char *before, size_t size, const char *after)
{
    char *text = malloc(strlen(before) + size + strlen(after) + 1);

    assert_non_null(text);
    strcpy(text, before);
    memset(text + strlen(before), 'x', size);
    strcpy(text + strlen(before) + size, after);
    return text;
}

static void test_what_is_too_large_leaves_out_the_least_first(void **state)
{
    static char code[] = "AccessDenied";
    CLEANUP(freep) char *large = long_text("", OUTCOME_DETAIL_MAX, "");
    CLEANUP(freep) char *import = long_text("{\"ImportId\":\"", OUTCOME_DETAIL_MAX, "\"}");
    const struct {
        bool import, reason, error; /* which are large */
    } samples[] = {{true, false, false},
                   {true, true, false},
                   {false, true, false},
                   {true, true, true},
                   {false, false, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *document = NULL;
        CLEANUP(freep) char *detail = NULL;
        JobRecord record = stopped_job();
        json_object *job;

        record.last_error = (CallError){.code = code, .message = code};
        if (samples[i].import)
            record.import = import;
        if (samples[i].reason)
            record.reason = large;
        if (samples[i].error)
            record.last_error.message = large;
        assert_int_equal(outcome_make_detail(&record, &detail), 0);
        assert_in_range(strlen(detail), 1, OUTCOME_DETAIL_MAX);
        job = read_job(detail, &document);
        assert_has(job, "import", false);
        assert_has(job, "reason", !samples[i].reason && !samples[i].error);
        assert_has(job, "lastError", !samples[i].error);
        assert_has(job, "state", true);
    }
}

static void test_a_damaged_observation_does_not_hold_up_the_end(void **state)
{
    static char damaged[] = "{\"ImportId\":";
    CLEANUP(json_object_putp) json_object *document = NULL;
    CLEANUP(freep) char *detail = NULL;
    JobRecord record = stopped_job();
    json_object *job;

    (void)state;
    record.import = damaged;
    assert_int_equal(outcome_make_detail(&record, &detail), 0);
    job = read_job(detail, &document);
    assert_has(job, "import", false);
    assert_has(job, "reason", true);
}

static void test_characters_that_sqs_refuses_are_escaped(void **state)
{
    static char reason[] = "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd \xef\xbf\xbfx\x7f\x01",
                import[] = "{\"ImportId\":\"\xef\xbf\xbe\"}";
    CLEANUP(json_object_putp) json_object *document = NULL;
    CLEANUP(freep) char *detail = NULL;
    JobRecord record = stopped_job();
    const char *text;

    (void)state;
    record.reason = reason;
    record.import = import;
    assert_int_equal(outcome_make_detail(&record, &detail), 0);
    assert_null(strstr(detail, "\xef\xbf\xbe"));
    assert_null(strstr(detail, "\xef\xbf\xbf"));
    assert_non_null(strstr(detail, "\\ufffe\\uffff\xef\xbf\xbd \\uffffx\x7f\\u0001"));
    assert_int_equal(json_get_string(read_job(detail, &document), "reason", &text), 1);
    assert_string_equal(text, reason);
}

static void test_a_message_group_is_the_import_as_far_as_it_may_be(void **state)
{
    char group[OUTCOME_GROUP_SIZE], long_id[257] = {0};
    CLEANUP(freep) char *detail = NULL;
    JobRecord record = stopped_job();

    (void)state;
    assert_int_equal(outcome_make_detail(&record, &detail), 0);
    assert_int_equal(outcome_read_group(detail, group), 0);
    assert_string_equal(group, IMPORT_ID);

    free(TAKE(detail));
    memset(long_id, 'a', 256);
    record.import_id = long_id;
    record.service = SERVICE_LOGS;
    assert_int_equal(outcome_make_detail(&record, &detail), 0);
    assert_int_equal(outcome_read_group(detail, group), 0);
    assert_int_equal(strlen(group), 128);
    assert_memory_equal(group, long_id, 128);
    assert_int_equal(outcome_read_group("{\"job\":{}}", group), -EBADMSG);
    assert_int_equal(outcome_read_group("{", group), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_how_the_job_ended),
        cmocka_unit_test(test_what_is_too_large_leaves_out_the_least_first),
        cmocka_unit_test(test_a_damaged_observation_does_not_hold_up_the_end),
        cmocka_unit_test(test_characters_that_sqs_refuses_are_escaped),
        cmocka_unit_test(test_a_message_group_is_the_import_as_far_as_it_may_be),
    };

    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
