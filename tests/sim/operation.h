/* CloudTrail's operations on imports: parameters checked, effect, answer.
 *
 * Source: AWS CloudTrail API Reference. */
#pragma once

#include <stdint.h>

#include "tests/sim/import.h"

typedef enum Operation {
    OPERATION_UNKNOWN,
    OPERATION_STOP_IMPORT,
    OPERATION_GET_IMPORT,
    OPERATION_LIST_IMPORTS,
    OPERATION_LIST_IMPORT_FAILURES,
} Operation;

/* From the X-Amz-Target header; NULL for none. */
Operation operation_from_target(const char *target);
Operation operation_from_name(const char *name);
const char *operation_name(Operation operation); /* "Unknown" for OPERATION_UNKNOWN */

typedef struct OperationRequest {
    Operation operation;
    json_object *body; /* an object */
    const Account *account;
    const char *region;
    uint64_t page_size;
} OperationRequest;

typedef struct OperationError {
    unsigned status;
    const char *code; /* lives as long as the import that it came from */
    char message[512];
} OperationError;

/* 0 and the answer; -EACCES and the error; -ENOMEM. */
int operation_run(Imports *imports, const OperationRequest *request, json_object **ret,
                  OperationError *ret_error);
