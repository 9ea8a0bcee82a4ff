/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/shared-files.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/string.h"
#include "daemon/aws/credentials.h"
#include "daemon/base/environment.h"
#include "daemon/base/file.h"
#include "daemon/base/journal.h"

/* In the order in which a value of the later one wins. */
typedef enum FileIndex {
    FILE_CONFIG,
    FILE_CREDENTIALS,
    FILE_SYSTEM_CREDENTIALS,
    N_FILES
} FileIndex;

typedef struct SharedFile {
    char *path; /* NULL: there is no place for one */
    char *text; /* as it was when last good; NULL: the file was not there */
    bool known; /* it was good once: text says what there was */
} SharedFile;

struct AwsSharedFiles {
    unsigned references;
    SharedFile files[N_FILES];
};

/* ---- where they are ---- */

static const char *home_directory(void)
{
    const char *home = aws_environment_get("HOME");
    const struct passwd *user;

    if (home)
        return home;
    user = getpwuid(getuid());
    return user && user->pw_dir && *user->pw_dir ? user->pw_dir : NULL;
}

/* The path that the variable names, else below the home directory; "~/" is the home directory, as
 * the SDKs have it. *ret NULL: there is none. */
static int find_path(const char *variable, const char *below_home, char **ret)
{
    const char *home = home_directory(), *named = aws_environment_get(variable);

    if (named && strncmp(named, "~/", 2) != 0)
        return string_copy(named, ret);
    if (home)
        return string_format(ret, "%s/%s", home, named ? named + 2 : below_home);
    *ret = NULL;
    return 0;
}

static int find_system_path(char **ret)
{
    const char *directory = aws_environment_get("CREDENTIALS_DIRECTORY");

    if (directory)
        return string_format(ret, "%s/aws-credentials", directory);
    *ret = NULL;
    return 0;
}

int aws_shared_files_new(AwsSharedFiles **ret)
{
    CLEANUP(aws_shared_files_unrefp) AwsSharedFiles *files = calloc(1, sizeof(*files));

    if (!files)
        return -ENOMEM;
    files->references = 1;
    if (find_path("AWS_CONFIG_FILE", ".aws/config", &files->files[FILE_CONFIG].path) < 0 ||
        find_path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
                  &files->files[FILE_CREDENTIALS].path) < 0 ||
        find_system_path(&files->files[FILE_SYSTEM_CREDENTIALS].path) < 0)
        return -ENOMEM;
    *ret = TAKE(files);
    return 0;
}

AwsSharedFiles *aws_shared_files_ref(AwsSharedFiles *files)
{
    assert(files->references > 0);
    files->references++;
    return files;
}

void aws_shared_files_unref(AwsSharedFiles *files)
{
    if (!files || --files->references > 0)
        return;
    for (FileIndex i = 0; i < N_FILES; i++) {
        free(files->files[i].path);
        secret_free(files->files[i].text);
    }
    free(files);
}

/* ---- readings ---- */

/* *ret NULL: no such file. */
static int read_text(const char *path, char **ret, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;
    char *text = NULL;
    int r = path ? file_read_text(path, &text, &sentence) : 0;

    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        *ret_error = TAKE(sentence);
        return r;
    }
    *ret = text;
    return 0;
}

/* Parses it by itself: this finds whatever is wrong with the file as a whole. */
static int check_text(FileIndex index, const char *path, const char *text, char **ret_error)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;

    return index == FILE_CONFIG ? aws_profiles_parse(text, path, NULL, NULL, &profiles, ret_error)
                                : aws_profiles_parse(NULL, NULL, text, path, &profiles, ret_error);
}

/* Leaves the file as it was last good where it is not good now; *ret_fault then says why. 0 or
 * -ENOMEM. */
static int refresh(SharedFile *file, FileIndex index, char **ret_fault)
{
    CLEANUP(secret_freep) char *text = NULL;
    bool same;
    int r = read_text(file->path, &text, ret_fault);

    if (r < 0)
        return *ret_fault ? 0 : -ENOMEM;
    same = text && file->text && strcmp(text, file->text) == 0;
    if (text && !same)
        r = check_text(index, file->path, text, ret_fault);
    if (r < 0)
        return *ret_fault ? 0 : -ENOMEM;
    secret_free(file->text);
    file->text = TAKE(text);
    file->known = true;
    return 0;
}

static int parse_all(const AwsSharedFiles *files, AwsProfiles **ret)
{
    const SharedFile *config = &files->files[FILE_CONFIG];
    const SharedFile *credentials = &files->files[FILE_CREDENTIALS];
    const SharedFile *system = &files->files[FILE_SYSTEM_CREDENTIALS];
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *error = NULL;
    int r = aws_profiles_parse(config->text, config->path, credentials->text, credentials->path,
                               &profiles, &error);

    if (r >= 0 && system->text)
        r = aws_profiles_add_credentials(profiles, system->text, system->path, &error);
    assert(r != -EINVAL); /* each was good by itself */
    if (r >= 0)
        *ret = TAKE(profiles);
    return r;
}

int aws_shared_files_read(AwsSharedFiles *files, AwsProfiles **ret)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    char *faults[N_FILES] = {NULL};
    int r = 0;

    for (FileIndex i = 0; r >= 0 && i < N_FILES; i++)
        r = refresh(&files->files[i], i, &faults[i]);
    if (r >= 0)
        r = parse_all(files, &profiles);
    for (FileIndex i = 0; i < N_FILES; i++) {
        if (r >= 0 && faults[i])
            r = aws_profiles_add_fault(profiles, faults[i], files->files[i].known);
        free(faults[i]);
    }
    if (r >= 0)
        *ret = TAKE(profiles);
    return r;
}

void aws_shared_files_log(const char *warning)
{
    JournalEntry entry;

    journal_begin(&entry, EVENT_SHARED_FILES_WARNING);
    journal_send(&entry, "%s", warning);
}
