/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy may answer to CONNECT.
 *
 * libcurl reads that answer byte by byte, its body too where the proxy refuses, and returns only
 * when there is nothing to read: a proxy that sends without end would keep the loop for ever. */
#pragma once

#include "daemon/http/transfer.h"

/* For a transfer that goes through an HTTP proxy: ends it where the answer is too long. */
CURLcode http_tunnel_limit(CURL *easy, HttpTransfer *transfer);
