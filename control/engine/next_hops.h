/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next hops of all backends, followed through netlink: a source of facts. Embedded in the
 * engine; on the event loop's thread.
 */
#ifndef CAROM_NEXT_HOPS_H
#define CAROM_NEXT_HOPS_H

#include "config.h"
#include "facts.h"

#include <uv.h>

/* How long a round waits for next hops that were never looked up before: else a set of backends
 * that is replaced whole would leave its VIP with none. */
#define NEXT_HOPS_FIRST_PATIENCE_MS 2000 /* before the first generation */
#define NEXT_HOPS_PATIENCE_MS	    250

typedef void next_hops_notify(void *context);

struct next_hops_options {
	uv_loop_t *loop;
	const struct config_node *node; /* whose interfaces may be left by; borrowed */
	next_hops_notify *changed;	/* another one than facts said before */
	next_hops_notify *looked_up;	/* some that were new, for the first time */
	next_hops_notify *patience_over;
	void *context;
};

struct next_hops {
	struct next_hops_options options;
	struct nexthop *resolver;
	/* The states whose backends are followed, each by itself; references. */
	struct config *for_desired, *for_published;
	size_t unresolved_tolerated;
	uint64_t patient_until_ms;
	uv_poll_t poll;
	uv_timer_t patience;
};

/* Returns 0; -1, and next_hops_free() is due nonetheless. */
int next_hops_open(struct next_hops *next_hops, const struct next_hops_options *options,
		   struct error *ret_error);
/* Its handles, between open and free. */
void next_hops_start(struct next_hops *next_hops);
void next_hops_stop(struct next_hops *next_hops);
void next_hops_free(struct next_hops *next_hops);

struct facts next_hops_facts(const struct next_hops *next_hops);

/* Has the next hops of this desired state followed, beside the published one's: a write that is
 * given up after all finds them as they were. Takes a reference. Returns 0; -1, and what was
 * followed before is followed. */
int next_hops_follow_desired(struct next_hops *next_hops, struct config *config,
			     struct error *ret_error);
/* Lets go of what was followed only for the state that was published before. */
void next_hops_follow_published(struct next_hops *next_hops, struct config *config);

/* Twice a second. */
void next_hops_tick(struct next_hops *next_hops);
/* How many are not resolved, the new ones among them. */
size_t next_hops_unresolved(const struct next_hops *next_hops);
/* For at least so long from now, those beyond so many are worth waiting for. */
void next_hops_be_patient(struct next_hops *next_hops, size_t tolerated, uint64_t patience_ms);
/* The same for those that were looked up just now. */
void next_hops_stay_patient(struct next_hops *next_hops);
/* Whether there is nothing left to wait for. */
bool next_hops_are_settled(const struct next_hops *next_hops);

#endif
