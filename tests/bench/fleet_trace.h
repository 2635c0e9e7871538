/* SPDX-License-Identifier: BSD-2-Clause */
/* What chance decides. Draws depend on the seed only, never on where a packet went, so that every
 * method and every size of table meets the same trace. */
#ifndef CAROM_TESTS_FLEET_TRACE_H
#define CAROM_TESTS_FLEET_TRACE_H

#include "fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct trace {
	uint64_t seed;
	uint64_t draws;
	uint32_t events[FLEET_EVENT_COUNT]; /* how many of each there were */
};

/* Below `end`, which is not 0. */
uint32_t trace_draw(struct trace *trace, uint32_t end);

/* Lifetimes follow a Pareto distribution that is cut at an hour. */
uint32_t trace_lifetime_s(struct trace *trace);
/* What is left to live of a connection that is met at a random time. */
uint32_t trace_remaining_s(struct trace *trace);
double trace_mean_lifetime_s(void);

/* Of those that are possible (at least one is), one of which there were fewest. */
enum fleet_event trace_event(struct trace *trace, const bool possible[FLEET_EVENT_COUNT]);
/* Until the next event. */
uint32_t trace_pause_s(struct trace *trace);

#endif
