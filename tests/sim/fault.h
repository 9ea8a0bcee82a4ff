/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: what goes wrong, for which calls and how often; README.md, "Faults". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

typedef enum FaultKind {
    FAULT_SLOW,
    FAULT_ERROR, /* an AWS error: throttle, error, expired-token */
    FAULT_HTTP,  /* any other HTTP answer: http, not-json, redirect */
    FAULT_TRUNCATED,
    FAULT_WRONG_TYPES,
    FAULT_HUGE,
    FAULT_RESET,
    FAULT_CLOSE,
    FAULT_HANG,
    FAULT_SKEW,
    FAULT_ENTRY_ERROR, /* of a call with entries: 200, and each of them failed */
} FaultKind;

typedef struct Fault {
    unsigned references;
    FaultKind kind;
    char *name;                                       /* as declared */
    char *operation, *import_id, *queue, *access_key; /* NULL: any */
    uint64_t skip;
    uint64_t calls; /* UINT64_MAX: always */
    bool apply;
    double delay_seconds;
    uint64_t status;
    char *code, *message, *form;          /* form NULL: as the settings say */
    char *body, *content_type, *location; /* NULL: none, as in the next line */
    char *retry_after, *retry_after_seconds;
    double skew_seconds;
    struct Fault *next;
} Fault;

typedef struct FaultSubject {
    const char *operation;
    const char *import_id; /* NULL: none, as in the next two lines */
    const char *queue;
    const char *access_key;
} FaultSubject;

typedef struct Faults Faults;

int faults_new(Faults **ret);
void faults_free(Faults *faults);
void faults_clear(Faults *faults);

/* Adds a fault after those there are. 0; -EINVAL and an owned sentence; -ENOMEM. */
int faults_add(Faults *faults, json_object *declaration, char **ret_error);

/* The first fault that the call meets, counted as met; NULL: none. A skew has to be known before
 * the signature is checked, all others come after: two questions. The caller owns a reference. */
Fault *faults_take_skew(Faults *faults, const FaultSubject *subject);
Fault *faults_take(Faults *faults, const FaultSubject *subject);
void fault_unref(Fault *fault); /* takes NULL */

/* The faults still set. NULL: no memory. */
json_object *faults_to_json(const Faults *faults);
