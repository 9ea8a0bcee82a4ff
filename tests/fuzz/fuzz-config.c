/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopd.conf with the AWS shared files behind it: everything that `trailstopd --check` does.
 *
 * Holds: a configuration that was taken keeps to the ranges of trailstopd.conf(5) and is shown as a
 * document; what is wrong is one line of UTF-8. */
#include <string.h>
#include <sys/mman.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/config/config.h"
#include "tests/fuzz/fuzz.h"

#define SHOWN_DEPTH_MAX 6U

/* Writes a file that has no place in any directory, and its name to path. */
static int write_file(const char *text, char **ret_path)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t size = strlen(text);

    REQUIRE(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    REQUIRE(string_format(ret_path, "/proc/self/fd/%d", fd) == 0);
    return fd;
}

static void require_line(const char *error)
{
    REQUIRE(error && *error && !strchr(error, '\n'));
    fuzz_require_text(error);
}

static void require_ranges(const Config *config)
{
    REQUIRE(config->n_targets > 0);
    REQUIRE(config->polling_first_usec <= config->polling_longest_usec);
    REQUIRE(config->polling_growth >= 1 && config->polling_growth <= 10);
    REQUIRE(config->max_message >= 4096 && config->max_message <= 16 * 1024 * 1024);
    REQUIRE(config->max_attempts >= 1 && config->max_attempts <= 10);
    REQUIRE(config->max_connections >= 1 && config->max_connections <= 1024);
    REQUIRE(config->call_timeout_usec >= 100 * USEC_PER_MSEC);
    REQUIRE(config->socket[0] == '/' && config->state_directory[0] == '/');
    for (size_t i = 0; i < config->n_targets; i++) {
        REQUIRE(config->targets[i]->stop_rate >= 0.01 && config->targets[i]->stop_rate <= 1000);
        REQUIRE(config->targets[i]->read_rate >= 0.01 && config->targets[i]->read_rate <= 1000);
    }
}

/* A whole number of seconds from minimum to maximum. */
static bool is_seconds(uint64_t usec, uint64_t minimum_sec, uint64_t maximum_sec)
{
    return usec % USEC_PER_SEC == 0 && usec >= minimum_sec * USEC_PER_SEC &&
           usec <= maximum_sec * USEC_PER_SEC;
}

static void require_sections(const Config *config)
{
    for (size_t i = 0; i < config->n_queues; i++) {
        const QueueConfig *queue = config->queues[i];

        REQUIRE(queue->url && queue->endpoint && queue->account.settings->region);
        REQUIRE(is_seconds(queue->visibility_usec, 30, 43200));
        REQUIRE(is_seconds(queue->wait_usec, 0, 20));
        REQUIRE(queue->max_jobs > 0 && queue->targets[0]);
        REQUIRE(!queue->outcome_url == !queue->outcome_endpoint);
        REQUIRE(!queue->outcome_url == !queue->outcome_region);
    }
    for (size_t i = 0; i < config->n_notifies; i++) {
        const NotifyConfig *notify = config->notifies[i];

        REQUIRE(!notify->event_bus != !notify->queue_url);
        REQUIRE(notify->endpoint && notify->account.settings->region);
    }
}

static void ignore(const char *warning)
{
    require_line(warning);
}

static void load(const char *path)
{
    CLEANUP(config_freep) Config *config = NULL;
    CLEANUP(json_object_putp) json_object *shown = NULL;
    CLEANUP(freep) char *error = NULL;

    if (config_load(path, NULL, ignore, &config, &error) < 0) {
        require_line(error);
        return;
    }
    require_ranges(config);
    require_sections(config);
    shown = config_to_json(config, true);
    REQUIRE(shown);
    fuzz_require_document(shown, SHOWN_DEPTH_MAX);
    free(TAKE(error));
    if (config_check_accounts(config, &error) < 0)
        require_line(error);
}

/* trailstopd.conf, then the config file and the credentials file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const variables[] = {NULL, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"};
    char *paths[3];
    int fds[3];

    for (size_t i = 0; i < 3; i++) {
        CLEANUP(freep) char *text = fuzz_take_part(&data, &size, NULL);

        fds[i] = write_file(text, &paths[i]);
        if (variables[i])
            REQUIRE(setenv(variables[i], paths[i], 1) == 0);
    }
    load(paths[0]);
    for (size_t i = 0; i < 3; i++) {
        close(fds[i]);
        free(paths[i]);
    }
    return 0;
}
