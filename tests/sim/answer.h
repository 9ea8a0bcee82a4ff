/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, put into the request they answer. Sending is for delivery.h. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <event2/http.h>
#include <json-c/json.h>

#include "tests/sim/fault.h"

/* Functions return the status to send, 500 where memory has run out. */

/* Headers that every answer of AWS has; the time is that of the server's clock. */
void answer_set_common(struct evhttp_request *request, const char *request_id,
                       uint64_t realtime_usec);

/* content_type NULL: none. */
unsigned answer_set_text(struct evhttp_request *request, unsigned status, const char *content_type,
                         const char *text);
/* content_type NULL: that of AWS JSON 1.1. */
unsigned answer_set_json(struct evhttp_request *request, unsigned status, const char *content_type,
                         json_object *body);
unsigned answer_set_error(struct evhttp_request *request, unsigned status, const char *form,
                          const char *code, const char *message);

/* What a FAULT_HTTP answers; the headers, which a FAULT_ERROR has too. 0 or -ENOMEM. */
unsigned answer_set_fault(struct evhttp_request *request, const Fault *fault);
int answer_set_fault_headers(struct evhttp_request *request, const Fault *fault);

/* Spoils the answer that is there already, for FAULT_TRUNCATED and FAULT_HUGE. 0 or -ENOMEM. */
int answer_truncate(struct evhttp_request *request);
int answer_make_huge(struct evhttp_request *request);

/* The same document with every value of another type, or another type of value. NULL: no memory. */
json_object *answer_change_types(json_object *body);
