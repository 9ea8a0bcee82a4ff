/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "tests/unit/config-world.h"

static char directory[64];

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "CREDENTIALS_DIRECTORY",
    "STATE_DIRECTORY",
};

int enter_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test-config-XXXXXX");
    if (!mkdtemp(directory) || chdir(directory) < 0 || mkdir(CONF ".d", 0700) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    setenv("HOME", directory, 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test", 1);
    return 0;
}

static void remove_all(const char *path)
{
    DIR *stream = opendir(path);
    struct dirent *entry;

    while (stream && (entry = readdir(stream))) {
        char name[512];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (unlink(name) < 0)
            remove_all(name);
    }
    if (stream)
        closedir(stream);
    rmdir(path);
}

int leave_directory(void **state)
{
    (void)state;
    if (chdir("/") < 0)
        return -1;
    remove_all(directory);
    return 0;
}

void write_file(const char *name, const char *text)
{
    CLEANUP(fclosep) FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

char last_warning[512];

void note_warning(const char *warning)
{
    snprintf(last_warning, sizeof(last_warning), "%s", warning);
}

Config *expect_loaded(void)
{
    Config *config = NULL;
    CLEANUP(freep) char *error = NULL;

    if (config_load(CONF, NULL, note_warning, &config, &error) < 0)
        fail_msg("refused: %s", error);
    return config;
}

void expect_error(const char *sentence)
{
    Config *config = NULL;
    CLEANUP(freep) char *error = NULL;

    if (config_load(CONF, NULL, note_warning, &config, &error) >= 0)
        fail_msg("taken, instead of: %s", sentence);
    assert_null(config);
    assert_non_null(error);
    assert_string_equal(error, sentence);
}
