/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/HACKING.md says of every _free: it takes NULL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/aws/credentials.h"
#include "daemon/aws/quotas.h"
#include "daemon/base/aside.h"
#include "daemon/base/child.h"
#include "daemon/base/hangup.h"
#include "daemon/base/loop.h"
#include "daemon/base/outlet.h"
#include "daemon/base/text-set.h"
#include "daemon/base/timer.h"
#include "daemon/config/config.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/credentials/profile.h"
#include "daemon/credentials/settings.h"
#include "daemon/credentials/source.h"
#include "daemon/http/client.h"
#include "daemon/http/transfer.h"
#include "daemon/http/trust.h"
#include "daemon/jobs/destination.h"
#include "daemon/jobs/guard.h"
#include "daemon/jobs/inspection.h"
#include "daemon/jobs/job-text.h"
#include "daemon/jobs/job.h"
#include "daemon/jobs/outbox.h"
#include "daemon/jobs/query.h"
#include "daemon/jobs/registry.h"
#include "daemon/jobs/restart.h"
#include "daemon/jobs/settler.h"
#include "daemon/jobs/survey.h"
#include "daemon/jobs/target-set.h"
#include "daemon/jobs/target-test.h"
#include "daemon/jobs/target.h"
#include "daemon/queue/lease-book.h"
#include "daemon/queue/lease.h"
#include "daemon/queue/queue-set.h"
#include "daemon/queue/queue.h"
#include "daemon/server/call.h"
#include "daemon/server/input.h"
#include "daemon/server/listener.h"
#include "daemon/server/operators.h"
#include "daemon/server/output.h"
#include "daemon/server/rota.h"
#include "daemon/server/session.h"

static void test_of_nothing(void **state)
{
    (void)state;
    secret_free(NULL);
    quotas_free(NULL);
    aside_free(NULL);
    child_free(NULL);
    hangup_free(NULL);
    loop_free(NULL);
    outlet_free(NULL);
    text_set_free(NULL);
    timers_free(NULL);
    config_free(NULL);
    aws_profile_share_free(NULL);
    aws_profiles_free(NULL);
    aws_settings_unref(NULL);
    aws_source_free(NULL);
    http_client_free(NULL);
    http_transfer_free(NULL);
    trust_free(NULL);
    destination_free(NULL);
    guards_free(NULL);
    inspection_free(NULL);
    job_text_free(NULL);
    job_texts_free(NULL);
    job_free(NULL);
    outbox_free(NULL);
    outbox_plan_free(NULL);
    query_free(NULL);
    registry_free(NULL);
    restart_free(NULL);
    settler_free(NULL);
    survey_free(NULL);
    target_set_free(NULL);
    target_test_free(NULL);
    target_free(NULL);
    lease_book_free(NULL);
    lease_free(NULL);
    queue_plan_free(NULL);
    queue_set_free(NULL);
    queue_free(NULL);
    call_free(NULL);
    input_free(NULL);
    listener_free(NULL);
    operators_free(NULL);
    output_free(NULL);
    rota_free(NULL);
    session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_nothing),
    };

    return cmocka_run_group_tests_name("free", tests, NULL, NULL);
}
