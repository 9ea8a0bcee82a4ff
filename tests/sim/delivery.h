/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on their way: at once, later, or never.
 *
 * The status, headers and body of an answer are put into the request first; a delivery then takes
 * the request over and says how it goes on. */
#pragma once

#include <stdint.h>

#include <event2/event.h>
#include <event2/http.h>

#include "tests/sim/record.h"

typedef enum DeliveryKind {
    DELIVERY_ANSWER,
    DELIVERY_RESET, /* RST */
    DELIVERY_CLOSE, /* FIN */
    DELIVERY_HANG,  /* nothing, until the client goes away */
} DeliveryKind;

typedef struct Deliveries Deliveries;

/* The record is borrowed: what went out is noted there. */
int deliveries_new(struct event_base *base, Record *record, Deliveries **ret);
/* Drops those that wait; their requests end with the server. */
void deliveries_free(Deliveries *deliveries);

/* status counts for DELIVERY_ANSWER alone. Where there is no memory to wait, it does not wait. */
void delivery_start(Deliveries *deliveries, struct evhttp_request *request, uint64_t sequence,
                    DeliveryKind kind, unsigned status, double delay_seconds);
