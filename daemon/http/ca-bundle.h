/* SPDX-License-Identifier: Apache-2.0 */
/* Whether libcurl may open a file of certificates: it does so by name, and waits for as long as
 * that takes. Part of the HTTP client. */
#pragma once

/* To be asked before each connection that will need the file. 0; else the errno of
 * file_check_regular(), and an owned sentence: NULL where there is no memory for one. */
int ca_bundle_check(const char *path, char **ret_error);
