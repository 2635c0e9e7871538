/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet_trace.h"

#include "abi.h"

#include <math.h>

#define SHORTEST_S 10.0
#define LONGEST_S  3600.0
#define TAIL	   1.1 /* the Pareto exponent: the smaller, the heavier */

static uint64_t draw(struct trace *trace)
{
	return carom_mix(++trace->draws, trace->seed);
}

uint32_t trace_draw(struct trace *trace, uint32_t end)
{
	return (uint32_t)((draw(trace) >> 32) * end >> 32);
}

/* 0 up to 1. */
static double draw_fraction(struct trace *trace)
{
	return ldexp((double)(draw(trace) >> 11), -53);
}

/* By inversion of the distribution function. */
static double draw_pareto(struct trace *trace, double tail)
{
	double most = pow(SHORTEST_S, -tail), least = pow(LONGEST_S, -tail);

	return pow(most - draw_fraction(trace) * (most - least), -1 / tail);
}

uint32_t trace_lifetime_s(struct trace *trace)
{
	return (uint32_t)draw_pareto(trace, TAIL);
}

/* Who is met at a random time has a life that is long in proportion to its chance to be met: again
 * a Pareto distribution, its exponent less by one. */
uint32_t trace_remaining_s(struct trace *trace)
{
	double lifetime_s = draw_pareto(trace, TAIL - 1);

	return (uint32_t)(lifetime_s * draw_fraction(trace));
}

double trace_mean_lifetime_s(void)
{
	double most = pow(SHORTEST_S, -TAIL), least = pow(LONGEST_S, -TAIL);

	return TAIL / (TAIL - 1) * (pow(SHORTEST_S, 1 - TAIL) - pow(LONGEST_S, 1 - TAIL)) /
	       (most - least);
}

enum fleet_event trace_event(struct trace *trace, const bool possible[FLEET_EVENT_COUNT])
{
	enum fleet_event fewest[FLEET_EVENT_COUNT], chosen;
	uint32_t lowest = UINT32_MAX, count = 0;

	for (enum fleet_event event = 0; event < FLEET_EVENT_COUNT; event++) {
		if (!possible[event] || trace->events[event] > lowest)
			continue;
		if (trace->events[event] < lowest)
			count = 0;
		lowest = trace->events[event];
		fewest[count++] = event;
	}
	chosen = fewest[trace_draw(trace, count)];
	trace->events[chosen]++;
	return chosen;
}

uint32_t trace_pause_s(struct trace *trace)
{
	return FLEET_IDLE_S / 2 + trace_draw(trace, FLEET_IDLE_S * 3 / 2);
}
