/* SPDX-License-Identifier: Apache-2.0 */
/* All queues, and their clock: CLOCK_MONOTONIC in microseconds, which tests may move ahead. */
#pragma once

#include <stdint.h>

#include <json-c/json.h>

#include "tests/sim/queue.h"

typedef struct Queues Queues;

int queues_new(Queues **ret);
void queues_free(Queues *queues);
void queues_clear(Queues *queues); /* the clock as well; numbers of messages go on */

/* Declarations of README.md, "Queues": a queue, which replaces one of the same name; a message,
 * whose id is added to ids (NULL: not wanted); an end of visibility; a move of the clock.
 * 0; -EINVAL and an owned sentence; -ENOMEM. */
int queues_add(Queues *queues, json_object *declaration, char **ret_error);
int queues_add_message(Queues *queues, json_object *declaration, json_object *ids,
                       char **ret_error);
int queues_end_visibility(Queues *queues, json_object *declaration, char **ret_error);
int queues_move_clock(Queues *queues, json_object *declaration, char **ret_error);

/* The time, which all queues know then: messages are where they belong, dead letters too. */
uint64_t queues_now(Queues *queues);
uint64_t queues_next_visible_usec(const Queues *queues); /* when that changes something again */
uint64_t queues_next_sequence(Queues *queues);           /* of a message that is being sent */

/* NULL: there is none. account NULL: of any. */
Queue *queues_find(const Queues *queues, const char *account, const char *name);
Queue *queues_next(const Queues *queues, const Queue *after); /* NULL: the first; no more */
