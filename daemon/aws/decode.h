/* SPDX-License-Identifier: Apache-2.0 */
/* From an answer of AWS to an object of the interface, by a table of the members that we know.
 *
 * Whatever AWS, or a stand-in for it, writes into one member hides nothing else: a member that is
 * missing, null, unknown or of another kind than the table says is left out, and in an array each
 * item stands for itself. */
#pragma once

#include <json-c/json.h>

typedef enum MemberKind {
    MEMBER_STRING,
    MEMBER_STRINGS, /* an array of them */
    MEMBER_COUNT,   /* a whole number, also as 12.0, 1.2E7 or a string of digits */
    MEMBER_TIME,    /* seconds since 1970 with or without a fraction, as a number or in a string, or
                       ISO 8601; becomes RFC 3339 */
    MEMBER_TIME_MSEC, /* the same, in milliseconds */
    MEMBER_OBJECT,
    MEMBER_OBJECTS, /* an array of them */
} MemberKind;

typedef struct Member {
    const char *name; /* NULL ends a table */
    MemberKind kind;
    const struct Member *members; /* of MEMBER_OBJECT and MEMBER_OBJECTS */
} Member;

/* 0; -EBADMSG: it is not an object, or one with members and none of them is in the table, such as a
 * network's that wants a login first; -ENOMEM. */
int decode_answer(json_object *answer, const Member *members, json_object **ret);
