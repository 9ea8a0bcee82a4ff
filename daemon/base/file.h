/* SPDX-License-Identifier: Apache-2.0 */
/* Text files, read as a whole: configuration, profiles, tokens. The only place that opens a file
 * named from outside, so that none of them holds up the loop.
 *
 * A file is opened without waiting. It is a regular one, /dev/null, or a pipe: of that, all has to
 * come within FILE_WAIT_USEC, so that `--config <(generate)` works and a FIFO that nobody writes to
 * is an error and not a wait. What remains is a network file system whose server is gone: there,
 * open(2) itself hangs, and no flag helps. Only another process could bear that, one for each file
 * that is read; too much for a fault that stops much else on such a host. Whoever fears it mounts
 * with `soft`, or keeps these files on a local disk. */
#pragma once

#define FILE_TEXT_MAX (1024U * 1024U)
#define FILE_WAIT_USEC (100 * 1000U)

/* A whole file as text; free it with secret_free() where it may hold secrets: no other copy of it
 * is left. 0, or -errno and an owned sentence that names the file: also of a file with a NUL byte
 * (-EINVAL) or over FILE_TEXT_MAX (-EFBIG), of a pipe that nobody writes to (-ENODATA) or not in
 * time (-ETIMEDOUT), and of what is not a file of these kinds (-EINVAL). -ENOMEM. */
int file_read_text(const char *path, char **ret, char **ret_error);

/* For a file that a library is about to read by name: whether it is a regular one that may be read
 * and is not empty. 0, or -errno and an owned sentence that names the file. -ENOMEM. */
int file_check_regular(const char *path, char **ret_error);
