/* SPDX-License-Identifier: Apache-2.0 */
/* Where an answer carries its AWS error code: services and protocols differ, and clients take all
 * forms.
 *
 * Source: Smithy, "AWS JSON 1.1 protocol", operation error serialization. */
#pragma once

#include <stdbool.h>

#include <json-c/json.h>

#define ERROR_FORM_DEFAULT "type"
#define ERROR_HEADER_SIZE 256U

bool error_form_is_known(const char *form);

/* The body of the answer, and the value of its X-Amzn-Errortype header (empty: none). NULL: no
 * memory. */
json_object *error_form_body(const char *form, const char *code, const char *message,
                             char ret_header[static ERROR_HEADER_SIZE]);
