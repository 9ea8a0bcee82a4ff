/* SPDX-License-Identifier: Apache-2.0 */
/* The AWS shared files: their grammar.
 *
 * Holds: with CRLF in place of LF the same comes out; what is wrong is one line of UTF-8 that names
 * the file. */
#include <string.h>

#include "common/memory.h"
#include "daemon/credentials/profile.h"
#include "tests/fuzz/fuzz.h"

typedef struct Read {
    AwsProfiles *profiles;
    char *error;
    int result;
} Read;

static void read_files(const char *config, const char *credentials, Read *read)
{
    read->result = aws_profiles_parse(config, "config", credentials, "credentials", &read->profiles,
                                      &read->error);
    REQUIRE((read->result == 0) == (read->profiles != NULL));
    if (read->result == 0)
        return;
    REQUIRE(read->error && !strchr(read->error, '\n'));
    REQUIRE(strncmp(read->error, "config:", 7) == 0 ||
            strncmp(read->error, "credentials:", 12) == 0);
    fuzz_require_text(read->error);
}

static char *with_crlf(const char *text)
{
    char *copy = malloc(2 * strlen(text) + 1), *to = copy;

    REQUIRE(copy);
    for (const char *from = text; *from; from++) {
        if (*from == '\n' && (from == text || from[-1] != '\r'))
            *to++ = '\r';
        *to++ = *from;
    }
    *to = '\0';
    return copy;
}

static void require_same_text(const char *one, const char *other)
{
    REQUIRE((one == NULL) == (other == NULL));
    REQUIRE(!one || strcmp(one, other) == 0);
}

static void require_same(const AwsProfiles *one, const AwsProfiles *other)
{
    static const char *const profiles[] = {"default", "a", "b"};
    static const char *const keys[] = {"region", "role_arn", "s3", "s3.k", "services", "k"};

    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        REQUIRE(aws_profiles_has(one, profiles[i]) == aws_profiles_has(other, profiles[i]));
        for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++)
            require_same_text(aws_profiles_get(one, profiles[i], keys[j]),
                              aws_profiles_get(other, profiles[i], keys[j]));
    }
    for (size_t i = 0; aws_profiles_warning(one, i) || aws_profiles_warning(other, i); i++)
        require_same_text(aws_profiles_warning(one, i), aws_profiles_warning(other, i));
}

/* The config file, then the credentials file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(freep) char *config = fuzz_take_part(&data, &size, NULL);
    CLEANUP(freep) char *credentials = fuzz_take_part(&data, &size, NULL);
    CLEANUP(freep) char *config_crlf = with_crlf(config);
    CLEANUP(freep) char *credentials_crlf = with_crlf(credentials);
    Read lf = {.profiles = NULL}, crlf = {.profiles = NULL};

    read_files(config, credentials, &lf);
    read_files(config_crlf, credentials_crlf, &crlf);
    REQUIRE(lf.result == crlf.result);
    if (lf.result == 0)
        require_same(lf.profiles, crlf.profiles);
    else
        REQUIRE(strcmp(lf.error, crlf.error) == 0);
    aws_profiles_free(lf.profiles);
    aws_profiles_free(crlf.profiles);
    free(lf.error);
    free(crlf.error);
    return 0;
}
