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

unsigned answer_set_json(struct evhttp_request *request, unsigned status, const char *content_type,
                         json_object *body);
unsigned answer_set_error(struct evhttp_request *request, unsigned status, const char *form,
                          const char *code, const char *message);

/* What a FAULT_ERROR or FAULT_HTTP answers. */
unsigned answer_set_fault(struct evhttp_request *request, const Fault *fault, const char *form);

/* Spoils the answer that is there already, for FAULT_TRUNCATED and FAULT_HUGE. 0 or -ENOMEM. */
int answer_truncate(struct evhttp_request *request);
int answer_make_huge(struct evhttp_request *request);

/* The same document with every value of another type. NULL: no memory. */
json_object *answer_change_types(json_object *body);
