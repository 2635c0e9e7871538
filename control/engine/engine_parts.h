/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's state, for the files that drive it and carry out its actions. */
#ifndef CAROM_ENGINE_PARTS_H
#define CAROM_ENGINE_PARTS_H

#include "engine.h"
#include "flow_clock.h"
#include "grace.h"
#include "job.h"
#include "next_hops.h"
#include "predecessor.h"
#include "round.h"

/* A desired state, or what became of one. */
struct state {
	struct config *config; /* a reference; NULL: none */
	uint64_t revision;
};

/* What is on its way. */
struct round {
	enum round_stage stage;
	struct state staged;
	struct plan plan; /* of what is staged; without an image: none */
	bool took_facts;  /* the plan took in changed facts; if dropped, they count as changed */
	struct error failure;
};

struct engine {
	uv_loop_t *loop;
	struct publish *publish;
	struct predecessor predecessor;
	struct grace *grace;
	struct next_hops next_hops;
	bool facts_changed; /* since the last plan */
	struct ledger ledger;
	struct write_queue writes;
	STAILQ_HEAD(engine_observers, engine_observer) observers;

	struct state desired, published;
	uint64_t last_revision; /* that was ever given */
	struct round round;

	struct job fill, store, grace_period;
	uint64_t grace_epoch;

	/* A round is wanted: the check runs when the loop has taken in what is there, so that
	 * writes that arrive together share a round; the idle handle keeps the loop from sleeping
	 * before. */
	uv_check_t gather;
	uv_idle_t gather_idle;
	uv_timer_t tick;
	struct flow_clock clock;
	uint64_t
		forgotten_by; /* the sweep count at which flows of removed backends are forgotten */
	bool is_sweep_due;    /* not while the round holds a plan */
	uint64_t retry_ms;

	struct attachment *attachments;
	size_t attachment_count;
	uint64_t started_ms;
};

#endif
