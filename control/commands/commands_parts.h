/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of commands share. */
#ifndef CAROM_COMMANDS_PARTS_H
#define CAROM_COMMANDS_PARTS_H

#include "capture.h"
#include "commands.h"
#include "commands_setup.h"
#include "engine.h"
#include "explain.h"
#include "following.h"
#include "grace.h"
#include "ledger.h"
#include "next_hops.h"
#include "nexthop.h"
#include "plan.h"
#include "planning.h"
#include "publish.h"
#include "writes.h"

struct commands {
	uv_loop_t *loop;
	struct dataplane *dataplane;
	struct publish *publish;
	struct publish *former; /* whose flows are still to be inherited; NULL: none */
	struct nexthop *nexthop;
	struct grace *grace;
	struct explain *explain;
	struct capture *capture;
	struct commands_capture *capturing; /* commands_capture.c's; NULL: none is on */
	commands_published *first_published;
	void *first_context;

	/* The desired state, the one on its way from there, and the one that the data plane
	 * follows. */
	struct config *desired;
	struct config *staged; /* NULL: none is on its way */
	struct config *published;
	struct config *followed_desired, *followed_published; /* next_hops.c's */
	uint64_t revision;				      /* of desired */
	uint64_t last_revision;				      /* that was ever given */
	uint64_t staged_revision;
	uint64_t published_revision; /* 0: nothing is published yet */
	bool next_hops_changed;
	bool stopping;

	struct commands_waiting waiting[COMMANDS_WAITING_MAX];
	size_t waiting_count;

	struct drain *drains; /* under way; commands_drain.c's */
	size_t drain_count;
	struct watch *watches; /* commands_watch.c's */
	size_t watch_count;
	struct subscriber *subscribers; /* commands_events.c's */
	size_t subscriber_count;
	uint64_t told_revision; /* that subscribers know */
	uv_timer_t waits;	/* commands_waits.c's */
	bool nobody_waits;	/* from here on */

	/* A commit is wanted: not before the loop has taken in what is there, and, while new next
	 * hops are being asked for, not before they answered or the deadline is over. */
	bool commit_wanted;
	size_t unresolved_tolerated;
	uint64_t commit_deadline_ms;
	uv_check_t commit_check;
	uv_idle_t commit_idle; /* keeps the loop from sleeping before the check */
	uv_timer_t tick;
	uv_timer_t deadline;
	uv_poll_t nexthop_poll;

	/* What was published; what the desired state has gone through since it was staged; and what
	 * is staged. Each has the newest last. */
	struct revisions *history; /* borrowed */
	struct revisions *pending, *staged_revisions;

	struct store *store;	/* borrowed; NULL: nothing is stored */
	struct revision stored; /* the last one, with a reference to its config; 0: none */
	uv_work_t store_work;
	bool store_runs;
	struct error store_error;
	struct store_state store_state; /* as of the end of the last write */
	struct commands_refusal refusal;

	struct plan plan;	  /* of what is staged; without an image: none. planning.c's */
	bool plan_took_next_hops; /* that had changed */
	uv_work_t fill_work;
	bool fill_runs;
	struct error fill_error;

	uv_work_t grace_work;
	bool grace_runs;
	uint64_t grace_epoch;
	struct error grace_error;

	struct attachment *attachments;
	size_t attachment_count;
	uint64_t started_ms;
	uint32_t clock_at_start; /* of the flow table, in seconds */
};

/* The desired state that reads show. Borrowed. */
struct config *commands_shown(const struct commands *commands);

/* ---- commands_write.c ---- */

void commands_set_state(struct commands *commands, const char *vip, const char *backend,
			enum config_state state, const struct commands_write *write);

/* ---- commands_drain.c ---- */

/* Answers the drains that have ended. After each sweep, and when one's time is over. */
void commands_look_at_drains(struct commands *commands);
/* The earliest time at which one's wait is over, or COMMANDS_NO_DEADLINE. */
uint64_t commands_drain_deadline(const struct commands *commands);

/* ---- commands_watch.c ---- */

/* Answers the watches that have ended. After each publication, now and then, and when one's time is
 * over. */
void commands_look_at_watches(struct commands *commands);
uint64_t commands_watch_deadline(const struct commands *commands); /* likewise */

/* ---- commands_waits.c ---- */

#define COMMANDS_NO_DEADLINE UINT64_MAX

void commands_waits_start(struct commands *commands);
/* To be told of each new deadline; on the loop's clock. */
void commands_waits_note(struct commands *commands, uint64_t deadline_ms);
void commands_waits_stop(struct commands *commands);

/* ---- commands_events.c ---- */

/* Tells the subscribers what is published, if it is another revision. */
void commands_tell_subscribers(struct commands *commands);
void commands_keep_subscribers(struct commands *commands);
void commands_end_subscribers(struct commands *commands);

/* ---- commands_forecast.c ---- */

/* What publishing this desired state would do. A new reference; NULL on failure, described. */
json_t *commands_forecast(const struct commands *commands, const struct config *desired,
			  struct error *ret_error);

#endif
