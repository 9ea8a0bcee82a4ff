/* aws_access_key_id, aws_secret_access_key and aws_session_token of a profile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/credentials-source.h"

typedef struct ProfileSource {
    AwsSource source;
    char *profile;
} ProfileSource;

/* Keys are a set: another file's token or secret belongs to another access key. */
static const char *get_beside(const ProfileSource *self, const char *file, const char *key)
{
    const AwsProfiles *profiles = self->source.context->profiles;

    return aws_profiles_file(profiles, self->profile, key) == file
               ? aws_profiles_get(profiles, self->profile, key)
               : NULL;
}

static void profile_start(AwsSource *source)
{
    const ProfileSource *self = (const ProfileSource *)source;
    const char *file =
        aws_profiles_file(source->context->profiles, self->profile, "aws_access_key_id");

    aws_source_end_with_keys(source, get_beside(self, file, "aws_access_key_id"),
                             get_beside(self, file, "aws_secret_access_key"),
                             get_beside(self, file, "aws_session_token"), 0);
}

static void profile_free(AwsSource *source)
{
    ProfileSource *self = (ProfileSource *)source;

    free(self->profile);
    free(self);
}

int aws_source_new_profile(const AwsSourceContext *context, const char *profile, AwsSource **ret)
{
    static const AwsSourceType type = {profile_start, profile_free};
    const char *file = aws_profiles_file(context->profiles, profile, "aws_access_key_id");
    CLEANUP(freep) char *name = NULL;

    if (explain(&name, 0, "profile %s%s%s", profile, file ? " in " : "", file ? file : "") < 0)
        return -ENOMEM;
    ProfileSource *self = aws_source_alloc(sizeof(*self), &type, context, name);
    if (!self)
        return -ENOMEM;
    self->profile = strdup(profile);
    if (!self->profile) {
        aws_source_free(&self->source);
        return -ENOMEM;
    }
    *ret = &self->source;
    return 0;
}
