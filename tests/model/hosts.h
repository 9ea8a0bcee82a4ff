/* SPDX-License-Identifier: Apache-2.0 */
/* One history of several hosts that take requests from one queue: what is sent to it, what AWS and
 * the way there do, and when hosts are stopped, killed, or do not run for a while, all drawn from
 * one seed; then quiet, in which every request has to be done with.
 *
 * Each host has its clocks, its store and its dice. */
#pragma once

#include <stdint.h>

typedef enum HostsKind {
    HOSTS_CALM,   /* nothing goes wrong */
    HOSTS_FAULTS, /* AWS and the way there */
    HOSTS_STOPS,  /* hosts are stopped and started */
    HOSTS_KILLS,  /* hosts are killed at any moment */
    HOSTS_PAUSES, /* hosts stand still for longer than they hold messages */
    N_HOSTS_KINDS
} HostsKind;

/* directory: as of history_run(). */
void hosts_run(HostsKind kind, uint64_t seed, const char *directory);
