/* SPDX-License-Identifier: Apache-2.0 */
/* What one client sends: bytes off its socket, and the messages in them.
 *
 * Why there is read-ahead. A client may send its next calls before it has the replies to the
 * earlier ones, and may break the rules in any of them. Messages are taken in order and only as
 * far as the session has room for calls. Behind a stream none is taken at all, because its reply
 * would look like one of the stream's: such messages stay here as bytes, and input_check() looks at
 * each of them once, so that a client that breaks the rules is not kept until its stream has ended.
 *
 * Errors: -EMSGSIZE and -EBADMSG as in common/varlink.h, after which the client cannot be
 * understood any more; -ENOMEM. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

typedef struct Input Input;

int input_new(int fd, Input **ret); /* the descriptor is borrowed */
void input_free(Input *input);      /* takes NULL */

/* Whether there is room for more than is there. */
bool input_has_room(const Input *input, size_t max_message);

/* Reads what is there, as far as it may be a message of max_message bytes. 1: read, or nothing was
 * there; 0: the client has shut down its writing side or is gone; -EPIPE: it is gone for certain;
 * -ENOMEM. */
int input_read(Input *input, size_t max_message);

/* Takes the next message. 1: *ret is the caller's, *ret_size the bytes of its text; 0: no whole
 * message is there. */
int input_take(Input *input, size_t max_message, json_object **ret, size_t *ret_size);

/* The next message that was not looked at before, which stays. As input_take(). */
int input_check(Input *input, size_t max_message, json_object **ret, size_t *ret_size);

/* Whether no whole message is there, as far as input_take() or input_check() has looked. */
bool input_is_starved(const Input *input);
bool input_is_checked(const Input *input);

size_t input_size(const Input *input);
void input_drop(Input *input); /* everything that was read and not taken */
