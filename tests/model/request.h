/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a request of the daemon as AWS would. */
#pragma once

#include <json-c/json.h>

#include "tests/model/account-script.h"

/* The parts of any request. */
const char *request_header(const HttpRequest *http, const char *name); /* "": there is none */
uint64_t request_signing_time_usec(const HttpRequest *http);
unsigned request_attempt(const HttpRequest *http); /* which one of its call it is */
json_object *request_body(const HttpRequest *http);

/* One about imports. */
void request_parse(const HttpRequest *http, const ScriptedAccount *account, Request *ret);
