/* SPDX-License-Identifier: Apache-2.0 */
/* Varlink on a UNIX stream socket, as UAPI.20 "Varlink IPC" has it: one JSON object per message,
 * ended by one NUL byte. */
#pragma once

#include <stddef.h>

#include <event2/buffer.h>
#include <json-c/json.h>

/* The outer object of a message is the first level. */
#define VARLINK_DEPTH_MAX 16U

/* The extended attribute of a socket that names its part. */
#define VARLINK_ATTRIBUTE "user.varlink"

/* Of one message. */
typedef struct VarlinkLimits {
    size_t size; /* bytes, without its NUL */
    size_t work; /* to read it, see json_read_within() */
} VarlinkLimits;

/* Takes the next whole message off the buffer. 1: *ret is an object the caller owns; 0: no whole
 * message yet; -EMSGSIZE: the message, whole or not, is longer than the limit; -EBADMSG: not a JSON
 * object, nested deeper than VARLINK_DEPTH_MAX, or more work than the limit; -ENOMEM. After an
 * error the connection cannot be used further.
 *
 * *searched belongs to the buffer, starts as 0 and is this function's: how much of the buffer is
 * known to hold no end, so that a message that arrives in many small pieces is not searched again
 * with each. */
int varlink_read(struct evbuffer *buffer, size_t *searched, const VarlinkLimits *limits,
                 json_object **ret);

/* How far messages have been looked at that stay in the buffer; begins all zero. */
typedef struct VarlinkPeek {
    size_t offset;   /* of the next message */
    size_t searched; /* of the buffer: no end lies between the offset and there */
} VarlinkPeek;

/* varlink_read() for the message after those looked at already, which stays in the buffer. */
int varlink_peek(struct evbuffer *buffer, VarlinkPeek *peek, const VarlinkLimits *limits,
                 json_object **ret);

/* So many bytes went off the front of the buffer. */
void varlink_peek_drained(VarlinkPeek *peek, size_t size);

/* Says what part a socket plays, so that tools find it: "client", "server" or "listen". Kernels
 * before Linux 7.0 cannot keep that, and nothing here depends on it. */
void varlink_tag_socket(int fd, const char *role);

/* Appends one message. 0 or -ENOMEM; after a failure the buffer is as it was. */
int varlink_write(struct evbuffer *buffer, json_object *message);
