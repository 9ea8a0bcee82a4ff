/* SPDX-License-Identifier: Apache-2.0 */
/* Text files, read as a whole: configuration, profiles, tokens. */
#pragma once

#define FILE_TEXT_MAX (1024U * 1024U)

/* A whole file as text; free it with secret_free() where it may hold secrets: no other copy of it
 * is left. 0, or -errno and an owned sentence that names the file: also of a file with a NUL byte
 * (-EINVAL) or over FILE_TEXT_MAX (-EFBIG). -ENOMEM. */
int file_read_text(const char *path, char **ret, char **ret_error);
