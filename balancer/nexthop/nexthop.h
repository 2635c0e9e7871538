/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to each backend: route, gateway and neighbour, asked of the kernel by netlink and
 * followed as they change. The kernel is asked to keep the neighbours fresh (NTF_EXT_MANAGED where
 * it has that, else by asking again), for traffic that XDP forwards does not confirm them.
 *
 * Runs on the event loop's thread. It waits only for the kernel's own answers, a few microseconds
 * each, and for a bounded number of them a call.
 */
#ifndef CAROM_NEXTHOP_H
#define CAROM_NEXTHOP_H

#include "error.h"
#include "resolution.h"

#include <stddef.h>
#include <stdint.h>

struct nexthop; /* the resolver */

/* Called from nexthop_read() or nexthop_tick(), at most once a call, when a followed destination's
 * resolution is no longer what nexthop_find() said before. When one event touches thousands of
 * them, several calls in quick succession each bring a part: debounce what is dear. */
typedef void nexthop_changed(void *context);

struct nexthop_options {
	const uint32_t *interfaces; /* ifindexes that may be left by; borrowed during the call */
	size_t interface_count;
	nexthop_changed *changed;
	void *context;
};

/* NULL on failure, with *ret_error described. */
struct nexthop *nexthop_new(const struct nexthop_options *options, struct error *ret_error);
/* The kernel keeps the neighbours fresh nonetheless, for packets flow on without the daemon. To let
 * them go, unfollow all first. */
void nexthop_free(struct nexthop *nexthop);

/* To be polled for reading; nexthop_read() when it is readable. It takes bounded work a call. */
int nexthop_fd(const struct nexthop *nexthop);
void nexthop_read(struct nexthop *nexthop, uint64_t now_ms);
/* To be called at least once a second: retries, asks again for neighbours on old kernels. */
void nexthop_tick(struct nexthop *nexthop, uint64_t now_ms);

/* Follows these destinations (copied; duplicates allowed), each once more than before, and looks up
 * the new ones: some hundreds at once, what is more as nexthop_read() is called. On failure nothing
 * is changed. Returns 0 or -1. */
int nexthop_follow(struct nexthop *nexthop, const struct carom_address *destinations, size_t count,
		   uint64_t now_ms, struct error *ret_error);
/* Takes back as many. Follow what comes in their place first, for
 * they may share their neighbours. */
void nexthop_unfollow(struct nexthop *nexthop, const struct carom_address *destinations,
		      size_t count);

/* Borrowed until the next call of follow, read or tick. NULL: not followed. */
const struct resolution *nexthop_find(const struct nexthop *nexthop,
				      const struct carom_address *destination);

/* How many followed destinations are yet to be looked up for the first time. */
size_t nexthop_new_count(const struct nexthop *nexthop);
/* How many are not resolved, the new ones among them. */
size_t nexthop_unresolved_count(const struct nexthop *nexthop);

#endif
