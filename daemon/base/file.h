/* SPDX-License-Identifier: Apache-2.0 */
/* Files named from outside, read as a whole: configuration, profiles, tokens, certificates. The
 * only place that opens one, so that none of them holds up the loop.
 *
 * A file is opened without waiting. It is a regular one, /dev/null, or a pipe: of that, all has to
 * come within FILE_PIPE_USEC, so that `--config <(generate)` works and a FIFO that nobody writes to
 * is an error and not a wait. On a network mount whose server is gone, opening itself hangs; so all
 * of it is done aside (aside.h), and such a file is an error after a moment, until its mount
 * answers again. */
#pragma once

#define FILE_TEXT_MAX (1024U * 1024U)
#define FILE_TOGETHER_MAX (4 * FILE_TEXT_MAX)
#define FILE_NOT_TOGETHER 1
#define FILE_PIPE_USEC (100 * 1000U)

/* A whole file as text; free it with secret_free() where it may hold secrets: no other copy of it
 * is left. 0, or -errno and an owned sentence that names the file: also of a file with a NUL byte
 * (-EINVAL) or over FILE_TEXT_MAX (-EFBIG), of a pipe that nobody writes to (-ENODATA) or not in
 * time (-ETIMEDOUT), of what is not a file of these kinds (-EINVAL), of a file system that does not
 * answer (-ETIMEDOUT), or where too many do not (-EBUSY). -ENOMEM. */
int file_read_text(const char *path, char **ret, char **ret_error);

/* The same of a file that has to be a regular one (-EINVAL) with something in it (-ENODATA). */
int file_read_regular(const char *path, char **ret, char **ret_error);

/* What is in a directory and has a name with this at its end, without hidden ones, in the order of
 * bytes: each name ended by NUL, the last by two; free() it. 0, or as above. */
int file_list(const char *directory, const char *suffix, char **ret_names, char **ret_error);

/* Takes the text of one of several files, which goes afterwards. 0, or negative errno and an owned
 * sentence. */
typedef int (*FileTake)(const char *path, char *text, void *userdata, char **ret_error);

/* All files that file_list() would name, in that order, each as file_read_text() reads it, up to
 * the first that cannot be read or is not taken: 0, or that error. A directory that is not there
 * has none. They are read by one process: one each would make the loop wait for a millisecond and
 * more with every file. FILE_NOT_TOGETHER: one of them hangs, or they are more than
 * FILE_TOGETHER_MAX; none was taken, and they are to be read one by one, which names the one to
 * blame. */
int file_read_each(const char *directory, const char *suffix, FileTake take, void *userdata,
                   char **ret_error);
