/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a request of the daemon as AWS would. */
#pragma once

#include "tests/model/account-script.h"

/* *ret_number: which attempt of its call it is. */
void request_parse(const HttpRequest *http, const ScriptedAccount *account, Request *ret,
                   unsigned *ret_number);
