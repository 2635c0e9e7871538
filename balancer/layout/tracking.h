/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a ring's slots remember of its changes, so that connections stay whole. Pure.
 *
 * Each slot has a current backend, which new flows go to, and a previous one, which older flows
 * belong to. A slot is tracked from the change that made the two differ, or that took its backend
 * from it, until no flow is left that this matters to. Only packets of tracked slots meet the flow
 * table.
 *
 * Sources: the idea to track only what a change made unsafe is that of JET (Mendelson et al.,
 * CoNEXT 2021); a previous backend beside the current one is Beamer's (Olteanu et al., NSDI 2018).
 */
#ifndef CAROM_TRACKING_H
#define CAROM_TRACKING_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tracking_mode {
	TRACKING_CHANGES, /* track what changed */
	TRACKING_ALWAYS,  /* track every slot */
	TRACKING_NEVER,	  /* flows follow their slot, at once */
};

/* The three arrays of a ring of 1 << bits slots; borrowed. */
struct tracking_slots {
	unsigned bits;
	uint16_t *slots;    /* current ordinals, with CAROM_SLOT_TRACKED */
	uint16_t *previous; /* ordinals */
	/* Seconds, cut to 16 bits; the program sets it, too, where a flow could not be recorded. */
	uint16_t *changed_at;
};

struct tracking_change {
	const struct tracking_slots *before; /* NULL: the ring is new */
	const uint16_t *ring;		     /* the new choice of each of the new slots */
	/* By ordinal: whether its flows may stay with it after the change. */
	const bool *serves;
	size_t serves_count;
	enum tracking_mode tracking;
	/* An unrecorded packet begins a flow, as there is no SYN that would say so (UDP under
	 * TRACKING_ALWAYS): it goes to the current backend, never to a previous one. */
	bool unrecorded_is_new;
	uint32_t now_s;
};

/* Fills the new slots; ret_after->bits says how many, and must not be less than before. The arrays
 * must not overlap those before. Returns how many slots are tracked. */
size_t tracking_advance(const struct tracking_change *change, struct tracking_slots *ret_after);

struct tracking_sweep {
	/* By slot: whether a living flow is recorded at another backend than the current one. */
	const bool *disagrees;
	uint32_t now_s;
	uint32_t idle_timeout_s;
	enum tracking_mode tracking;
};

/*
 * Settles and untracks slots, in place, while packets read them. A slot whose last change is longer
 * ago than the idle timeout is settled: a flow that has sent nothing since counts as gone. A
 * settled slot without disagreeing flows is untracked. Returns how many slots remain tracked.
 */
size_t tracking_sweep(const struct tracking_sweep *sweep, struct tracking_slots *slots);

/* Of one backend: the tracked slots that are now another's, and whose older flows are still its. */
struct tracking_older {
	uint32_t slot_count;
	uint32_t last_change_s; /* when the latest of them changed */
};

/* ret_older: by ordinal, of the first `count`. */
void tracking_count_older(const struct tracking_slots *slots, uint32_t now_s, size_t count,
			  struct tracking_older *ret_older);

#endif
