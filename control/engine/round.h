/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A round takes the desired state to the data plane: it is gathered, planned, checked against the
 * room in the maps, stored, and published as one generation. One round runs at a time, and all
 * writes that arrive meanwhile share the next one.
 *
 *   IDLE ──► GATHERING ──► PLANNING ──► CHECKING ──► STORING ──────► PUBLISHING ──► IDLE
 *                             ▲             │           └► AWAITING_ ──► ▲   │
 *                             │             ▼              GENERATION        │
 *                             └─────── AWAITING_ROOM ◄───────────────────────┘
 *
 * Every round ends in TELLING. A round with nothing to store goes from PLANNING to PUBLISHING, and
 * a plan that changes nothing goes straight to TELLING. The first round of a process is RECONCILING
 * before it publishes: it compares with what the predecessor had published.
 *
 * A round that fails before its revision is on disk is given up: the published state is the desired
 * one again. A round that fails after that is overruled: the next round stores a newer revision,
 * which says what is published.
 *
 * Pure: the engine says what happened, and does what the round asks for.
 */
#ifndef CAROM_ROUND_H
#define CAROM_ROUND_H

#include <stdbool.h>

enum round_stage {
	ROUND_IDLE,
	ROUND_GATHERING, /* until the event loop and new next hops have said what they have */
	ROUND_PLANNING,
	ROUND_CHECKING,
	ROUND_AWAITING_ROOM, /* a grace period, or sweeps, may free what another plan needs */
	ROUND_STORING,
	ROUND_AWAITING_GENERATION, /* packets may still read every idle generation */
	ROUND_RECONCILING,
	ROUND_PUBLISHING,
	ROUND_TELLING, /* how it ended, to all who wait for that */
	ROUND_STOPPED,
	ROUND_STAGE_COUNT
};

/* What happened. */
enum round_event {
	ROUND_NO_EVENT, /* yet */
	ROUND_WANTED,	/* the desired state, or what is known of the world, has changed */
	ROUND_GATHERED, /* nothing is left to wait for */
	ROUND_PLANNED,
	ROUND_NOT_PLANNED,
	ROUND_FITS,
	ROUND_LACKS_ROOM, /* the maps have no room for the plan, as they are now */
	ROUND_STORED,
	ROUND_NOT_STORED,
	ROUND_RECONCILED,
	ROUND_PUBLISHED,
	ROUND_NOT_PUBLISHED,
	ROUND_GRACE_OVER, /* and sweeps, where room was awaited */
	ROUND_TOLD,
	ROUND_STOP,
	ROUND_EVENT_COUNT
};

/* What is to be done next. Every action but REST brings about an event, at once or later. */
enum round_action {
	ROUND_REST,	   /* nothing, until the next event */
	ROUND_GATHER,	   /* GATHERED */
	ROUND_PLAN,	   /* PLANNED or NOT_PLANNED */
	ROUND_CHECK,	   /* FITS, LACKS_ROOM, or NOT_PUBLISHED */
	ROUND_STORE,	   /* STORED or NOT_STORED */
	ROUND_AWAIT_GRACE, /* with the plan; GRACE_OVER */
	ROUND_AWAIT_ROOM,  /* without the plan; GRACE_OVER */
	ROUND_RECONCILE,   /* RECONCILED */
	ROUND_PUBLISH,	   /* PUBLISHED, LACKS_ROOM or NOT_PUBLISHED */
	ROUND_SETTLE,	   /* tell that it is published; TOLD */
	ROUND_PASS,	   /* the plan changes nothing: drop it; TOLD */
	ROUND_GIVE_UP,	   /* TOLD */
	ROUND_OVERRULE,	   /* TOLD */
};

/* What a step looks at beside the stage and the event. */
struct round_conditions {
	bool is_stored;		  /* what is staged is on disk, or need not be */
	bool is_unchanged;	  /* the plan is what is published already */
	bool has_idle_generation; /* that no packet reads any more */
	bool may_get_room;	  /* a grace period, or sweeps, make something reusable */
	bool is_reconciled;	  /* false: a predecessor's image is published, and not ours yet */
	bool has_more;		  /* the desired state or the facts are newer than the round */
};

struct round_step {
	enum round_stage stage;
	enum round_action action;
};

/* An event that means nothing in a stage leaves the stage, and asks for REST. */
struct round_step round_step(enum round_stage stage, enum round_event event,
			     const struct round_conditions *conditions);

/* While a plan is held, the flow table is not swept. The plan counts the sweeps after which a
 * removed backend's ordinal is free; until the plan is published, packets still use that ordinal.
 */
bool round_holds_plan(enum round_stage stage);

const char *round_stage_name(enum round_stage stage);

#endif
